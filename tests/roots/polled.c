/* What only the kernel has: the words of descriptors that epoll watches. */
#include "place.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One for each victim, in several files of epoll. */
enum { POLLS = 3 };
static int polls[POLLS], files[VICTIMS];

static int poll_of(size_t i)
{
    return polls[i % POLLS];
}

static void watch(size_t i, int operation, void *p)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
    ck_assert_int_eq(epoll_ctl(poll_of(i), operation, files[i], &event), 0);
}

/* A close ends it as well. */
static void unwatch(size_t i)
{
    if (i % 2 == 0)
        ck_assert_int_eq(epoll_ctl(poll_of(i), EPOLL_CTL_DEL, files[i], NULL), 0);
    ck_assert_int_eq(close(files[i]), 0);
}

static void put_added(void *where, size_t i, void *p)
{
    (void)where;
    if (!p)
        return unwatch(i);
    ck_assert_int_ge(files[i] = eventfd(0, 0), 0);
    watch(i, EPOLL_CTL_ADD, p);
}

static void put_changed(void *where, size_t i, void *p)
{
    (void)where;
    watch(i, EPOLL_CTL_MOD, p);
}

/* A call of the kernel's stands still, as if the thread had been interrupted at its end, while the supervisor looks. */
static int supervise(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_ctl, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof program[0], program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                        SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
}

static struct {
    int listener, poll, file;
    uintptr_t hidden;
    sem_t ready;
} slow;

/* The structure is packed, so that its pointer, the only one, is at no multiple of 8. */
static struct epoll_event given __attribute__((aligned(8)));

static void give(void *p)
{
    (void)p;
    given = (struct epoll_event){.events = EPOLLIN, .data.ptr = reveal(slow.hidden)};
}

static void *be_slow(void *unused)
{
    slow.listener = supervise();
    deeply(give, NULL);
    sem_post(&slow.ready);
    if (slow.listener >= 0)
        epoll_ctl(slow.poll, EPOLL_CTL_ADD, slow.file, &given);
    given.data.ptr = NULL;
    return unused;
}

static void make_hidden(void *hidden)
{
    *(uintptr_t *)hidden = hide(gc_alloc(1000));
}

START_TEST(while_it_is_added)
{
    pthread_t thread;
    struct seccomp_notif asked = {0};
    sem_init(&slow.ready, 0, 0);
    ck_assert((slow.poll = epoll_create1(0)) >= 0 && (slow.file = eventfd(0, 0)) >= 0);
    gc_disable();
    deeply(make_hidden, &slow.hidden);
    ck_assert_int_eq(pthread_create(&thread, NULL, be_slow, NULL), 0);
    while (sem_wait(&slow.ready) != 0)
        continue;
    gc_enable();
    if (slow.listener >= 0) {
        ck_assert_int_eq(ioctl(slow.listener, SECCOMP_IOCTL_NOTIF_RECV, &asked), 0);
        collect(1);
        ck_assert_uint_eq(count_living(&slow.hidden, 1), 1);
        struct seccomp_notif_resp go_on = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        do { /* the stop has the call asked for again */
            go_on.id = asked.id;
            if (ioctl(slow.listener, SECCOMP_IOCTL_NOTIF_SEND, &go_on) == 0)
                break;
            memset(&asked, 0, sizeof asked);
        } while (ioctl(slow.listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    collect(COLLECTIONS);
    ck_assert_uint_eq(count_living(&slow.hidden, 1), slow.listener >= 0);
}
END_TEST

static void open_polls(void)
{
    for (int i = 0; i < POLLS; i++)
        ck_assert_int_ge(polls[i] = epoll_create1(0), 0);
}

START_TEST(added)
{
    open_polls();
    place_check((struct place){put_added, NULL});
    place_check((struct place){put_added, NULL});
}
END_TEST

START_TEST(changed)
{
    open_polls();
    for (size_t i = 0; i < VICTIMS; i++) {
        ck_assert_int_ge(files[i] = eventfd(0, 0), 0);
        watch(i, EPOLL_CTL_ADD, NULL);
    }
    place_check((struct place){put_changed, NULL});
    place_check((struct place){put_changed, NULL});
}
END_TEST

/* By another descriptor of it they are still watched. */
START_TEST(by_another_descriptor)
{
    open_polls();
    struct victims *v = place_fill((struct place){put_added, NULL});
    int others[POLLS];
    for (int i = 0; i < POLLS; i++) {
        others[i] = dup(polls[i]);
        close(polls[i]);
    }
    collect(COLLECTIONS);
    victims_assert_intact(v);
    for (int i = 0; i < POLLS; i++)
        close(others[i]);
    victims_assert_gone(v);
}
END_TEST

/* The library is not told of it, and asks the kernel. */
START_TEST(by_a_system_call)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0};
    open_polls();
    struct victims *v = place_fill((struct place){put_added, NULL});
    for (size_t i = 0; i < VICTIMS; i++)
        ck_assert_int_eq(
            syscall(SYS_epoll_ctl, poll_of(i), EPOLL_CTL_MOD, files[i], &event), 0);
    victims_assert_gone(v);
}
END_TEST

/* Those of more descriptors than a table has places for at first, between collections. */
START_TEST(many)
{
    enum { MANY = 500 };
    static uintptr_t hidden[MANY];
    int poll = epoll_create1(0);
    for (int i = 0; i < MANY; i++) {
        int file = eventfd(0, 0);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = gc_alloc(100)};
        hidden[i] = hide(event.data.ptr);
        ck_assert_int_eq(epoll_ctl(poll, EPOLL_CTL_ADD, file, &event), 0);
    }
    gc_collect();
    size_t living = count_living(hidden, MANY);
    ck_assert_msg(living >= MANY, "%zu of %d live", living, MANY);
    close(poll);
    collect(1);
    ck_assert_uint_le(count_living(hidden, MANY), 2); /* on this stack */
}
END_TEST

