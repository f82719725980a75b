/* Finds the parts of stacks that are in use and adds them to a list; it scans none of
 * them.  Where the bounds of a stack cannot be found out, the list says that it is
 * incomplete. */
#include "roots/stack.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/account.h"
#include "base/bits.h"
#include "base/log.h"
#include "base/maps.h"
#include "base/os.h"
#include "heap/lookup.h"
#include "roots/coroutines.h"
#include "world/fast.h"
#include "world/faults.h"
#include "world/fork.h"
#include "world/park.h"
#include "world/self.h"
#include "world/stop.h"
#include "world/systemstack.h"

enum {
    FRAMES_MOST = 100000, /* a walk that goes on longer has lost its way */
    RED_ZONE = 128,       /* bytes below the stack pointer that a leaf function may use */
};

static bool contains(struct range r, uintptr_t address)
{
    return address >= r.low && address < r.high;
}

static struct range own_stack(const struct mutator *m)
{
    return (struct range){m->stack_low, m->stack_high};
}

/* The alternate signal stack, if the thread runs on it.  It may be part of its own. */
static struct range alternate_stack(const struct mutator *m)
{
    return (struct range){m->alternate.low, m->alternate.high};
}

static bool on_own_stack(const struct mutator *m, uintptr_t sp)
{
    return contains(own_stack(m), sp) && !contains(alternate_stack(m), sp);
}

/* Where a stack ends is not to be found out, so the list lacks it, and nothing may be
 * reclaimed. */
static void lacks_stack(struct range_list *l, uintptr_t address)
{
    static bool said; /* atomic */
    l->incomplete = true;
    if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        log_line(
            "the bounds of the stack around %p cannot be found out (is /proc hidden, "
            "are system calls forbidden?): nothing is reclaimed while it is in use",
            (void *)address);
}

struct part {
    uintptr_t within;
    struct range range;
};

static void leave_out(void *argument, uintptr_t low, uintptr_t high)
{
    struct part *p = argument;
    if (low > p->within && low < p->range.high)
        p->range.high = low;
    if (high <= p->within && high > p->range.low)
        p->range.low = high;
}

/* What lies next to a stack may be the heap, or memory of the library's, which has addresses of objects. */
static struct range without_own(const struct heap *h, uintptr_t sp, struct range r)
{
    struct part p = {sp, r};
    account_walk(leave_out, &p);
    leave_out(&p, h->base, h->base + h->bytes);
    leave_out(&p, (uintptr_t)h->numbers,
              (uintptr_t)h->numbers + h->numbers->tables_bytes);
    return p.range;
}

/* The memory that may be one stack: the thread's own, a registered one, an object in the
 * heap, or the mapping around the address. */
static struct range stack_around(const struct heap *h, const struct mutator *t,
                                 uintptr_t sp, struct range_list *l)
{
    if (t && contains(alternate_stack(t), sp))
        return alternate_stack(t);
    if (t && contains(own_stack(t), sp))
        return own_stack(t);
    struct range registered;
    if (coroutine_around(sp, &registered))
        return registered;
    struct cell o = lookup_cell(h, sp);
    if (o.state && *o.state >= STATE_NEW)
        return (struct range){o.address, o.address + o.size};
    struct mapping m;
    enum maps_answer answer = maps_find_joined(sp, &m);
    if (answer == MAPS_FOUND && m.readable)
        return without_own(h, sp, (struct range){m.low, m.high});
    if (answer == MAPS_UNKNOWN)
        return lacks_stack(l, sp), (struct range){sp, sp};
    if (t) /* a foreign thread that was ending may be gone by now, with its stack */
        log_line(
            "the stack around %p is in no mapping that can be read; it is not scanned",
            (void *)sp);
    return (struct range){sp, sp};
}

