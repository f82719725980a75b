/* A bounded queue without a lock: segments in a row, each of whose cells is used once.
 *
 * A cell is empty, then has an object, then is taken; the objects lie in a row, from the first cell that is
 * not taken to the first that is empty.  Each of the two steps is one swap of the cell, which is all that counts:
 * the positions in a segment, and the queue's first and last segment, say only where to look first,
 * lag behind, and are moved on by whoever finds them doing so.  So there is nothing to be repaired after a
 * death, and nothing to wait for.
 *
 * No segment comes again while somebody has its address, as collections wait for brackets: so a swap that
 * succeeds is of what was read.  The link of a segment that is used up is cut, so that one that is kept by
 * mistake does not keep all that came after it. */
#include <errno.h>

#include "region/ipc/ipc.h"

enum { CELLS = 104 }; /* so that a segment takes 1 KiB */

#define TAKEN ((void *)1)

struct segment {
    uint64_t first; /* the place of the first cell in the queue's life */
    /* The next one; the segment itself: it is cut.  Atomic */
    struct segment *next;
    OWN_LINE uint32_t put; /* all cells before it are used.  Atomic */
    OWN_LINE uint32_t got; /* all cells before it are taken.  Atomic */
    OWN_LINE void *cells[CELLS];
};

struct gc_queue {
    uint64_t kind;
    uint64_t capacity;
    struct bell filled;            /* an object has come */
    OWN_LINE struct segment *tail; /* where to put.  Atomic */
    struct bell emptied;           /* an object has gone; beside what getting changes */
    OWN_LINE struct segment *head; /* where to get.  Atomic */
};

/* What a call of gc_queue_put or gc_queue_get is at. */
struct transfer {
    gc_region *region;
    gc_queue *queue;
    void *object;
};

