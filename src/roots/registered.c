/* Ranges are nodes of a search tree by (low, high); callbacks are nodes of another one by
 * (function, data, number), and of a list in the order in which they were added. */
#include "roots/registered.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/critical.h"
#include "base/debugger.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/node_table.h"
#include "world/stop.h"
#include "world/thread.h"

struct root {
    struct treap_links links;
    struct range range;
    size_t times; /* added, less removed */
};

struct callback {
    struct treap_links links;
    uint32_t next, previous; /* in order; 0: none */
    void (*mark)(void *data);
    void *data;
    uint64_t number; /* rises from one to the next */
};

static bool less(void *table, uint32_t a, uint32_t b);
static bool callback_less(void *table, uint32_t a, uint32_t b);

/* Changed under the lock; read while the world is stopped. */
static struct {
    struct lock lock;
    struct node_table ranges, callbacks;
    uint32_t first, last; /* in order */
    uint64_t numbers;     /* given so far */
    bool running; /* the callbacks: on the thread that has the world lock.  Atomic */
} registered PRIVATE_DATA = {
    .ranges = NODE_TABLE(registered.ranges, struct root, less),
    .callbacks = NODE_TABLE(registered.callbacks, struct callback, callback_less),
};

DEBUGGER_TABLE = {
    DEBUGGER_VARIABLE("registered.ranges", registered.ranges),
    DEBUGGER_VARIABLE("registered.first", registered.first),
    DEBUGGER_SIZE(root),
    DEBUGGER_FIELD(root, links),
    DEBUGGER_FIELD(root, range),
};

static struct root *root_at(uint32_t node)
{
    return (struct root *)registered.ranges.nodes + node;
}

static struct callback *callback_at(uint32_t node)
{
    return (struct callback *)registered.callbacks.nodes + node;
}

static bool less(void *table, uint32_t a, uint32_t b)
{
    (void)table;
    struct range x = root_at(a)->range, y = root_at(b)->range;
    return x.low < y.low || (x.low == y.low && x.high < y.high);
}

static uint32_t find(struct range r)
{
    uint32_t node = registered.ranges.tree.root;
    while (node) {
        const struct root *n = root_at(node);
        if (r.low == n->range.low && r.high == n->range.high)
            return node;
        bool left =
            r.low < n->range.low || (r.low == n->range.low && r.high < n->range.high);
        node = left ? n->links.left : n->links.right;
    }
    return 0;
}

static void lock(void)
{
    critical_take(&registered.lock, RANK_ROOTS);
}

/* Sets errno if there is an error number. */
static int unlock(int error)
{
    critical_release(&registered.lock, RANK_ROOTS);
    return error ? errno = error, -1 : 0;
}

/* Between gc_blocking_begin and gc_blocking_end no stop waits for the thread: a collection
 * may be reading what it would change. */
static bool is_blocking(void)
{
    return thread_self && thread_self->blocking;
}

bool registered_callback_calls(void)
{
    static bool said PRIVATE_DATA;
    if (!__atomic_load_n(&registered.running, __ATOMIC_RELAXED) || !world_is_mine())
        return false;
    if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        log_line("a root callback called a function other than gc_mark_range: it failed, "
                 "as the program stands still meanwhile; have it only name memory");
    return true;
}

/* The tables of roots may not be changed now by the calling thread. */
static bool is_busy(void)
{
    return is_blocking() || registered_callback_calls() || thread_shut > 0;
}

static int add(struct range r)
{
    lock_check_held(RANK_ROOTS);
    uint32_t node = find(r);
    if (node) {
        root_at(node)->times++;
        return 0;
    }
    node = node_table_make(&registered.ranges);
    if (!node)
        return ENOMEM;
    *root_at(node) = (struct root){.range = r, .times = 1};
    node_table_insert(&registered.ranges, node);
    return 0;
}

int gc_root_add(void *low, void *high)
{
    struct range r = {(uintptr_t)low, (uintptr_t)high};
    if (r.high < r.low)
        return errno = EINVAL, -1;
    if (is_busy())
        return errno = EBUSY, -1;
    lock();
    return unlock(add(r));
}

static int remove_range(struct range r)
{
    lock_check_held(RANK_ROOTS);
    uint32_t node = find(r);
    if (!node)
        return EINVAL;
    if (--root_at(node)->times > 0)
        return 0;
    node_table_remove(&registered.ranges, node);
    return 0;
}

