/* Touches memory and gives it back, so that the next program meets memory that is there.
 * A virtual machine may have returned free memory to its host, huge pages first; then who
 * happens to ask for huge pages pays for the host's work, up to half of a run.
 *
 * usage: warm MIB */
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

int main(int argc, char **argv)
{
    size_t bytes = argc == 2 ? strtoull(argv[1], NULL, 10) << 20 : 0;
    char *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return 1;
    madvise(memory, bytes, MADV_HUGEPAGE);
    for (size_t i = 0; i < bytes; i += PAGE)
        memory[i] = 1;
    return 0;
}
