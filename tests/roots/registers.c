/* The only pointer in a register: a callee-saved one across a call of gc_collect, or any
 * one of code that a signal interrupts. */
#include "../api/sanitizer.h"
#include "place.h"

#ifdef __x86_64__

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CARRIED = 8 }; /* victims per register, each through all collections */

/* carry_REG(hidden): reveals the pointer in REG, calls gc_collect, and returns what REG
 * holds then, hidden again. */
#define CARRY_IN(reg)                           \
    uintptr_t carry_##reg(uintptr_t hidden);    \
    __asm__(".text\n"                           \
            ".type carry_" #reg ", @function\n" \
            "carry_" #reg ":\n"                 \
            "push %" #reg "\n"                  \
            "mov %rdi, %" #reg "\n"             \
            "not %" #reg "\n"                   \
            "call gc_collect@PLT\n"             \
            "mov %" #reg ", %rax\n"             \
            "not %rax\n"                        \
            "pop %" #reg "\n"                   \
            "ret\n"                             \
            ".size carry_" #reg ", . - carry_" #reg "\n");

CARRY_IN(rbx)
CARRY_IN(rbp)
CARRY_IN(r12)
CARRY_IN(r13)
CARRY_IN(r14)
CARRY_IN(r15)

/* As these, but in r8, which no handler saves, across a system call (tgkill) that ends in
 * a signal handler.  The call keeps all registers but rax, rcx and r11. */
uintptr_t carry_through_signal(uintptr_t hidden, long pid, long tid, long call, int sig);
__asm__(".text\n"
        ".type carry_through_signal, @function\n"
        "carry_through_signal:\n"
        "xchg %rdi, %r8\n" /* the signal's number for the hidden address */
        "mov %rcx, %rax\n"
        "mov %rdi, %r9\n"
        "mov %rsi, %rdi\n"
        "mov %rdx, %rsi\n"
        "mov %r9, %rdx\n"
        "not %r8\n"
        "syscall\n"
        "mov %r8, %rax\n"
        "not %rax\n"
        "xor %r8, %r8\n"
        "ret\n"
        ".size carry_through_signal, . - carry_through_signal\n");

static uintptr_t carry_signal(uintptr_t hidden)
{
    return carry_through_signal(hidden, getpid(), gettid(), SYS_tgkill, SIGUSR1);
}

struct carrier {
    const char *name;
    uintptr_t (*carry)(uintptr_t hidden);
};

static const struct carrier carriers[] = {
    {"rbx", carry_rbx}, {"rbp", carry_rbp}, {"r12", carry_r12},
    {"r13", carry_r13}, {"r14", carry_r14}, {"r15", carry_r15},
};

struct journey {
    const struct carrier *carrier;
    struct victims *victims;
    size_t i; /* the victim that travels, the only one */
    uintptr_t arrived;
};

static void start(void *argument)
{
    struct journey *j = argument;
    victim_allocate(j->victims, j->i);
}

static void carry(void *argument)
{
    struct journey *j = argument;
    j->arrived = j->carrier->carry(j->victims->hidden[j->i]);
}

static void carry_each(const struct carrier *c)
{
    for (size_t i = 0; i < CARRIED; i++) {
        struct victims *v = victims_create();
        struct journey j = {c, v, i, 0};
        deeply(start, &j);
        for (int n = 0; n < COLLECTIONS; n++) {
            deeply(carry, &j);
            ck_assert_uint_eq(j.arrived, v->hidden[i]);
            ck_assert_msg(victims_living(v) == 1, "%s: collection %d", c->name, n);
        }
        victims_assert_gone(v);
    }
}

START_TEST(callee_saved_register)
{
    carry_each(&carriers[_i]);
}
END_TEST

static void collect_on_signal(int sig)
{
    (void)sig;
    gc_collect();
}

START_TEST(register_of_interrupted_code)
{
    signal(SIGUSR1, collect_on_signal);
    carry_each(&(struct carrier){"r8", carry_signal});
}
END_TEST

TCase *registers_case(void)
{
    TCase *tc = tcase_create("registers");
    tcase_add_loop_test(tc, callee_saved_register, 0,
                        sizeof carriers / sizeof carriers[0]);
    if (!UNDER_TSAN) /* which hands signals over late */
        tcase_add_test(tc, register_of_interrupted_code);
    return tc;
}

#else

#include <stdio.h>

TCase *registers_case(void)
{
    puts("registers: skipped, there is no assembly for this machine");
    return tcase_create("registers");
}

#endif
