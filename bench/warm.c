/* Touches memory and gives it back, so that the next program meets memory that is there.
 * A virtual machine may have returned free memory to its host, huge pages first; then who
 * happens to ask for huge pages pays for the host's work, up to half of a run. */
#include <stddef.h>
#include <sys/mman.h>

enum { BYTES = 160 << 20, PAGE = 4096 };

int main(void)
{
    char *memory =
        mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return 1;
    madvise(memory, BYTES, MADV_HUGEPAGE);
    for (int i = 0; i < BYTES; i += PAGE)
        memory[i] = 1;
    return 0;
}
