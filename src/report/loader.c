/* The kernel has loaded the loader where AT_BASE says.  It stays there as long as the process
 * lives, so it is looked for once.  Under the lock of reports. */
#include "report/loader.h"

#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/bits.h"

static struct {
    bool known;
    uintptr_t low, high; /* of its code; equal: there is none */
} loader PRIVATE_DATA;

static int find(struct dl_phdr_info *module, size_t size, void *argument)
{
    const uintptr_t *base = argument;
    (void)size;
    if (module->dlpi_addr != *base)
        return 0;
    for (int i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &module->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
            continue;
        loader.low = module->dlpi_addr + p->p_vaddr;
        loader.high = loader.low + p->p_memsz;
    }
    return 1;
}

void loader_look(void)
{
    uintptr_t base = getauxval(AT_BASE);
    if (loader.known)
        return;
    loader.known = true;
    if (base)
        dl_iterate_phdr(find, &base);
    if (loader_has((uintptr_t)strdup))
        loader.high = loader.low;
}

bool loader_has(uintptr_t address)
{
    return address >= loader.low && address < loader.high;
}