struct walk {
    const struct heap *heap;
    const struct mutator *thread;
    struct range_list *list;
    struct range current; /* the scanned part of the stack that the last frame was on */
    uintptr_t *pointers;  /* to the stacks entered; STACK_POINTERS of them */
    size_t stacks;
    bool own_seen;
};

static void enter_stack(struct walk *w, uintptr_t sp, size_t red_zone)
{
    w->current = stack_around(w->heap, w->thread, sp, w->list);
    w->current.low = max_size(sp - red_zone, w->current.low);
    w->own_seen |= on_own_stack(w->thread, sp);
    range_list_add(w->list, w->current.low, w->current.high);
    w->pointers[w->stacks++] = sp;
}

static bool first_frame(unw_cursor_t *cursor, unw_context_t *context)
{
    fork_hold_off();
    bool found = unw_init_local(cursor, context) == 0;
    fork_let_go_on();
    return found;
}

static bool next_frame(unw_cursor_t *cursor, unw_word_t *sp)
{
    fork_hold_off();
    bool found = unw_step(cursor) > 0 && unw_get_reg(cursor, UNW_REG_SP, sp) == 0;
    fork_let_go_on();
    return found;
}

/* Follows the frames from here, where libunwind can, to the stacks that they are on, until
 * they come back to the thread's own.  Between two questions to it, as what these stacks
 * are is found out in critical sections. */
static void walk_frames(struct walk *w)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t sp;
    if (unw_getcontext(&context) != 0 || !first_frame(&cursor, &context))
        return;
    for (int i = 0; i < FRAMES_MOST && w->stacks < STACK_POINTERS && !w->own_seen; i++) {
        if (!next_frame(&cursor, &sp))
            return;
        if (!systemstack_holds(w->thread, sp) &&
            (sp < w->current.low || sp > w->current.high))
            enter_stack(w, sp, RED_ZONE);
    }
}

/* All of the thread's own stack that is mapped.  Bounds of 0 were not to be found out when the
 * thread began. */
static void add_own_stack(const struct mutator *t, struct range_list *l)
{
    struct mapping m;
    if (t->stack_high && maps_find_joined(t->stack_high - 1, &m) == MAPS_FOUND)
        range_list_add(l, max_size(m.low, t->stack_low), t->stack_high);
    else
        lacks_stack(l, t->stack_high);
}

/* ---- What handlers have interrupted ------------------------------------------------------------------ */

/* An interrupted stack that nobody has named.  One that was left by siglongjmp may be gone. */
static void add_from(const struct heap *h, const struct mutator *m, uintptr_t sp,
                     struct range_list *l)
{
    if (m && on_own_stack(m, sp))
        return;
    struct range s = stack_around(h, NULL, sp, l);
    if (s.low < s.high)
        range_list_add(l, max_size(sp - RED_ZONE, s.low), s.high);
}

/* Contexts on an alternate stack, from `at` on: each is known by the bounds of that stack, which it has. */
struct contexts {
    struct range stack;
    uintptr_t at;
    uintptr_t sp; /* that the next one has, on another stack; 0: there is none */
};

READS_ANYTHING static void find_context(void *argument)
{
    struct contexts *c = argument;
    for (c->sp = 0; c->at + sizeof(ucontext_t) <= c->stack.high && !c->sp;
         c->at += sizeof(uintptr_t)) {
        const ucontext_t *u = (const ucontext_t *)c->at;
        bool is_one = (uintptr_t)u->uc_stack.ss_sp == c->stack.low &&
                      u->uc_stack.ss_size == c->stack.high - c->stack.low;
        if (is_one && !contains(c->stack, fast_stack_pointer(u)))
            c->sp = fast_stack_pointer(u);
    }
}

static void add_noted(const struct heap *h, const struct mutator *m,
                      const struct interruptions *i, struct range_list *l)
{
    for (unsigned n = 0; i && n < i->count && n < INTERRUPTIONS_MOST; n++)
        add_from(h, m, i->of[n].sp, l);
}

