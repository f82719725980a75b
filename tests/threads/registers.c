/* The only pointer in a register of another thread, which spins: whatever its stop saves
 * must be looked at. */
#include "../api/sanitizer.h"
#include "stage.h"

#ifdef __x86_64__

#include <stdio.h>

/* Says that it is kept once it is in the register and nowhere else, and waits.  `clear`
 * takes it out again. */
#define HOLD(put, clear, ...)                                     \
    __asm__ volatile("mov %1, %%rax\n\tnot %%rax\n\t" put "\n\t"  \
                     "xor %%eax, %%eax\n\tmovl $1, %0\n\t"        \
                     "1: pause\n\tcmpl $0, %2\n\tje 1b\n\t" clear \
                     : "=m"(stage.kept)                           \
                     : "m"(stage.hidden), "m"(stage.told)         \
                     : "rax", "memory", "cc", __VA_ARGS__)

/* Has dropped it, in registers and the red zone too, and makes no frame that would cover what lies
 * below. */
#define HOLD_NOTHING()                                                              \
    __asm__ volatile("lea -128(%%rsp), %%rdi\n\tmov $16, %%ecx\n\t"                 \
                     "xor %%eax, %%eax\n\trep stosq\n\txor %%edi, %%edi\n\t"        \
                     "xor %%esi, %%esi\n\txor %%edx, %%edx\n\t"                     \
                     "xor %%r8d, %%r8d\n\txor %%r9d, %%r9d\n\t"                     \
                     "xor %%r10d, %%r10d\n\txor %%r11d, %%r11d\n\t"                 \
                     "movl $2, %0\n\t1: pause\n\tcmpl $2, %1\n\tjne 1b"             \
                     : "=m"(stage.kept)                                             \
                     : "m"(stage.told)                                              \
                     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", \
                       "memory", "cc")

#define KEEPER(name, put, clear, ...)  \
    static void *name(void *argument)  \
    {                                  \
        HOLD(put, clear, __VA_ARGS__); \
        gone();                        \
        return argument;               \
    }

#define GENERAL(reg) \
    KEEPER(in_##reg, "mov %%rax, %%" #reg, "xor %%" #reg ", %%" #reg, #reg)

GENERAL(rbx)
GENERAL(rcx)
GENERAL(rdx)
GENERAL(rsi)
GENERAL(rdi)
GENERAL(r8)
GENERAL(r9)
GENERAL(r10)
GENERAL(r11)
GENERAL(r12)
GENERAL(r13)
GENERAL(r14)
GENERAL(r15)

/* The compiler's own: saved below what a leaf function may use. */
KEEPER(in_rbp, "lea -128(%%rsp), %%rsp\n\tpush %%rbp\n\tmov %%rax, %%rbp",
       "pop %%rbp\n\tlea 128(%%rsp), %%rsp", "rcx")

/* The copy in rax is the one that counts. */
static void *in_rax(void *argument)
{
    __asm__ volatile("mov %1, %%rax\n\tnot %%rax\n\tmovl $1, %0\n\t"
                     "1: pause\n\tcmpl $0, %2\n\tje 1b\n\txor %%eax, %%eax"
                     : "=m"(stage.kept)
                     : "m"(stage.hidden), "m"(stage.told)
                     : "rax", "memory", "cc");
    gone();
    return argument;
}

START_TEST(general_registers)
{
    void *(*const keepers[])(void *) = {in_rax, in_rbx, in_rcx, in_rdx, in_rsi,
                                        in_rdi, in_rbp, in_r8,  in_r9,  in_r10,
                                        in_r11, in_r12, in_r13, in_r14, in_r15};
    check_place(keepers[_i]);
}
END_TEST

enum { GENERAL_REGISTERS = 15 };

KEEPER(in_red_zone, "mov %%rax, -64(%%rsp)", "mov %%rax, -64(%%rsp)", "rcx")
KEEPER(at_end_of_red_zone, "mov %%rax, -128(%%rsp)", "mov %%rax, -128(%%rsp)", "rcx")

START_TEST(red_zone)
{
    check_place(in_red_zone);
    check_place(at_end_of_red_zone);
}
END_TEST

/* ---- Vector registers ------------------------------------------------------------------ */

KEEPER(in_xmm, "movq %%rax, %%xmm7", "pxor %%xmm7, %%xmm7", "xmm7")
KEEPER(in_upper_xmm, "movq %%rax, %%xmm15\n\tpslldq $8, %%xmm15", "pxor %%xmm15, %%xmm15",
       "xmm15")

START_TEST(xmm)
{
    check_place(in_xmm);
    check_place(in_upper_xmm);
}
END_TEST

static bool has(int supported, const char *feature)
{
    if (!supported)
        printf("threads: skipped: the processor has no %s\n", feature);
    return supported;
}

KEEPER(in_upper_ymm,
       "vmovq %%rax, %%xmm6\n\tvpxor %%xmm7, %%xmm7, %%xmm7\n\t"
       "vinsertf128 $1, %%xmm6, %%ymm7, %%ymm7\n\tvpxor %%xmm6, %%xmm6, %%xmm6",
       "vzeroupper", "xmm6", "xmm7")

START_TEST(ymm)
{
    if (has(__builtin_cpu_supports("avx"), "AVX"))
        check_place(in_upper_ymm);
}
END_TEST

/* In the highest of eight words. */
KEEPER(in_upper_zmm,
       "vmovq %%rax, %%xmm6\n\tvpslldq $8, %%xmm6, %%xmm6\n\t"
       "vpxor %%xmm7, %%xmm7, %%xmm7\n\tvinserti32x4 $3, %%xmm6, %%zmm7, %%zmm7\n\t"
       "vpxor %%xmm6, %%xmm6, %%xmm6",
       "vzeroupper", "xmm6", "xmm7")

/* The upper sixteen are saved in a place of their own. */
KEEPER(in_zmm16, "vpbroadcastq %%rax, %%zmm16", "vpxorq %%zmm16, %%zmm16, %%zmm16", "rcx")
KEEPER(in_zmm31, "vpbroadcastq %%rax, %%zmm31", "vpxorq %%zmm31, %%zmm31, %%zmm31", "rcx")

START_TEST(zmm)
{
    if (!has(__builtin_cpu_supports("avx512f"), "AVX-512"))
        return;
    check_place(in_upper_zmm);
    check_place(in_zmm16);
    check_place(in_zmm31);
}
END_TEST

KEEPER(in_mask, "kmovq %%rax, %%k3", "kxorq %%k3, %%k3, %%k3", "rcx")

START_TEST(mask)
{
    if (has(__builtin_cpu_supports("avx512bw"), "masks of 64 bits"))
        check_place(in_mask);
}
END_TEST

/* ---- Stale words where a signal's frame comes to lie ------------------------------------ */

NOINLINE static void fill_below(void)
{
    enum { WORDS = 1024 };
    volatile uintptr_t words[WORDS];
    for (int i = 0; i < WORDS; i++)
        words[i] = ~stage.hidden;
    (void)words[0];
}

/* The system has no register to store in each place of its frame. */
static void *above_copies(void *argument)
{
    void *volatile word;
    store((void **)(uintptr_t)&word, stage.hidden);
    keep();
    store((void **)(uintptr_t)&word, 0);
    fill_below();
    HOLD_NOTHING();
    return argument;
}

START_TEST(frames_of_signals)
{
    check_place(above_copies);
}
END_TEST

TCase *registers_case(void)
{
    TCase *tc = tcase_create("registers");
    tcase_add_test(tc, frames_of_signals);
    tcase_add_loop_test(tc, general_registers, 0, GENERAL_REGISTERS);
    tcase_add_test(tc, red_zone);
    tcase_add_test(tc, xmm);
    tcase_add_test(tc, ymm);
    if (!UNDER_ASAN) /* a copy of the dropped address is left behind, in a register or a frame */
        tcase_add_test(tc, zmm);
    tcase_add_test(tc, mask);
    return tc;
}

#else

#include <stdio.h>

TCase *registers_case(void)
{
    puts("threads: skipped: registers, there is no assembly for this machine");
    return tcase_create("registers");
}

#endif