int gc_root_remove(void *low, void *high)
{
    if (is_busy())
        return errno = EBUSY, -1;
    lock();
    return unlock(remove_range((struct range){(uintptr_t)low, (uintptr_t)high}));
}

static bool precedes(const struct callback *a, const struct callback *b)
{
    if (a->mark != b->mark)
        return (uintptr_t)a->mark < (uintptr_t)b->mark;
    if (a->data != b->data)
        return (uintptr_t)a->data < (uintptr_t)b->data;
    return a->number < b->number;
}

static bool callback_less(void *table, uint32_t a, uint32_t b)
{
    (void)table;
    return precedes(callback_at(a), callback_at(b));
}

/* The one that was added last of those with this function and data; 0: none. */
static uint32_t find_callback(void (*mark)(void *data), void *data)
{
    struct callback wanted = {.mark = mark, .data = data, .number = UINT64_MAX};
    uint32_t node = registered.callbacks.tree.root, found = 0;
    while (node) {
        const struct callback *c = callback_at(node);
        bool before = precedes(c, &wanted);
        found = before ? node : found;
        node = before ? c->links.right : c->links.left;
    }
    bool equal =
        found && callback_at(found)->mark == mark && callback_at(found)->data == data;
    return equal ? found : 0;
}

static int add_callback(void (*mark)(void *data), void *data)
{
    lock_check_held(RANK_ROOTS);
    uint32_t node = node_table_make(&registered.callbacks), last = registered.last;
    if (!node)
        return ENOMEM;
    *callback_at(node) = (struct callback){
        .previous = last, .mark = mark, .data = data, .number = ++registered.numbers};
    *(last ? &callback_at(last)->next : &registered.first) = node;
    registered.last = node;
    node_table_insert(&registered.callbacks, node);
    return 0;
}

int gc_root_callback_add(void (*mark)(void *data), void *data)
{
    if (!mark)
        return errno = EINVAL, -1;
    if (is_busy())
        return errno = EBUSY, -1;
    lock();
    return unlock(add_callback(mark, data));
}

static int remove_callback(void (*mark)(void *data), void *data)
{
    lock_check_held(RANK_ROOTS);
    uint32_t node = find_callback(mark, data);
    if (!node)
        return EINVAL;
    struct callback *c = callback_at(node);
    *(c->previous ? &callback_at(c->previous)->next : &registered.first) = c->next;
    *(c->next ? &callback_at(c->next)->previous : &registered.last) = c->previous;
    node_table_remove(&registered.callbacks, node);
    return 0;
}

int gc_root_callback_remove(void (*mark)(void *data), void *data)
{
    if (is_busy())
        return errno = EBUSY, -1;
    lock();
    return unlock(remove_callback(mark, data));
}

bool registered_ranges(void)
{
    return registered.ranges.tree.root != 0;
}

struct walk {
    void (*visit)(void *argument, struct range r);
    void *argument;
};

static void visit_node(void *argument, uint32_t node)
{
    const struct walk *w = argument;
    w->visit(w->argument, root_at(node)->range);
}

void registered_walk(void (*visit)(void *argument, struct range r), void *argument)
{
    lock_check_held(RANK_ROOTS);
    struct walk w = {visit, argument};
    treap_walk(&registered.ranges.tree, visit_node, &w);
}

void registered_callbacks_run(void)
{
    lock_check_held(RANK_ROOTS);
    __atomic_store_n(&registered.running, true, __ATOMIC_RELAXED);
    for (uint32_t node = registered.first; node; node = callback_at(node)->next)
        callback_at(node)->mark(callback_at(node)->data);
    __atomic_store_n(&registered.running, false, __ATOMIC_RELAXED);
}

static void check_node(void *argument, uint32_t node)
{
    size_t *nodes = argument;
    CHECK(root_at(node)->times > 0);
    ++*nodes;
}

void registered_check(void)
{
    size_t nodes = 0;
    treap_walk(&registered.ranges.tree, check_node, &nodes);
    CHECK(node_table_check(&registered.ranges) == nodes);
    size_t callbacks = 0;
    uint32_t last = 0;
    for (uint32_t node = registered.first; node; node = callback_at(node)->next) {
        CHECK(callback_at(node)->previous == last);
        CHECK(!last || callback_at(last)->number < callback_at(node)->number);
        last = node;
        callbacks++;
    }
    CHECK(last == registered.last);
    CHECK(node_table_check(&registered.callbacks) == callbacks);
}
