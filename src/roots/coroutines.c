/* Stacks are nodes of a search tree by their low end.  No two stacks overlap. */
#include "roots/coroutines.h"

#include <errno.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/critical.h"
#include "base/debugger.h"
#include "base/lock.h"
#include "base/node_table.h"
#include "heap/lookup.h"

/* Bytes below the stack pointer of gc_stack_switch's caller that it may use before it
 * changes stacks: registers that the switch pushes, and the red zone. */
enum { SWITCH_ZONE = 256 };

struct stack {
    struct treap_links links;
    struct range range;
    /* Of the present cycle: in the list of those that are hosted by objects of the heap which
     * are not known to be reached, in order of address; 0: none. */
    uint32_t next, previous;
    struct mutator *runner;     /* that said it runs on it; NULL: it is suspended */
    struct departure departure; /* valid while it is suspended or about to run */
};

static bool less(void *table, uint32_t a, uint32_t b);

/* Changed under the lock, in critical sections. */
static struct {
    struct lock lock;
    struct node_table table;
    /* Of the present cycle.  The list of hosted stacks, and those of it between which the last
     * was found that was reached. */
    uint32_t first, below, above;
    size_t looked_at; /* stacks of that list, since the start */
} stacks PRIVATE_DATA = {.table = NODE_TABLE(stacks.table, struct stack, less)};

DEBUGGER_TABLE = {
    DEBUGGER_VARIABLE("stacks.table", stacks.table),
    DEBUGGER_SIZE(stack),
    DEBUGGER_FIELD(stack, links),
    DEBUGGER_FIELD(stack, range),
    DEBUGGER_FIELD(stack, runner),
    DEBUGGER_FIELD(stack, departure.sp),
    DEBUGGER_FIELD(stack, departure.registers),
    DEBUGGER_NUMBER(SWITCH_ZONE),
};

static struct stack *stack_at(uint32_t node)
{
    return (struct stack *)stacks.table.nodes + node;
}

static uint32_t node_of(const struct stack *s)
{
    return (uint32_t)(s - stack_at(0));
}

static bool less(void *table, uint32_t a, uint32_t b)
{
    (void)table;
    return stack_at(a)->range.low < stack_at(b)->range.low;
}

/* The last stack that begins at the address or below it. */
static struct stack *find_last(uintptr_t address)
{
    struct stack *found = NULL;
    uint32_t node = stacks.table.tree.root;
    while (node) {
        struct stack *s = stack_at(node);
        bool below = s->range.low <= address;
        found = below ? s : found;
        node = below ? s->links.right : s->links.left;
    }
    return found;
}

static struct stack *find_around(uintptr_t address)
{
    struct stack *s = find_last(address);
    return s && address < s->range.high ? s : NULL;
}

static struct stack *find_low(uintptr_t low)
{
    struct stack *s = low ? find_last(low) : NULL;
    return s && s->range.low == low ? s : NULL;
}

/* Records of threads stay in memory when these have ended. */
static bool runs(const struct stack *s)
{
    const struct mutator *m = s->runner;
    return m && thread_lives(m) && m->coroutine == s->range.low;
}

static void lock(void)
{
    critical_take(&stacks.lock, RANK_ROOTS);
}

static void unlock(void)
{
    critical_release(&stacks.lock, RANK_ROOTS);
}

/* ---- Registering ------------------------------------------------------------------- */

static int add(struct range r)
{
    lock_check_held(RANK_ROOTS);
    const struct stack *before = find_last(r.high - 1);
    if (before && before->range.high > r.low)
        return EINVAL;
    uint32_t node = node_table_make(&stacks.table);
    if (!node)
        return ENOMEM;
    *stack_at(node) = (struct stack){.range = r};
    node_table_insert(&stacks.table, node);
    return 0;
}

int coroutine_register(struct range r)
{
    if (!r.low || r.low >= r.high)
        return EINVAL;
    lock();
    int error = add(r);
    unlock();
    return error;
}

static int take_off(struct stack *s)
{
    lock_check_held(RANK_ROOTS);
    if (!s)
        return EINVAL;
    if (runs(s))
        return EBUSY;
    node_table_remove(&stacks.table, node_of(s));
    return 0;
}

