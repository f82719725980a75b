/* A stretch of address space in parts: some pages for an object, which lies at their end, and a page that is
 * never used.  Pages that hold no living object cannot be used either.  A part comes to another object when
 * all the others that are free have come before it. */
#include "mutator/fence.h"

#include <gcalloc/gcalloc.h>
#include <string.h>
#include <sys/mman.h>

#include "base/account.h"
#include "base/critical.h"
#include "base/meta.h"
#include "base/options.h"
#include "base/os.h"
#include "base/random.h"
#include "base/sys.h"
#include "mutator/fault.h"
#include "mutator/hooks.h"
#include "mutator/pattern.h"

enum {
    PARTS = 2048,   /* each may be two mappings, of which the system allows 65530 */
    DATA_PAGES = 4, /* of a part */
};

static struct {
    uintptr_t low;     /* 0: there are none.  Constant after start, as the sizes are */
    size_t page, part; /* bytes */
    struct fenced
        *objects;     /* by part; each its owner's, but for `lives`, which is atomic */
    struct lock lock; /* of the queue */
    uint16_t queue[PARTS]; /* the free parts, those that were freed first in front */
    uint32_t first, count;
} fence PRIVATE_DATA;

/* So many objects of this thread until the next one; 0: it has had none. */
static __thread uint32_t countdown __attribute__((tls_model("initial-exec")));
static __thread uint64_t random_state __attribute__((tls_model("initial-exec")));

bool fence_has(const void *address)
{
    return UNLIKELY((uintptr_t)address - fence.low < PARTS * fence.part);
}

static uint32_t part_around(uintptr_t address)
{
    return (uint32_t)((address - fence.low) / fence.part);
}

/* Where the page begins at which the objects of a part end. */
static uintptr_t end_of(uint32_t part)
{
    return fence.low + (part + 1) * fence.part - fence.page;
}

/* ---- Allocation ------------------------------------------------------------------------ */

/* From 1 to nearly twice the option, which is the mean: no pattern of the program's meets it always. */
static uint32_t next_turn(void)
{
    uint64_t range = 2 * min_size(options.fence, UINT32_MAX / 2) - 1;
    if (random_state == 0)
        random_state = os_now() ^ (uintptr_t)&random_state;
    return 1 + (uint32_t)(random_next(&random_state) % range);
}

static bool is_turn(void)
{
    if (!fence.low)
        return false;
    if (countdown == 0)
        countdown = next_turn();
    if (--countdown > 0)
        return false;
    countdown = next_turn();
    return true;
}

static bool take_part(uint32_t *part)
{
    critical_take(&fence.lock, RANK_HELD);
    bool some = fence.count > 0;
    if (some) {
        *part = fence.queue[fence.first];
        fence.first = (fence.first + 1) % PARTS;
        fence.count--;
    }
    critical_release(&fence.lock, RANK_HELD);
    return some;
}

static void give_part(uint32_t part)
{
    critical_take(&fence.lock, RANK_HELD);
    fence.queue[(fence.first + fence.count++) % PARTS] = (uint16_t)part;
    critical_release(&fence.lock, RANK_HELD);
}

/* The pages of an object, whole. */
static uintptr_t pages_of(const struct fenced *o)
{
    return align_down(o->address, fence.page);
}

static void *make(uint32_t part, size_t size, enum kind kind, uint32_t stack)
{
    struct fenced *o = &fence.objects[part];
    uintptr_t end = end_of(part), address = end - align_up(max_size(size, 1), GRANULE);
    uintptr_t pages = align_down(address, fence.page);
    if (!os_commit((void *)pages, end - pages))
        return NULL;
    if (!(kind & KIND_ATOMIC) &&
        gc_root_add((void *)address, (void *)(address + size)) != 0) {
        sys_protect((void *)pages, end - pages, PROT_NONE);
        return NULL;
    }
    *o = (struct fenced){address, size, stack, 0, call_family, false};
    memset((char *)address + size, PATTERN_CANARY, end - address - size);
    __atomic_store_n(&o->lives, true, __ATOMIC_RELEASE);
    return (void *)address;
}

void *fence_alloc(size_t size, enum kind kind, struct call call)
{
    uint32_t part;
    if (!is_turn() || !(kind & KIND_MANUAL) || size == 0 ||
        size > DATA_PAGES * fence.page || !take_part(&part))
        return NULL;
    void *object = make(part, size, kind, capture_call(call, OPTION_NOW(depth)));
    if (!object)
        give_part(part);
    return object;
}

/* ---- Freeing ------------------------------------------------------------------------------ */

static void check_end(const struct fenced *o, struct call call)
{
    struct fault f = {
        .kind = FAULT_OVERFLOW,
        .address = o->address,
        .bytes = o->size,
        .allocated = o->allocated,
        .function = call_name_of_free(),
        .call = call,
    };
    size_t end = end_of(part_around(o->address)) - o->address;
    struct pattern_look l = {&f, o->size, end, PATTERN_CANARY, false};
    if (!options.canary)
        return;
    pattern_look(&l);
    if (l.spoilt)
        report_hooks.fault(&f);
}

static void check_family(const struct fenced *o, struct call call)
{
    struct fault f = {
        .kind = FAULT_MISMATCH,
        .address = o->address,
        .bytes = o->size,
        .allocated = o->allocated,
        .family = o->family,
        .function = call_name_of_free(),
        .call = call,
    };
    if (options.mismatch && o->family != call_family)
        report_hooks.fault(&f);
}

void fence_free(void *object, struct call call)
{
    uint32_t part = part_around((uintptr_t)object);
    struct fenced *o = &fence.objects[part];
    if (o->address != (uintptr_t)object ||
        !__atomic_exchange_n(&o->lives, false, __ATOMIC_ACQ_REL))
        return report_hooks.bad_pointer(call_name_of_free(), object);
    check_end(o, call);
    check_family(o, call);
    o->freed = capture_call(call, OPTION_NOW(depth));
    gc_root_remove(object, (char *)object + o->size);
    uintptr_t pages = pages_of(o);
    size_t bytes = end_of(part) - pages;
    if (os_decommit((void *)pages, bytes) < bytes) /* the program has locked them */
        memset((void *)pages, 0, bytes);
    sys_protect((void *)pages, bytes, PROT_NONE);
    give_part(part);
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* Where a part has had no object, what lies before it may have been overrun. */
bool fence_find(const void *address, struct fenced *f)
{
    if (!fence_has(address))
        return false;
    uint32_t part = part_around((uintptr_t)address);
    if (!fence.objects[part].address && part > 0)
        part--;
    *f = fence.objects[part];
    return f->address != 0;
}

size_t fence_size(const void *object)
{
    struct fenced f;
    return fence_find(object, &f) && f.lives && f.address == (uintptr_t)object ? f.size
                                                                               : 0;
}

void fence_begin(void)
{
    if (!options.fence)
        return;
    size_t page = os_page_bytes(), part = (DATA_PAGES + 1) * page;
    fence.objects = meta_alloc(ACCOUNT_OTHER, PARTS * sizeof *fence.objects);
    void *low = fence.objects ? os_reserve(PARTS * part, page) : NULL;
    if (!low)
        return;
    account_add(ACCOUNT_OTHER, low, PARTS * part);
    fence.page = page;
    fence.part = part;
    for (uint32_t i = 0; i < PARTS; i++)
        fence.queue[i] = (uint16_t)i;
    fence.count = PARTS;
    fence.low = (uintptr_t)low;
}
