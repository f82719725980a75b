/* Stacks of the library's, and the way to them and back.  systemstack_call pushes the
 * program's registers before it leaves the program's stack.  The handlers of the program
 * are blocked, and the library's take no alternate stack; where the program is on one, it
 * is disarmed, as the system would begin at its high end again for a fault. */
#include "world/systemstack.h"

#include <signal.h>
#include <unistd.h>

#include "base/account.h"
#include "base/check.h"
#include "base/os.h"
#include "base/track.h"
#include "world/signals.h"
#include "world/publish.h"
#include "world/self.h"

/* Whether threads can switch stacks: the sanitizers hold that a thread has the one stack
 * that they know. */
#if !GC_WATCHED_MEMORY && (defined __x86_64__ || defined __aarch64__)
#define CAN_SWITCH true
#else
#define CAN_SWITCH false
#endif

enum {
    KEPT_MOST = 4,
    TOP_BYTES = 64, /* above the first frame, so that its end is an address inside */
};

/* Stacks that nobody runs on, by their low ends; 0 stands for none.  Atomic. */
static uintptr_t kept[KEPT_MOST] PRIVATE_DATA;

/* Makes a stack, and returns its low end or 0.  The lowest page stays without access:
 * whoever goes beyond the stack is stopped there. */
static uintptr_t make(void)
{
    size_t guard = max_size(os_page_bytes(), OS_PAGE);
    char *low = os_reserve(SYSTEMSTACK_BYTES, OS_PAGE);
    if (low)
        os_unlock(low, SYSTEMSTACK_BYTES);
    if (low && !os_commit(low + guard, SYSTEMSTACK_BYTES - guard)) {
        os_release(low, SYSTEMSTACK_BYTES);
        return 0;
    }
    if (low)
        account_add(ACCOUNT_STACKS, low, SYSTEMSTACK_BYTES);
    return (uintptr_t)low;
}

static uintptr_t take(void)
{
    for (int i = 0; i < KEPT_MOST; i++) {
        uintptr_t low = __atomic_exchange_n(&kept[i], 0, __ATOMIC_ACQUIRE);
        if (low)
            return low;
    }
    return make();
}

