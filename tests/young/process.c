/* What becomes of the process: children of fork, descriptors that are closed, other users of what the kernel
 * has, a heap whose option changes. */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "young.h"

static struct container container;

static void put(void *where, size_t i, void *p)
{
    (void)where;
    *container.cells[i] = p;
}

static const struct place old_object = {put, NULL};

static void check_writing(void)
{
    struct victims *v = place_fill(old_object);
    collect_young(3);
    victims_assert_intact(v);
    place_clear(old_object);
    victims_assert_gone(v);
    free(v);
}

static void begin(bool verified)
{
    go_young("256K", verified);
    container_make(&container, 3);
    check_writing();
}

/* Both go on, and neither is told what the other writes. */
START_TEST(children_of_fork)
{
    begin(_i);
    for (int i = 0; i < 4; i++) {
        struct victims *v = place_fill(old_object);
        pid_t child = fork();
        int status;
        if (child == 0) {
            collect_young(2);
            victims_assert_intact(v);
            collect(1);
            uint64_t before = young_collections();
            check_writing();
            if (kernel_notes_writes())
                ck_assert_uint_gt(young_collections(), before);
            _exit(0);
        }
        collect_young(2);
        victims_assert_intact(v);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        place_clear(old_object);
        check_writing();
        free(v);
    }
}
END_TEST

/* What was written is seen, and what is written later. */
static void goes_on(struct victims *v)
{
    collect_young(2);
    victims_assert_intact(v);
    free(v);
    place_clear(old_object);
    for (int i = 0; i < 4; i++)
        check_writing();
}

/* A daemon closes all that it finds. */
START_TEST(closed_descriptors)
{
    begin(_i);
    struct victims *v = place_fill(old_object);
    for (int file = 3; file < 1100; file++)
        close(file);
    goes_on(v);
}
END_TEST

/* The number of the library's descriptor is another file's. */
START_TEST(taken_descriptors)
{
    begin(_i);
    struct victims *v = place_fill(old_object);
    int other = (int)syscall(SYS_eventfd2, 0, 0);
    for (int file = other + 1; file < 1100; file++)
        dup2(other, file);
    collect_young(2);
    victims_assert_intact(v);
    for (int file = other; file < 1100; file++)
        close(file);
    goes_on(v);
}
END_TEST

/* The program has memory of its own watched in the same way. */
START_TEST(other_watchers)
{
    enum { BYTES = 1 << 20 };
    uint64_t api[3] = {0xAA, 1 << 13 | 1 << 15, 0};
    int file = (int)syscall(SYS_userfaultfd, 1);
    begin(_i);
    if (file >= 0 && ioctl(file, _IOWR(0xAA, 0x3F, uint64_t[3]), api) == 0) {
        char *own =
            mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uint64_t range[4] = {(uintptr_t)own, BYTES, 2, 0};
        ck_assert_ptr_ne(own, MAP_FAILED);
        ck_assert_int_eq(ioctl(file, _IOWR(0xAA, 0, uint64_t[4]), range), 0);
        for (size_t i = 0; i < BYTES; i += 4096)
            own[i] = 1;
    }
    check_writing();
}
END_TEST

START_TEST(changing_options)
{
    static const char *const values[] = {"never", "always", "auto"};
    begin(_i);
    for (int i = 0; i < 12; i++) {
        struct victims *v = place_fill(old_object);
        ck_assert_int_eq(gc_option_set("generations", values[i % 3]), 0);
        collect_young(2);
        victims_assert_intact(v);
        place_clear(old_object);
        free(v);
        check_writing();
    }
}
END_TEST

TCase *process_case(void)
{
    TCase *t = tcase_create("process");
    tcase_add_loop_test(t, children_of_fork, 0, 2);
    tcase_add_loop_test(t, closed_descriptors, 0, 2);
    tcase_add_loop_test(t, taken_descriptors, 0, 2);
    tcase_add_loop_test(t, other_watchers, 0, 2);
    tcase_add_loop_test(t, changing_options, 0, 2);
    return t;
}