int coroutine_unregister(uintptr_t low)
{
    lock();
    int error = take_off(find_low(low));
    unlock();
    return error;
}

/* ---- Switching ----------------------------------------------------------------------- */

static bool contains(struct range r, uintptr_t address)
{
    return address >= r.low && address < r.high;
}

/* A stack that is left from elsewhere counts whole. */
static void depart(struct departure *to, struct range stack, const struct departure *left)
{
    *to = contains(stack, left->sp) ? *left : (struct departure){.sp = 0};
}

static void leave(struct mutator *m, const struct departure *left)
{
    struct stack *s = find_low(m->coroutine);
    if (!m->coroutine) {
        depart(&m->departure, (struct range){m->stack_low, m->stack_high}, left);
    } else if (s && s->runner == m) {
        depart(&s->departure, s->range, left);
        s->runner = NULL;
    }
    m->left = m->coroutine;
}

static int change(struct mutator *m, uintptr_t low, const struct departure *left)
{
    lock_check_held(RANK_ROOTS);
    struct stack *to = find_low(low);
    if (low == m->coroutine && (!low || (to && to->runner == m)))
        return 0;
    if (low && !to)
        return EINVAL;
    if (to && runs(to))
        return EBUSY;
    leave(m, left);
    if (to && to->runner) /* it ran to the end of its thread */
        to->departure.sp = 0;
    if (to)
        to->runner = m;
    m->coroutine = low;
    return 0;
}

int coroutine_switch(struct mutator *m, uintptr_t low, const struct departure *left)
{
    lock();
    int error = change(m, low, left);
    unlock();
    return error;
}

/* ---- For collections ------------------------------------------------------------------ */

bool coroutine_around(uintptr_t address, struct range *found)
{
    if (!stacks.table.tree.root)
        return false;
    lock();
    const struct stack *s = find_around(address);
    if (s)
        *found = s->range;
    unlock();
    return s != NULL;
}

void departure_add(const struct departure *d, struct range stack, struct range_list *l)
{
    uintptr_t low = stack.low;
    if (d->sp - stack.low > SWITCH_ZONE && contains(stack, d->sp))
        low = d->sp - SWITCH_ZONE;
    range_list_add(l, low, stack.high);
    if (d->sp)
        range_list_add(l, (uintptr_t)d->registers, (uintptr_t)(d->registers + REGISTERS));
}

static void add_stack(const struct stack *s, struct range_list *l)
{
    if (s->runner)
        range_list_add(l, s->range.low, s->range.high);
    else
        departure_add(&s->departure, s->range, l);
}

/* What a walk over the stacks is for. */
struct walk {
    const struct heap *heap;
    struct range_list *list;
    size_t hosted;
    uint32_t last; /* of the list of hosted stacks */
};

static void add_hosted(struct walk *w, uint32_t node)
{
    *(w->last ? &stack_at(w->last)->next : &stacks.first) = node;
    stack_at(node)->previous = w->last;
    stack_at(node)->next = 0;
    w->last = node;
    w->hosted++;
}

static void add_suspended(void *argument, uint32_t node)
{
    struct walk *w = argument;
    struct stack *s = stack_at(node);
    if (runs(s))
        return;
    if (lookup_owns(w->heap, s->range.low))
        add_hosted(w, node);
    else
        add_stack(s, w->list);
}

/* Ranges that one stack adds, at most. */
enum { RANGES_OF_STACK = 2 };

void coroutine_add_suspended(const struct heap *h, struct range_list *l)
{
    lock_check_held(RANK_WORLD);
    struct walk w = {.heap = h, .list = l};
    stacks.first = stacks.below = 0;
    if (stacks.table.tree.root)
        treap_walk(&stacks.table.tree, add_suspended, &w);
    stacks.above = stacks.first;
    range_list_reserve(l, w.hosted * RANGES_OF_STACK);
}

static bool is_reached(const struct heap *h, const struct stack *s)
{
    struct cell o = lookup_cell(h, s->range.low);
    return o.state && *o.state == h->numbers->mark;
}