/* ---- Threads --------------------------------------------------------------------------------------------- */

enum { THREADS = 4, WATCHED = 60, ROUNDS = 100 };

struct watched {
    size_t number;
    int file;
    struct watched *self;
};

NOINLINE static void watch_new(int poll, size_t number)
{
    struct watched *w = gc_alloc(sizeof *w);
    struct epoll_event event = {.events = EPOLLIN};
    *w = (struct watched){number, eventfd(1, 0), w};
    event.data.ptr = number % 3 ? w : NULL;
    ck_assert_int_eq(epoll_ctl(poll, EPOLL_CTL_ADD, w->file, &event), 0);
    event.data.ptr = w;
    if (number % 3 == 0)
        ck_assert_int_eq(epoll_ctl(poll, EPOLL_CTL_MOD, w->file, &event), 0);
}

/* An object that was reclaimed is another one by now, of which the number comes twice. */
NOINLINE static void check_watched(int poll)
{
    bool seen[WATCHED] = {false};
    struct epoll_event events[WATCHED];
    ck_assert_int_eq(epoll_wait(poll, events, WATCHED, 0), WATCHED);
    for (size_t i = 0; i < WATCHED; i++) {
        struct watched *w = events[i].data.ptr;
        ck_assert(w->self == w && w->number < WATCHED && !seen[w->number]);
        seen[w->number] = true;
        if (w->number % 2)
            ck_assert_int_eq(epoll_ctl(poll, EPOLL_CTL_DEL, w->file, NULL), 0);
        close(w->file);
    }
}

/* Between gc_blocking_begin and gc_blocking_end no stop waits for a thread. */
static void *watch_many(void *argument)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = argument};
    for (int round = 0; round < ROUNDS; round++) {
        int poll = epoll_create1(0), file = eventfd(0, 0);
        for (size_t i = 0; i < WATCHED; i++)
            watch_new(poll, i);
        gc_blocking_begin();
        ck_assert_int_eq(epoll_ctl(poll, EPOLL_CTL_ADD, file, &event), 0);
        gc_blocking_end();
        gc_collect();
        for (int i = 0; i < 100; i++)
            ck_assert_ptr_nonnull(gc_alloc(sizeof(struct watched)));
        check_watched(poll);
        close(poll);
        close(file);
    }
    return argument;
}

START_TEST(by_threads)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, watch_many, gc_alloc(16)), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

TCase *polled_case(void)
{
    TCase *tc = tcase_create("polled");
    tcase_add_test(tc, added);
    tcase_add_test(tc, changed);
    tcase_add_test(tc, while_it_is_added);
    tcase_add_test(tc, by_another_descriptor);
    tcase_add_test(tc, by_a_system_call);
    tcase_add_test(tc, many);
    tcase_add_test(tc, by_threads);
    return tc;
}
