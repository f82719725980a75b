/* Registered stacks that are switched to with the C library's contexts, and by hand. */
#include "coroutine.h"

#include <gcalloc/gcalloc.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "threads.h"

#ifdef __x86_64__
void switch_by_hand(void **from, void *to);
__asm__(".text\n.p2align 4\n.globl switch_by_hand\n.hidden switch_by_hand\n"
        ".type switch_by_hand, @function\nswitch_by_hand:\n\t"
        "push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"
        "mov %rsp, (%rdi)\n\tmov %rsi, %rsp\n\t"
        "pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\tret\n\t"
        ".size switch_by_hand, .-switch_by_hand");
#else
static void switch_by_hand(void **from, void *to)
{
    *from = to;
}
#endif

/* Each in malloc's memory: no root but what is registered. */
static struct coroutine *current;

static void begin(void)
{
    current->body(current);
    abort();
}

/* The context lies at the stack's high end, as libraries have it. */
void prepare(struct coroutine *c, void (*body)(struct coroutine *), bool by_hand)
{
    c->body = body;
    c->by_hand = by_hand;
    if (by_hand) {
        void **top = (void **)(void *)(c->stack + STACK_BYTES) - 4;
        top[0] = (void *)(uintptr_t)begin;
        c->sp = top - 6;
        return;
    }
    getcontext(&c->context);
    c->context.uc_stack = (stack_t){.ss_sp = c->stack, .ss_size = STACK_BYTES};
    makecontext(&c->context, begin, 0);
}

void resume(struct coroutine *c)
{
    current = c;
    ck_assert_int_eq(gc_stack_switch(c->stack), 0);
    if (c->by_hand)
        switch_by_hand(&c->caller_sp, c->sp);
    else
        swapcontext(&c->caller, &c->context);
}

void yield(struct coroutine *c)
{
    ck_assert_int_eq(gc_stack_switch(NULL), 0);
    if (c->by_hand)
        switch_by_hand(&c->sp, c->caller_sp);
    else
        swapcontext(&c->context, &c->caller);
}

struct coroutine *new_coroutine(bool mapped)
{
    struct coroutine *c = calloc(1, sizeof *c);
    c->stack = mapped ? mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                      : calloc(1, STACK_BYTES);
    ck_assert_int_eq(gc_stack_register(c->stack, c->stack + STACK_BYTES), 0);
    return c;
}

void end_coroutine(struct coroutine *c, bool mapped)
{
    ck_assert_int_eq(gc_stack_unregister(c->stack), 0);
    if (mapped)
        munmap(c->stack, STACK_BYTES);
    else
        free(c->stack);
    free(c);
}
