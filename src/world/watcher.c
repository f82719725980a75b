/* ThreadSanitizer's code is found by the name of its shared library, GCC's libtsan.so.  Clang
 * links it into the program, where it cannot be told from the rest. */
#include "world/watcher.h"

#include <link.h>
#include <string.h>

#include "base/bits.h"

/* Constant once the program's constructors run. */
static struct {
    uintptr_t low, high;
} code PRIVATE_DATA;

UNWATCHED bool watcher_contains(uintptr_t address)
{
    return address >= code.low && address < code.high;
}

static int look_at(struct dl_phdr_info *object, size_t bytes, void *argument)
{
    (void)bytes;
    (void)argument;
    if (!strstr(object->dlpi_name, "tsan"))
        return 0;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
            continue;
        code.low = object->dlpi_addr + segment->p_vaddr;
        code.high = code.low + segment->p_memsz;
    }
    return 1;
}

__attribute__((constructor)) static void find_code(void)
{
    if (GC_TSAN)
        dl_iterate_phdr(look_at, NULL);
}
