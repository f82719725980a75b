/* Where the library's memory goes, as <gcalloc/memory.h> has it. */
#include <errno.h>
#include <gcalloc/memory.h>
#include <string.h>

#include "base/account.h"
#include "base/os.h"
#include "heap/contents.h"
#include "heap/heap.h"
#include "heap/sweep_later.h"
#include "mutator/init.h"
#include "world/stop.h"

extern char __start_gcalloc_private[] __attribute__((visibility("hidden")));
extern char __stop_gcalloc_private[] __attribute__((visibility("hidden")));

static void fill_heap(struct gc_memory *m, int file)
{
    struct heap_contents c = heap_contents(&process_heap, file);
    m->kept = c.kept;
    m->fresh = c.fresh;
    m->free_slots = c.free_slots;
    m->reserved = c.reserved;
    m->tails = c.tails;
    m->free_units = c.free_units;
    m->unit_runs = c.unit_runs;
    m->states = c.states;
    m->words = c.words;
    m->descriptors = c.descriptors;
    m->numbers = c.numbers;
    m->types = c.types;
    m->sites = c.sites;
    m->lent = c.lent;
}

/* The variables share their first page, and their last, with others'. */
static size_t variables(int file)
{
    uintptr_t low = (uintptr_t)__start_gcalloc_private;
    uintptr_t high = (uintptr_t)__stop_gcalloc_private;
    size_t page = os_page_bytes();
    size_t held = account_held(file, align_down(low, page), align_up(high, page));
    return min_size(held, high - low);
}

static void fill_own(struct gc_memory *m, int file)
{
    size_t bytes[ACCOUNT_COUNT] = {0};
    account_sum(file, bytes);
    m->caches = bytes[ACCOUNT_CACHES];
    m->threads = bytes[ACCOUNT_THREADS];
    m->roots = bytes[ACCOUNT_ROOTS];
    m->marking = bytes[ACCOUNT_MARKING];
    m->remembered = bytes[ACCOUNT_REMEMBERED];
    m->layouts = bytes[ACCOUNT_LAYOUTS];
    m->meshes = bytes[ACCOUNT_MESHES];
    m->ends = bytes[ACCOUNT_ENDS];
    m->calls = bytes[ACCOUNT_CALLS];
    m->reports = bytes[ACCOUNT_REPORTS];
    m->regions = bytes[ACCOUNT_REGIONS];
    m->stacks = bytes[ACCOUNT_STACKS];
    m->early = bytes[ACCOUNT_EARLY];
    m->other = bytes[ACCOUNT_OTHER];
    m->variables = variables(file);
}

static void add_up(struct gc_memory *m)
{
#define ADD(name, meaning) +m->name
    m->total = 0;
    m->total = 0 GC_MEMORY_FIELDS(ADD);
#undef ADD
}

int gc_stats_memory(struct gc_memory *memory)
{
    struct gc_memory m = {.version = GC_MEMORY_VERSION};
    if (!memory || memory->size < offsetof(struct gc_memory, kept))
        return errno = EINVAL, -1;
    if (!mutator_enter())
        return -1;
    int saved_errno = errno, file = os_pages_open();
    bool taken = world_hold();
    sweep_later(&process_heap, UINT32_MAX);
    fill_heap(&m, file);
    fill_own(&m, file);
    world_let_go(taken);
    os_pages_close(file);
    add_up(&m);
    mutator_leave();
    m.size = (uint32_t)min_size(memory->size, sizeof m);
    memcpy(memory, &m, m.size);
    errno = saved_errno;
    return 0;
}
