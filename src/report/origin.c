/* The loader looks through the names of all functions before it says which library an address is
 * in: it is asked once for each.  The paths are copies, as another thread may unload the
 * library. */
#include "report/origin.h"

#include <dlfcn.h>
#include <string.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/meta.h"
#include "report/loaded.h"

static struct origin *origins PRIVATE_DATA;

const struct origin *origin_find(Dwfl_Module *module, uintptr_t address)
{
    lock_check_held(RANK_REPORT);
    struct origin *o = origins;
    Dl_info info;
    while (o && o->module != module)
        o = o->next;
    if (o || !loaded_find((void *)address, &info) || !info.dli_fname)
        return o;
    o = meta_alloc(ACCOUNT_REPORTS, sizeof *o + strlen(info.dli_fname) + 1);
    if (!o)
        return NULL;
    o->module = module;
    o->base = (uintptr_t)info.dli_fbase;
    strcpy(o->path, info.dli_fname);
    o->next = origins;
    return origins = o;
}

void origins_forget(void)
{
    lock_check_held(RANK_REPORT);
    for (struct origin *o = origins, *next; o; o = next) {
        next = o->next;
        meta_free(o, sizeof *o + strlen(o->path) + 1);
    }
    origins = NULL;
}

void origins_abandon(void)
{
    origins = NULL;
}