static void give(uintptr_t low)
{
    for (int i = 0; i < KEPT_MOST; i++) {
        uintptr_t none = 0;
        if (__atomic_compare_exchange_n(&kept[i], &none, low, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return;
    }
    account_remove((void *)low);
    os_release((void *)low, SYSTEMSTACK_BYTES);
}

/* Calls function(argument) with the stack that ends at `high`.  Where the caller's stack is
 * left, with all registers that a function leaves as they were, is stored in *left first. */
void systemstack_call(void (*function)(void *), void *argument, uintptr_t high,
                      uintptr_t *left) __attribute__((visibility("hidden")));

#if CAN_SWITCH && defined __x86_64__
__asm__(".text\n"
        ".globl systemstack_call\n"
        ".hidden systemstack_call\n"
        ".type systemstack_call, @function\n"
        "systemstack_call:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    push %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    mov %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    push %rbx\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    mov %rsp, (%rcx)\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    mov %rdx, %rsp\n"
        "    call *%rax\n"
        "    mov %rbp, %rsp\n"
        "    pop %rbp\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size systemstack_call, . - systemstack_call\n");
#elif CAN_SWITCH
__asm__(".text\n"
        ".globl systemstack_call\n"
        ".hidden systemstack_call\n"
        ".type systemstack_call, %function\n"
        "systemstack_call:\n"
        "    .cfi_startproc\n"
        "    stp x29, x30, [sp, #-160]!\n"
        "    .cfi_def_cfa_offset 160\n"
        "    .cfi_offset x29, -160\n"
        "    .cfi_offset x30, -152\n"
        "    mov x29, sp\n"
        "    .cfi_def_cfa_register x29\n"
        "    stp x19, x20, [sp, #16]\n"
        "    stp x21, x22, [sp, #32]\n"
        "    stp x23, x24, [sp, #48]\n"
        "    stp x25, x26, [sp, #64]\n"
        "    stp x27, x28, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    str x29, [x3]\n"
        "    mov x9, x0\n"
        "    mov x0, x1\n"
        "    mov sp, x2\n"
        "    blr x9\n"
        "    mov sp, x29\n"
        "    ldp x29, x30, [sp], #160\n"
        "    .cfi_def_cfa sp, 0\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size systemstack_call, . - systemstack_call\n");
#else
void systemstack_call(void (*function)(void *), void *argument, uintptr_t high,
                      uintptr_t *left)
{
    (void)high;
    *left = (uintptr_t)__builtin_frame_address(0);
    function(argument);
}
#endif

struct work {
    void (*function)(void *);
    void *argument;
    stack_t alternate; /* the one that the program is on, if any */
    bool disarmed;
    struct saved_mask mask; /* the mask to be restored once that is disarmed */
};

/* Disarms the alternate stack, and works.  It begins on the library's stack with all
 * signals blocked: the system disarms no stack that the thread is on, and until it is
 * disarmed no handler may come that would take it from its high end. */
static void work_disarmed(void *argument)
{
    static const stack_t none = {.ss_flags = SS_DISABLE};
    struct work *w = argument;
    w->disarmed = sigaltstack(&none, &w->alternate) == 0;
    signals_restore(&w->mask);
    w->function(w->argument);
}

/* Calls work_disarmed on the library's stack.  The alternate stack is armed again on the
 * program's stack only. */
NOINLINE static void run_disarmed(struct mutator *m, uintptr_t high, struct work *w)
{
    signals_block_all(&w->mask);
    systemstack_call(work_disarmed, w, high, &m->system.left);
    if (w->disarmed)
        sigaltstack(&w->alternate, NULL);
}

/* Calls the function on the stack at `low`.  There, and on the way there and back, the
 * alternate stack is known by what was published. */
NOINLINE static void run_on(struct mutator *m, uintptr_t low, void (*function)(void *),
                            void *argument)
{
    uintptr_t high = low + SYSTEMSTACK_BYTES - TOP_BYTES;
    struct work w = {.function = function, .argument = argument};
    world_publish(m, (uintptr_t)__builtin_frame_address(0));
    m->system.low = low;
    if (m->alternate.high)
        run_disarmed(m, high, &w);
    else
        systemstack_call(function, argument, high, &m->system.left);
    m->system.low = 0;
}

static bool is_on_one(const struct mutator *m)
{
    return m->system.low;
}

/* Whether the thread can switch stacks.  valgrind takes a change to a near stack for a
 * large frame. */
static bool can_switch(const struct mutator *m)
{
    return CAN_SWITCH && m && m->tid == gettid() && !is_on_one(m) && !track_is_watched();
}

WITHOUT_GAPS void systemstack_run(void (*function)(void *), void *argument)
{
    struct mutator *m = thread_self;
    struct saved_mask saved;
    bool able = signals_block_handlers(&saved) && can_switch(m);
    uintptr_t low = able ? take() : 0;
    if (low) {
        run_on(m, low, function, argument);
        give(low);
    } else {
        function(argument);
    }
    signals_restore(&saved);
}

void systemstack_leave(void (*function)(void *), void *argument)
{
    uintptr_t unused;
    struct mutator *m = thread_self;
    if (m && is_on_one(m))
        systemstack_call(function, argument, align_down(m->system.left, 16), &unused);
    else
        function(argument);
}

/* How often the stack is kept, or some thread runs on it. */
static unsigned uses_of(uintptr_t low)
{
    unsigned uses = 0;
    for (int i = 0; i < KEPT_MOST; i++)
        uses += __atomic_load_n(&kept[i], __ATOMIC_RELAXED) == low;
    for (MUTATORS(m))
        uses += m->system.low == low;
    return uses;
}

void systemstack_check(void)
{
    for (int i = 0; i < KEPT_MOST; i++)
        CHECK(!kept[i] || uses_of(kept[i]) == 1);
    for (MUTATORS(m))
        CHECK(!m->system.low || uses_of(m->system.low) == 1);
}
