#include "roots/stack.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <signal.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/maps.h"
#include "base/os.h"
#include "heap/lookup.h"
#include "world/thread.h"

enum {
    STACKS_MOST = 16, /* handlers on handlers on coroutines: more are not told apart */
    FRAMES_MOST = 100000, /* a walk that goes on longer has lost its way */
    RED_ZONE = 128,       /* bytes below the stack pointer that a leaf function may use */
};

/* Where the frames were, which may be the only pointers to stacks in the heap. */
static uintptr_t stack_pointers[STACKS_MOST] PRIVATE_DATA;

static bool contains(struct range r, uintptr_t address)
{
    return address >= r.low && address < r.high;
}

static struct range own_stack(void)
{
    return (struct range){the_mutator.stack_low, the_mutator.stack_high};
}

/* The alternate signal stack, if the thread runs on it.  It may be part of its own. */
static struct range alternate_stack(void)
{
    stack_t s;
    if (sigaltstack(NULL, &s) != 0 || !(s.ss_flags & SS_ONSTACK))
        return (struct range){0, 0};
    return (struct range){(uintptr_t)s.ss_sp, (uintptr_t)s.ss_sp + s.ss_size};
}

static bool on_own_stack(uintptr_t sp)
{
    return contains(own_stack(), sp) && !contains(alternate_stack(), sp);
}

/* The memory that may be one stack: the thread's own, an object in the heap, or the
 * mapping around the address. */
static struct range stack_around(const struct heap *h, uintptr_t sp)
{
    if (contains(alternate_stack(), sp))
        return alternate_stack();
    if (contains(own_stack(), sp))
        return own_stack();
    const uint8_t *state = lookup_state(h, sp);
    if (state && *state >= STATE_NEW) {
        struct object o = lookup_object(h, state);
        return (struct range){o.address, o.address + o.size};
    }
    struct mapping m;
    if (maps_find(sp, &m) && m.readable)
        return (struct range){m.low, m.high};
    log_line("the stack around %p is in no mapping that can be read; it is not scanned",
             (void *)sp);
    return (struct range){sp, sp};
}

struct walk {
    const struct heap *heap;
    struct range_list *list;
    struct range current; /* the scanned part of the stack that the last frame was on */
    size_t stacks;
    bool own_seen;
};

static void enter_stack(struct walk *w, uintptr_t sp, size_t red_zone)
{
    w->current = stack_around(w->heap, sp);
    w->current.low = max_size(sp - red_zone, w->current.low);
    w->own_seen |= on_own_stack(sp);
    range_list_add(w->list, w->current.low, w->current.high);
    stack_pointers[w->stacks++] = sp;
}

/* Follows the frames from here, where libunwind can, to the stacks that they are on, until
 * they come back to the thread's own. */
static void walk_frames(struct walk *w)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t sp;
    if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0)
        return;
    for (int i = 0; i < FRAMES_MOST && w->stacks < STACKS_MOST && !w->own_seen; i++) {
        if (unw_step(&cursor) <= 0 || unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0)
            return;
        if (sp < w->current.low || sp > w->current.high)
            enter_stack(w, sp, RED_ZONE);
    }
}

/* All of the thread's own stack that is mapped. */
static void add_own_stack(struct range_list *l)
{
    struct mapping m;
    uintptr_t high = the_mutator.stack_high;
    if (maps_find(high - 1, &m))
        range_list_add(l, max_size(m.low, the_mutator.stack_low), high);
}

void stack_snapshot(const struct heap *h, uintptr_t sp, struct range_list *l)
{
    struct walk w = {.heap = h, .list = l};
    enter_stack(&w, sp, 0);
    if (w.own_seen)
        return;
    walk_frames(&w);
    if (!w.own_seen)
        add_own_stack(l);
    range_list_add(l, (uintptr_t)stack_pointers, (uintptr_t)(stack_pointers + w.stacks));
}
