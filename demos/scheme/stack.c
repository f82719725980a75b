/* The stack, a small buffer that holds the innermost frames.  Frames move to the heap when it is
 * full or a continuation is captured, and come back a few at a time when they are returned to; so
 * recursion is limited by memory, and each frame is copied once however often continuations are
 * captured above it. */
#include "control.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_WORDS ((size_t)32768)
/* What a run that is nested in another finds free at least. */
#define RUN_WORDS ((size_t)4096)
/* Above the limit: for headers and arguments that are there before a limit is checked. */
#define SLACK_WORDS 64
/* So many words come back from the heap at once, if there are as many. */
#define REFILL_WORDS 128

size_t depth_most;

static value *buffer_new(size_t words)
{
    return allocate_atomic(words * sizeof(value));
}

/* ---- What the collector sees ------------------------------------------------------ */

/* Has the stores before it come before those after it, for a collector that stops this thread in between. */
static void order_stores(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

void stack_hold(value *low, value *high)
{
    vm.held.high = NULL;
    order_stores();
    vm.held.low = low;
    order_stores();
    vm.held.high = high;
    order_stores();
}

void stack_release(void)
{
    order_stores();
    vm.held.high = NULL;
}

static void hide_stack(void)
{
    vm.now.top = NULL;
    order_stores();
}

static void show_stack(value *top)
{
    order_stores();
    vm.now.top = top;
}

/* Another thread interrupts by setting the flag first and the limit then. */
static void set_limit(value *limit)
{
    vm.now.limit = limit;
    atomic_thread_fence(memory_order_seq_cst);
    if (vm.interrupted)
        vm.now.limit = NULL;
}

void activation_set(const struct activation *next)
{
    struct activation hidden = *next;
    hidden.top = NULL;
    hide_stack();
    vm.now = hidden;
    show_stack(next->top);
    set_limit(next->end ? next->end - SLACK_WORDS : NULL);
}

/* ---- Parts of the stack ------------------------------------------------------------ */

/* The part of the stack at [base, end) holds nothing but the header below all frames. */
static void stack_use(value *base, value *end)
{
    hide_stack();
    vm.now.base = base;
    vm.now.end = end;
    set_limit(end - SLACK_WORDS);
    frame_header(stack_bottom(), underflow, underflow->code->ops, base);
}

void stack_begin(size_t size)
{
    value *base = vm.now.top, *end = vm.now.end;
    size += 2 * FRAME_HEADER + SLACK_WORDS;
    size_t need = size < RUN_WORDS ? RUN_WORDS : size;
    if (!base || (size_t)(end - base) < need) {
        need = size < BUFFER_WORDS ? BUFFER_WORDS : size;
        base = buffer_new(need);
        end = base + need;
    }
    stack_hold(vm.now.base, vm.now.top);
    stack_use(base, end);
    vm.now.rest.segment = NULL;
    vm.now.fp = stack_bottom() + FRAME_HEADER;
    frame_header(vm.now.fp, halt, halt->code->ops, stack_bottom());
    show_stack(base + size - SLACK_WORDS);
}

/* Continues in another buffer with `size` words or more. */
static void stack_replace(size_t size)
{
    value *old = vm.now.base;
    size_t used = (size_t)(vm.now.top - old), fp = (size_t)(vm.now.fp - old);
    size_t words = 2 * (size + used + SLACK_WORDS);
    if (words < BUFFER_WORDS)
        words = BUFFER_WORDS;
    value *base = buffer_new(words);
    memcpy(base, old, used * sizeof *base);
    stack_hold(old, old + used);
    stack_use(base, base + words);
    vm.now.fp = base + fp;
    show_stack(base + used);
    stack_release();
}

/* A program that recurses without end is to hear of it before memory is full. */
static void check_recursion(size_t depth)
{
    if (depth <= depth_most) {
        vm.overdrawn = false;
    } else if (!vm.overdrawn || depth > depth_most + depth_most / 8) {
        vm.overdrawn = true;
        fail("recursion too deep");
    }
}

static struct segment *segment_new(size_t words)
{
    struct segment *s = gc_alloc(sizeof *s + words * sizeof *s->words);
    if (s)
        return s;
    gc_free(vm.reserve);
    vm.reserve = NULL;
    fail("recursion too deep");
}

void stack_move(size_t count)
{
    value *bottom = stack_bottom();
    size_t words = (size_t)(vm.now.fp - bottom);
    vm.now.top = vm.now.fp + count;
    if (!words)
        return;
    size_t below = vm.now.rest.segment ? vm.now.rest.segment->depth : 0;
    check_recursion(below + words);
    struct segment *s = segment_new(words);
    s->below = vm.now.rest;
    s->depth = below + words;
    memcpy(s->words, bottom, words * sizeof *bottom);
    memmove(bottom, vm.now.fp, count * sizeof *bottom);
    vm.now.rest = (struct link){s, words};
    vm.now.fp = bottom;
    vm.now.top = bottom + count;
}

/* The frame at vm.now.fp may have begun above the limit. */
static bool fits(size_t size)
{
    return (intptr_t)size <= vm.now.end - SLACK_WORDS - vm.now.fp;
}

void stack_need(size_t count, size_t size)
{
    vm.now.top = vm.now.fp + count;
    if (vm.interrupted)
        raise_interrupt();
    if (!fits(size))
        stack_move(count);
    if (!fits(size))
        stack_replace(size);
}

void stack_refill(size_t count)
{
    struct link rest = vm.now.rest;
    const value *words = rest.segment->words;
    size_t low = rest.used;
    do
        low -= bits(words[low - 1]) / sizeof *words;
    while (low > 0 && rest.used - low < REFILL_WORDS);
    size_t moved = rest.used - low;
    /* What was returned by it lies in its place. */
    frame_header(stack_bottom(), underflow, underflow->code->ops, vm.now.base);
    const struct closure *caller = closure_of(words[rest.used - FRAME_HEADER]);
    stack_need(count, count + moved + (size_t)caller->code->frame_size);

    value *bottom = stack_bottom();
    show_stack(bottom + moved + count);
    memmove(bottom + moved, bottom, count * sizeof *bottom);
    memcpy(bottom, words + low, moved * sizeof *bottom);
    vm.now.rest.used = low;
    if (!low)
        vm.now.rest = rest.segment->below;
    vm.now.fp = bottom + moved;
}

/* ---- The collector's view ----------------------------------------------------------- */

static void mark(const value *low, const value *high)
{
    if (high)
        gc_mark_range(low, high);
}

/* The stack is memory that the collector does not look at; and it should see only the parts in
 * use, as what lies above is dead. */
static void mark_stacks(void *unused)
{
    (void)unused;
    for (const struct machine *m = machines; m; m = m->next) {
        mark(m->now.base, m->now.top);
        mark(m->held.low, m->held.high);
        for (const struct run *run = m->run; run; run = run->outer)
            mark(run->interrupted.base, run->interrupted.top);
    }
}

void stack_reserve(void)
{
    if (!vm.reserve)
        vm.reserve = gc_alloc_atomic(vm.reserve_bytes);
}

void stack_init(void)
{
    stack_reserve();
    if (gc_root_callback_add(mark_stacks, NULL) || !vm.reserve) {
        perror("gcscheme: no memory for the stack");
        exit(EXIT_FAILURE);
    }
    size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    depth_most = memory / 32 / sizeof(value);
}