static bool swap_segment(struct segment **place, struct segment *from, struct segment *to)
{
    return __atomic_compare_exchange_n(place, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static bool swap_cell(void **cell, void *from, void *to)
{
    return __atomic_compare_exchange_n(cell, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static struct segment *segment_at(struct segment **place)
{
    return __atomic_load_n(place, __ATOMIC_SEQ_CST);
}

static void *cell_at(void **cell)
{
    return __atomic_load_n(cell, __ATOMIC_SEQ_CST);
}

/* The position, which others may have moved on already, is moved on. */
static void move_on(uint32_t *position, uint32_t from)
{
    __atomic_compare_exchange_n(position, &from, from + 1, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
}

/* The first cell of a segment that is not taken. */
static uint32_t got_of(struct segment *s)
{
    uint32_t got;
    while ((got = __atomic_load_n(&s->got, __ATOMIC_SEQ_CST)) < CELLS &&
           cell_at(&s->cells[got]) == TAKEN)
        move_on(&s->got, got);
    return got;
}

/* The first cell that is empty. */
static uint32_t put_of(struct segment *s)
{
    uint32_t put;
    while ((put = __atomic_load_n(&s->put, __ATOMIC_SEQ_CST)) < CELLS &&
           cell_at(&s->cells[put]))
        move_on(&s->put, put);
    return put;
}

static uint64_t head_place(gc_queue *q)
{
    struct segment *s = segment_at(&q->head);
    return s->first + got_of(s);
}

/* ---- Putting ------------------------------------------------------------------------------------- */

static struct segment *new_segment(gc_region *r, uint64_t first)
{
    struct segment *s = gc_region_alloc_aligned(r, _Alignof(struct segment), sizeof *s);
    if (s)
        s->first = first;
    return s;
}

/* The tail, all of whose cells are used, gets a next one, unless it has one.  false with errno. */
static bool go_on(struct transfer *t, struct segment *tail)
{
    struct segment *next = segment_at(&tail->next);
    if (!next) {
        struct segment *made = new_segment(t->region, tail->first + CELLS);
        if (!made)
            return false;
        if (swap_segment(&tail->next, NULL, made))
            next = made;
        else {
            next = segment_at(&tail->next);
            gc_region_free(t->region, made);
        }
    }
    if (next != tail)
        swap_segment(&t->queue->tail, tail, next);
    return true;
}

/* The queue's end was there when the head was looked for: so it is full if it seems so, and is not too full
 * after the swap. */
static int try_put(void *data)
{
    struct transfer *t = data;
    gc_queue *q = t->queue;
    for (;;) {
        struct segment *s = segment_at(&q->tail);
        uint32_t put = put_of(s);
        int64_t ahead = (int64_t)(s->first + put - head_place(q));
        if (ahead >= 0 && (uint64_t)ahead >= q->capacity)
            return EAGAIN;
        if (put == CELLS) {
            if (!go_on(t, s))
                return errno;
        } else if (swap_cell(&s->cells[put], NULL, t->object)) {
            move_on(&s->put, put);
            bell_ring_one(&q->filled);
            return 0;
        }
    }
}

int gc_queue_put(gc_region *r, gc_queue *q, void *object, int timeout_ms)
{
    struct wait w;
    struct transfer t = {r, q, object};
    struct region_use *u = ipc_use(r, q, IPC_QUEUE);
    if (!u || !region_is_start(r, object) || !wait_begin(&w, u, timeout_ms, q, object))
        return -1;
    return wait_for(&w, &q->emptied, try_put, &t);
}

/* ---- Getting ------------------------------------------------------------------------------------- */

/* The head, all of whose cells are taken, is left for the next one, and cut.  Nobody puts there any more.
 * false: there is no next one. */
static bool leave(gc_queue *q, struct segment *head)
{
    struct segment *next = segment_at(&head->next);
    if (!next)
        return false;
    if (next == head)
        return true;
    swap_segment(&q->tail, head, next);
    if (swap_segment(&q->head, head, next))
        __atomic_store_n(&head->next, head, __ATOMIC_SEQ_CST);
    return true;
}

static int try_get(void *data)
{
    struct transfer *t = data;
    gc_queue *q = t->queue;
    for (;;) {
        struct segment *s = segment_at(&q->head);
        uint32_t got = got_of(s);
        if (got == CELLS) {
            if (!leave(q, s))
                return EAGAIN;
            continue;
        }
        void *object = cell_at(&s->cells[got]);
        if (!object)
            return EAGAIN;
        if (object != TAKEN && swap_cell(&s->cells[got], object, TAKEN)) {
            move_on(&s->got, got);
            t->object = object;
            bell_ring_one(&q->emptied);
            return 0;
        }
    }
}

void *gc_queue_get(gc_region *r, gc_queue *q, int timeout_ms)
{
    struct wait w;
    struct transfer t = {r, q, NULL};
    struct region_use *u = ipc_use(r, q, IPC_QUEUE);
    if (!u || !wait_begin(&w, u, timeout_ms, q, NULL))
        return NULL;
    return wait_for(&w, &q->filled, try_get, &t) == 0 ? t.object : NULL;
}

/* ---- The rest ------------------------------------------------------------------------------------ */

size_t gc_queue_count(gc_region *r, gc_queue *q)
{
    if (!ipc_use(r, q, IPC_QUEUE))
        return 0;
    uint64_t head = head_place(q);
    struct segment *s = segment_at(&q->tail);
    uint64_t tail = s->first + put_of(s);
    return tail > head ? min_size(tail - head, q->capacity) : 0;
}

gc_queue *gc_queue_new(gc_region *r, size_t capacity)
{
    if (!region_is_open(r) || !region_inside(r))
        return NULL;
    if (capacity == 0 || capacity > INT64_MAX)
        return region_fail(EINVAL, "%s: a queue has room for 1 object or more", r->name),
               NULL;
    struct segment *s = new_segment(r, 0);
    gc_queue *q = s ? ipc_new(r, IPC_QUEUE, sizeof *q) : NULL;
    if (!q)
        return NULL;
    q->capacity = capacity;
    q->head = q->tail = s;
    return q;
}
