/* Under generations=auto young collections come of themselves where they pay: in a program with much
 * that is old.  Where a filter of system calls would end it for what they ask the kernel for, they are left
 * out; and old objects that die go all the same. */
#include <check.h>
#include <gcalloc/gcalloc.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../check/notes_writes.h"

enum {
    /* In an order that no processor guesses: some 10 ms of marking at least. */
    NODES = 1 << 19,
    HANGS_AFTER = 200,
    FULL_MOST = 40, /* collections in which young ones are tried for certain */
    SMALL = 4 << 20
};

struct node {
    struct node *next;
    uintptr_t number[3];
};

static struct node *list;

/* Each follows one that lies somewhere else. */
static void build_list(void)
{
    struct node **all = gc_alloc(NODES * sizeof *all);
    for (uint32_t i = 0; i < NODES; i++)
        all[i] = gc_alloc(sizeof **all);
    for (uint32_t i = 0; i < NODES; i++) {
        uint32_t place = i * 2654435761u % NODES;
        all[place]->next = list;
        all[place]->number[0] = place;
        list = all[place];
    }
    memset(all, 0, NODES * sizeof *all);
}

static void check_list(void)
{
    uint32_t count = 0;
    for (const struct node *n = list; n; n = n->next)
        count++;
    ck_assert_uint_eq(count, NODES);
}

static struct gc_stats stats(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    return s;
}

static void drop_some(void)
{
    for (int i = 0; i < 1000; i++)
        if (!gc_alloc(64))
            ck_abort_msg("no memory");
}

/* How many young collections there are after so many full ones; it ends with the first. */
static uint64_t young_collections(void)
{
    struct gc_stats first = stats(), now = first;
    while (!now.young_collections && now.collections < first.collections + FULL_MOST) {
        drop_some();
        now = stats();
    }
    return now.young_collections;
}

/* Returns false where the kernel has no filters. */
static bool is_ended_for_userfaultfd(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_userfaultfd, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

START_TEST(they_come_of_themselves)
{
    build_list();
    uint64_t young = young_collections();
    ck_assert_int_eq(young > 0, kernel_notes_writes());
    check_list();
}
END_TEST

START_TEST(a_filter_is_respected)
{
    if (!is_ended_for_userfaultfd())
        return;
    build_list();
    ck_assert_uint_eq(young_collections(), 0);
    check_list();
}
END_TEST

/* Where the processor is busy, the first collections may take so long that young ones have come before. */
START_TEST(a_filter_may_come_later)
{
    build_list();
    if (!is_ended_for_userfaultfd())
        return;
    young_collections();
    check_list();
}
END_TEST

/* Nothing that is new survives, so no budget is ever used up by that. */
START_TEST(old_garbage_goes)
{
    build_list();
    young_collections();
    check_list();
    list = NULL;
    while (stats().live_bytes > SMALL)
        drop_some();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sandboxed");
    TCase *c = tcase_create("sandboxed");
    /* Collections that come often, and no more memory than needed. */
    setenv("GCALLOC_OPTIONS", "generations=auto:growth=50:memory=0", 1);
    tcase_set_timeout(c, HANGS_AFTER);
    tcase_add_test(c, they_come_of_themselves);
    tcase_add_test(c, a_filter_is_respected);
    tcase_add_test(c, a_filter_may_come_later);
    tcase_add_test(c, old_garbage_goes);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    if (getenv("CK_FORK") && strcmp(getenv("CK_FORK"), "no") == 0)
        return 77; /* each has a heap of its own */
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