/* The system leaves the context of what it has interrupted on the stack of the handler, which may be one that the
 * library does not know of.  The world is stopped, and faults_try may be used. */
static void add_interrupted(const struct heap *h, const struct mutator *m,
                            struct range alternate, uintptr_t sp,
                            const struct interruptions *i, struct range_list *l)
{
    struct contexts c = {alternate, align_up(sp, sizeof(uintptr_t)), 0};
    while (contains(alternate, c.at) &&
           faults_try(find_context, &c, c.at, alternate.high) && c.sp)
        add_from(h, m, c.sp, l);
    add_noted(h, m, i, l);
}

void stack_snapshot(const struct heap *h, struct mutator *m, uintptr_t sp,
                    uintptr_t pointers[STACK_POINTERS], struct range_list *l)
{
    struct walk w = {.heap = h, .thread = m, .list = l, .pointers = pointers};
    enter_stack(&w, sp, 0);
    if (w.own_seen)
        return;
    if (!coroutine_used(m) || coroutine_whereabouts(m, sp, false) == ELSEWHERE)
        walk_frames(&w);
    if (!w.own_seen && !coroutine_used(m))
        add_own_stack(m, l);
    add_noted(h, m, m->interruptions, l);
    range_list_add(l, (uintptr_t)pointers, (uintptr_t)(pointers + w.stacks));
}

/* Its own stack, which it is not on: as it left it, where it does not come from a stack
 * that nobody has named. */
static void add_left_own_stack(const struct mutator *m, enum whereabouts where,
                               struct range_list *l)
{
    if (where != ELSEWHERE && m->departure.sp)
        departure_add(&m->departure, own_stack(m), l);
    else
        add_own_stack(m, l);
}

void stack_add_left(const struct mutator *m, uintptr_t sp, struct range_list *l)
{
    if (!coroutine_used(m))
        return;
    bool on_own = on_own_stack(m, sp);
    enum whereabouts where = coroutine_whereabouts(m, sp, on_own);
    coroutine_add_running(m, where, l);
    if (!on_own)
        add_left_own_stack(m, where, l);
    else if (m->coroutine && where == THERE)
        departure_add(&m->departure, own_stack(m), l);
}

void stack_add_stopped(const struct heap *h, struct mutator *m, struct range_list *l)
{
    struct range s = stack_around(h, m, m->sp, l);
    range_list_add(l, m->sp, s.high);
    range_list_add(l, (uintptr_t)m->registers, (uintptr_t)(m->registers + REGISTERS));
    stack_add_left(m, m->sp, l);
    if (on_own_stack(m, m->sp))
        return;
    range_list_add(l, (uintptr_t)&m->sp, (uintptr_t)(&m->sp + 1));
    add_interrupted(h, m, alternate_stack(m), m->sp, m->interruptions, l);
    if (!coroutine_used(m))
        add_own_stack(m, l);
}

/* An address on the stack that the system or the C library gave a thread, behind what its functions use; 0: it is
 * not known. */
static uintptr_t stack_end(const struct foreign *t)
{
    if (t->tid == getpid())
        return getauxval(AT_EXECFN);
    return t->pointer;
}

void stack_add_foreign(const struct heap *h, const struct foreign *t, bool sharing,
                       struct range_list *l)
{
    struct range s = stack_around(h, NULL, t->sp, l);
    uintptr_t end = sharing ? 0 : stack_end(t);
    struct mapping m;
    if (s.low < s.high)
        range_list_add(l, max_size(t->sp - RED_ZONE, s.low), s.high);
    add_interrupted(h, NULL, (struct range){t->alternate.low, t->alternate.high}, t->sp,
                    t->interruptions, l);
    if (!end || contains(s, end))
        return;
    if (maps_find_joined(end, &m) == MAPS_FOUND)
        range_list_add(l, without_own(h, end, (struct range){m.low, end}).low, end);
    else
        lacks_stack(l, end);
}
