/* The kernel has loaded the loader where AT_BASE says.  It stays there as long as the process
 * lives, so it is looked for once.  Under the lock of reports. */
#include "report/loader.h"

#include <string.h>
#include <sys/auxv.h>

#include "base/bits.h"
#include "base/code.h"
#include "base/lock.h"

static struct {
    bool known;
    struct code code;
} loader PRIVATE_DATA;

static int find(struct dl_phdr_info *module, size_t size, void *argument)
{
    const uintptr_t *base = argument;
    (void)size;
    if (module->dlpi_addr != *base)
        return 0;
    loader.code = code_of(module);
    return 1;
}

void loader_look(void)
{
    lock_check_held(RANK_REPORT);
    uintptr_t base = getauxval(AT_BASE);
    if (loader.known)
        return;
    loader.known = true;
    if (base)
        dl_iterate_phdr(find, &base);
    if (loader_has((uintptr_t)strdup))
        loader.code.high = loader.code.low;
}

bool loader_has(uintptr_t address)
{
    return address >= loader.code.low && address < loader.code.high;
}
