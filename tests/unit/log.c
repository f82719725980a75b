/* Messages. */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "support.h"

START_TEST(line_has_prefix_and_newline)
{
    log_capture();
    log_line("%s of %d", "one", 2);
    log_line("%s", "");
    ck_assert_str_eq(logged(), "gcalloc: one of 2\ngcalloc: \n");
}
END_TEST

/* Around the longest message, 501 bytes: it goes out whole, and what is longer is cut. */
START_TEST(long_lines_are_cut)
{
    enum { MOST = 501 };
    static char message[1000], expected[1100];
    log_capture();
    for (size_t length = MOST - 3; length < sizeof message; length++) {
        memset(message, 'x', length);
        message[length - 1] = 'y';
        message[length] = '\0';
        log_line("%s", message);
        size_t kept = length < MOST ? length : MOST;
        memcpy(expected, "gcalloc: ", 9);
        memcpy(expected + 9, message, kept);
        memcpy(expected + 9 + kept, "\n", 2);
        ck_assert_str_eq(logged(), expected);
    }
}
END_TEST

START_TEST(errno_is_kept)
{
    log_capture();
    errno = EDOM;
    log_line("x");
    ck_assert_int_eq(errno, EDOM);
    ck_assert(log_open("/dev/full"));
    errno = EDOM;
    log_line("x");
    ck_assert_int_eq(errno, EDOM);
}
END_TEST

START_TEST(open_failure_keeps_the_old_file)
{
    log_capture();
    errno = 0;
    ck_assert(!log_open("/nonexistent/file"));
    ck_assert_int_eq(errno, ENOENT);
    log_line("still here");
    ck_assert_str_eq(logged(), "gcalloc: still here\n");
}
END_TEST

static int lowest_free_fd(void)
{
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
}

/* Opening again closes the last file, and never stderr. */
START_TEST(files_do_not_pile_up)
{
    ck_assert(log_open("/dev/null"));
    int fd = lowest_free_fd();
    for (int i = 0; i < 10; i++)
        ck_assert(log_open("/dev/null"));
    ck_assert_int_eq(lowest_free_fd(), fd);
    ck_assert_int_ge(fcntl(STDERR_FILENO, F_GETFD), 0);
}
END_TEST

static char path[] = "/tmp/gcalloc-unit-XXXXXX";

static off_t bytes_of(int file)
{
    struct stat s;
    ck_assert_int_eq(fstat(file, &s), 0);
    return s.st_size;
}

/* A program closes every descriptor and opens files, which get all the numbers: they stay
 * empty, and the log's file is opened again. */
START_TEST(a_number_used_again_is_not_written_to)
{
    int others = mkstemp(path);
    ck_assert_int_ge(others, 0);
    unlink(path);
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int own = mkstemp(path);
    ck_assert(log_open(path));
    for (int i = 3; i < 1024; i++)
        if (i != own && i != others)
            dup2(others, i);
    close(own < others ? others + 1 : own + 1); /* a number to open it with */
    log_line("x");
    ck_assert_int_eq(bytes_of(others), 0);
    ck_assert_int_eq(bytes_of(own), 11);
    unlink(path);
}
END_TEST

START_TEST(stderr_that_is_another_file_is_not_written_to)
{
    int others = mkstemp(path);
    ck_assert_int_ge(others, 0);
    unlink(path);
    int saved = dup(STDERR_FILENO);
    ck_assert_int_eq(dup2(others, STDERR_FILENO), STDERR_FILENO);
    log_line("x");
    dup2(saved, STDERR_FILENO);
    ck_assert_int_eq(bytes_of(others), 0);
}
END_TEST

/* Some threads write while one closes the descriptor, and another sends the lines elsewhere: each
 * line is in one of the files. */
enum { WRITERS = 3, LINES = 3000 };
static char elsewhere[] = "/tmp/gcalloc-unit-XXXXXX";
static int writing = WRITERS;

static void *write_lines(void *argument)
{
    for (int i = 0; i < LINES; i++)
        log_line("x");
    __atomic_sub_fetch(&writing, 1, __ATOMIC_RELEASE);
    return argument;
}

/* Its numbers are none of a program that begins with few descriptors. */
static void *close_files(void *argument)
{
    while (__atomic_load_n(&writing, __ATOMIC_ACQUIRE) > 0)
        for (int file = 100; file < 1100; file++)
            close(file);
    return argument;
}

START_TEST(no_line_is_lost_when_files_change)
{
    pthread_t threads[WRITERS + 1];
    int one = mkstemp(path), other = mkstemp(elsewhere);
    bool turn = false;
    ck_assert(log_open(path));
    for (int i = 0; i <= WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL,
                                        i < WRITERS ? write_lines : close_files, NULL),
                         0);
    while (__atomic_load_n(&writing, __ATOMIC_ACQUIRE) > 0)
        turn ^= log_open(turn ? path : elsewhere);
    for (int i = 0; i <= WRITERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(bytes_of(one) + bytes_of(other), WRITERS * LINES * 11);
    unlink(path);
    unlink(elsewhere);
}
END_TEST

/* A FIFO that nobody reads is no file to write to; one that is full, or whose reader has gone,
 * costs lines, and neither time nor a signal. */
START_TEST(fifo_neither_blocks_nor_signals)
{
    ck_assert_int_ge(close(mkstemp(path)), 0);
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert(!log_open(path));
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert(log_open(path));
    log_line("x");
    char text[32];
    ck_assert_int_eq(read(reader, text, sizeof text), 11);
    int writer = open(path, O_WRONLY | O_NONBLOCK);
    while (write(writer, text, 1) == 1)
        ;
    log_line("is left out");
    close(reader);
    log_line("no SIGPIPE, and the end of the test is reached");
    unlink(path);
}
END_TEST

/* A file that may not become larger costs lines, too, and no signal. */
START_TEST(limit_of_size_does_not_signal)
{
    struct rlimit before, none;
    struct stat file;
    ck_assert_int_ge(close(mkstemp(path)), 0);
    ck_assert(log_open(path));
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
    log_line("is left out");
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert_int_eq(file.st_size, 0);
    log_line("x");
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert_int_eq(file.st_size, 11);
    unlink(path);
}
END_TEST

static void fail_check(void *argument)
{
    int *two = argument;
    CHECK(*two == 2);
    CHECK(*two == 3);
}

START_TEST(check_names_the_condition)
{
    int two = 2;
    expect_abort(fail_check, &two, "broken invariant: *two == 3\n");
}
END_TEST

TCase *log_tests(void)
{
    TCase *t = tcase_create("log");
    tcase_add_test(t, line_has_prefix_and_newline);
    tcase_add_test(t, long_lines_are_cut);
    tcase_add_test(t, errno_is_kept);
    tcase_add_test(t, open_failure_keeps_the_old_file);
    tcase_add_test(t, files_do_not_pile_up);
    tcase_add_test(t, a_number_used_again_is_not_written_to);
    tcase_add_test(t, stderr_that_is_another_file_is_not_written_to);
    tcase_add_test(t, no_line_is_lost_when_files_change);
    tcase_add_test(t, fifo_neither_blocks_nor_signals);
    tcase_add_test(t, limit_of_size_does_not_signal);
    tcase_add_test(t, check_names_the_condition);
    return t;
}