/* Takes a stack out of the list of hosted ones.  The next search begins where it was. */
static void take_out(const struct stack *s)
{
    *(s->previous ? &stack_at(s->previous)->next : &stacks.first) = s->next;
    if (s->next)
        stack_at(s->next)->previous = s->previous;
    stacks.below = s->previous;
    stacks.above = s->next;
}

/* One that is not reached costs as much as one that is, so a search that has found some ends
 * after so many in vain; it is followed by another one. */
enum { IN_VAIN = 32 };

/* Searches both ways from where the last stack was found: coroutines that call each other
 * were made one after the other, and lie in the order of their making or in the opposite
 * one. */
bool coroutine_add_reached(const struct heap *h, struct range_list *l)
{
    lock_check_held(RANK_WORLD);
    uint32_t below = stacks.below, above = stacks.above;
    size_t found = 0, in_vain = 0;
    for (bool up = true; below || above; up = !up) {
        uint32_t node = (up && above) || !below ? above : below;
        const struct stack *s = stack_at(node);
        *(node == above ? &above : &below) = node == above ? s->next : s->previous;
        stacks.looked_at++;
        if (!is_reached(h, s)) {
            if (in_vain++ >= IN_VAIN + found && found > 0)
                break;
            continue;
        }
        take_out(s);
        add_stack(s, l);
        found++;
    }
    return found > 0;
}

bool coroutine_any_within(const struct cell *o)
{
    lock_check_held(RANK_WORLD);
    const struct stack *s = find_last(o->address + o->size - 1);
    return s && s->range.high > o->address;
}

/* From the last one down. */
void coroutine_add_within(const struct cell *o, struct range_list *l)
{
    lock_check_held(RANK_WORLD);
    const struct stack *s = find_last(o->address + o->size - 1);
    for (; s && s->range.low >= o->address; s = find_last(s->range.low - 1))
        if (!runs(s))
            add_stack(s, l);
}

void coroutine_drop_unreached(void)
{
    lock_check_held(RANK_WORLD);
    for (uint32_t node = stacks.first, next; node; node = next) {
        next = stack_at(node)->next;
        take_off(stack_at(node));
    }
    stacks.first = stacks.below = stacks.above = 0;
}

size_t coroutine_looked_at(void)
{
    return stacks.looked_at;
}

static bool is_on(uintptr_t low, uintptr_t sp, bool on_own)
{
    const struct stack *s = find_low(low);
    return low ? s && contains(s->range, sp) : on_own;
}

enum whereabouts coroutine_whereabouts(const struct mutator *m, uintptr_t sp, bool on_own)
{
    lock();
    bool there = is_on(m->coroutine, sp, on_own), leaving = is_on(m->left, sp, on_own);
    unlock();
    return there ? THERE : leaving ? LEAVING : ELSEWHERE;
}

void coroutine_add_running(const struct mutator *m, enum whereabouts where,
                           struct range_list *l)
{
    lock_check_held(RANK_WORLD);
    const struct stack *to = find_low(m->coroutine), *from = find_low(m->left);
    if (where == LEAVING && to)
        departure_add(&to->departure, to->range, l);
    if (where == ELSEWHERE && to)
        range_list_add(l, to->range.low, to->range.high);
    if (where == ELSEWHERE && from)
        range_list_add(l, from->range.low, from->range.high);
}

/* ---- Checking --------------------------------------------------------------------------- */

static void check_node(void *argument, uint32_t node)
{
    uintptr_t *end = argument;
    const struct stack *s = stack_at(node);
    CHECK(s->range.low >= *end);
    CHECK(s->range.low < s->range.high);
    *end = s->range.high;
}

/* The stack that a thread has said it runs on cannot have been taken off. */
static void check_runner(const struct mutator *m)
{
    const struct stack *s = find_low(m->coroutine);
    CHECK(!m->coroutine || (s && s->runner == m));
}

void coroutine_check(void)
{
    uintptr_t end = 0;
    if (stacks.table.tree.root)
        treap_walk(&stacks.table.tree, check_node, &end);
    node_table_check(&stacks.table);
    for (MUTATORS(m))
        if (thread_lives(m))
            check_runner(m);
}
