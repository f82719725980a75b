/* Systems that refuse, and users without rights: errors with a sentence, and no harm to others. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

enum { SKIPPED = 77, MANY = 1 << 20 };

static const char *name;
static char folder[60], file_name[80];

static void set_up(void)
{
    name = fresh_name();
    snprintf(folder, sizeof folder, "/tmp/gcalloc-hostile-%d", (int)getpid());
    snprintf(file_name, sizeof file_name, "%s/region", folder);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
}

static void tear_down(void)
{
    umount2(folder, MNT_DETACH);
    unlink(file_name);
    rmdir(folder);
    gc_region_unlink(name, 0);
}

/* A child that could not be what it is to be leaves the rest out. */
static void assert_passed(int status)
{
    ck_assert_msg(status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED),
                  "status %#x", (unsigned)status);
}

static bool failed_with(bool failed, int error, const char *words)
{
    return failed && errno == error && strstr(gc_region_error(), words);
}

/* ---- Others' files --------------------------------------------------------------------------------- */

static void be_somebody_else(void)
{
    if (getuid() != 0 || setgid(65534) != 0 || setuid(65534) != 0)
        _exit(SKIPPED);
}

static void open_without_rights(void *unused)
{
    (void)unused;
    be_somebody_else();
    ENSURE(failed_with(!gc_region_open(name, 0), EACCES, "Permission denied"));
    ENSURE(failed_with(!gc_region_open(name, GC_REGION_READ_ONLY), EACCES, "Permission"));
    ENSURE(failed_with(!gc_region_create(name, 1 << 20, 0, 0), EACCES, "Permission"));
    struct gc_region_description d;
    ENSURE(gc_region_describe(name, 0, &d) == -1 && errno == EACCES);
    ENSURE(gc_region_unlink(name, 0) == -1);
}

START_TEST(another_user)
{
    make_small(name);
    assert_passed(in_child(open_without_rights, NULL));
    gc_region *r = gc_region_open(name, 0);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(gc_region_close(r), 0);
}
END_TEST

static void open_for_reading(void *unused)
{
    (void)unused;
    be_somebody_else();
    ENSURE(failed_with(!gc_region_open(name, 0), EACCES, "Permission denied"));
    gc_region *r = gc_region_open(name, GC_REGION_READ_ONLY);
    ENSURE(r && gc_region_root_get(r, "list"));
    ENSURE(failed_with(gc_region_begin(r) != 0, EPERM, "for reading only"));
    ENSURE(gc_region_close(r) == 0);
}

START_TEST(a_file_to_be_read)
{
    make_small(name);
    ck_assert_int_eq(chmod(path_of(name), 0444), 0);
    assert_passed(in_child(open_for_reading, NULL));
}
END_TEST

START_TEST(a_file_system_to_be_read)
{
    if (mount("none", folder, "tmpfs", 0, "size=64m") != 0)
        return;
    gc_region *r = gc_region_create(file_name, 1 << 20, GC_REGION_FILE, 0);
    ck_assert(r && gc_region_close(r) == 0);
    ck_assert_int_eq(mount("none", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    assert_refused(!gc_region_open(file_name, GC_REGION_FILE), EROFS, "Read-only");
    r = gc_region_open(file_name, GC_REGION_FILE | GC_REGION_READ_ONLY);
    ck_assert_msg(r != NULL, "%s", gc_region_error());
    ck_assert_int_eq(gc_region_check(r), 0);
    ck_assert_int_eq(gc_region_close(r), 0);
}
END_TEST

/* ---- Processes that are hidden --------------------------------------------------------------------- */

static int goes[2];

/* Reads the number of a process that it cannot see in /proc, and which stays in a bracket. */
static void collect_unseeing(void *unused)
{
    char byte;
    (void)unused;
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/proc", "proc", 0, "hidepid=2") != 0)
        _exit(SKIPPED);
    be_somebody_else();
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r && failed_with(gc_region_collect(r) != 0, ETIMEDOUT, "stays in a bracket"));
    ENSURE(write(goes[1], "", 1) == 1 && read(goes[0], &byte, 1) == 1);
    ENSURE(gc_region_collect(r) == 0 && gc_region_close(r) == 0);
}

/* /proc says ENOENT of them, and they live. */
START_TEST(hidden_processes)
{
    char byte;
    int status, back[2];
    gc_region *r = gc_region_create(name, 1 << 20, 0, 0);
    ck_assert(r && chmod(path_of(name), 0666) == 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, back), 0);
    ck_assert_int_eq(gc_region_begin(r), 0);
    goes[0] = goes[1] = back[1];
    pid_t child = fork_child();
    if (child == 0) {
        close(back[0]);
        collect_unseeing(NULL);
        _exit(0);
    }
    close(back[1]);
    bool waits = read(back[0], &byte, 1) == 1;
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert(!waits || write(back[0], "", 1) == 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    assert_passed(status);
    close(back[0]);
    ck_assert_int_eq(gc_region_close(r), 0);
}
END_TEST

/* ---- Full disks ------------------------------------------------------------------------------------- */

/* Allocates until there is no room, which is an error and not a signal. */
static size_t fill(gc_region *r)
{
    size_t count = 0;
    ck_assert_int_eq(gc_region_begin(r), 0);
    void **all = NULL, **o;
    while ((o = gc_region_alloc(r, 5000))) {
        memset(o + 1, 1, 4900);
        *o = all, all = o, count++;
        ck_assert_int_eq(gc_region_root_set(r, "all", all), 0);
    }
    assert_refused(true, ENOSPC, "no room");
    ck_assert_int_eq(gc_region_root_set(r, "all", NULL), 0);
    ck_assert_int_eq(gc_region_end(r), 0);
    return count;
}

START_TEST(full_while_it_grows)
{
    if (mount("none", folder, "tmpfs", 0, "size=12m") != 0)
        return;
    gc_region *r = gc_region_create(file_name, 64 << 20, GC_REGION_FILE, 0);
    ck_assert_msg(r != NULL, "%s", gc_region_error());
    size_t count = fill(r);
    ck_assert_uint_gt(count, 100);
    ck_assert_int_eq(gc_region_collect(r), 0);
    ck_assert_uint_gt(fill(r), count / 2);
    ck_assert_int_eq(gc_region_collect(r), 0);
    ck_assert_int_eq(gc_region_check(r), 0);
    ck_assert_int_eq(gc_region_close(r), 0);
}
END_TEST

/* There is not even room for the tables: nothing but an empty file is left. */
START_TEST(full_from_the_beginning)
{
    struct stat found;
    for (int i = 0; i < 2; i++) {
        if (mount("none", folder, "tmpfs", 0, i ? "size=2m" : "size=64k") != 0)
            return;
        gc_region *r = gc_region_create(file_name, 64 << 20, GC_REGION_FILE, 0);
        assert_refused(!r, ENOSPC, "");
        ck_assert_int_eq(stat(file_name, &found), 0);
        ck_assert_int_eq((int)found.st_size, 0);
        ck_assert_int_eq(umount(folder), 0);
    }
}
END_TEST

/* Copies what is not zero, as programs do that make backups. */
static void copy_with_holes(const char *from, const char *to)
{
    char bytes[4096], zeros[4096] = {0};
    struct stat found;
    int in = open(from, O_RDONLY), out = open(to, O_RDWR | O_CREAT, 0600);
    ck_assert(in >= 0 && out >= 0 && fstat(in, &found) == 0);
    for (off_t at = 0; at < found.st_size; at += (off_t)sizeof bytes) {
        ck_assert_int_eq(pread(in, bytes, sizeof bytes, at), sizeof bytes);
        if (memcmp(bytes, zeros, sizeof bytes) != 0)
            ck_assert_int_eq(pwrite(out, bytes, sizeof bytes, at), sizeof bytes);
    }
    ck_assert_int_eq(ftruncate(out, found.st_size), 0);
    close(in);
    close(out);
}

START_TEST(holes_in_a_full_disk)
{
    make_small(name);
    if (mount("none", folder, "tmpfs", 0, "size=512k") != 0)
        return;
    copy_with_holes(path_of(name), file_name);
    gc_region *r = gc_region_open(file_name, GC_REGION_FILE);
    assert_refused(!r, ENOSPC, "no room for what it holds");
}
END_TEST

static void write_little(void *unused)
{
    struct rlimit most = {MANY, MANY};
    (void)unused;
    signal(SIGXFSZ, SIG_IGN);
    ENSURE(setrlimit(RLIMIT_FSIZE, &most) == 0);
    ENSURE(failed_with(!gc_region_create(name, 64 << 20, 0, 0), EFBIG, "too large"));
}

START_TEST(a_limit_of_file_sizes)
{
    ck_assert_int_eq(in_child(write_little, NULL), 0);
}
END_TEST

/* ---- Files that change while they are open --------------------------------------------------------- */

static int see_object(const struct gc_region_object *o, void *data)
{
    (void)o, (void)data;
    return 0;
}

static int see_root(const char *root, void *object, void *data)
{
    (void)root, (void)object, (void)data;
    return 0;
}

/* What is gone is gone: the library says so where it looks at much, and closes what there is. */
START_TEST(truncated_while_open)
{
    struct gc_region_stats stats;
    for (off_t size = 0; size < 8 << 20; size = size * 8 + 4096) {
        make_small(name);
        gc_region *r = gc_region_open(name, 0);
        gc_region *seen = gc_region_open(name, GC_REGION_READ_ONLY);
        ck_assert(r && seen && truncate(path_of(name), size) == 0);
        assert_refused(gc_region_collect(r) != 0, EIO, "truncated");
        assert_refused(gc_region_check(r) != 0, EIO, "truncated");
        assert_refused(gc_region_check(seen) != 0, EIO, "truncated");
        assert_refused(gc_region_stats(r, &stats) != 0, EIO, "truncated");
        assert_refused(gc_region_walk(seen, see_object, NULL) != 0, EIO, "truncated");
        assert_refused(gc_region_root_list(seen, see_root, NULL) != 0, EIO, "truncated");
        ck_assert_int_eq(gc_region_close(seen), 0);
        ck_assert_int_eq(gc_region_close(r), 0);
        unlink(path_of(name));
    }
}
END_TEST

static void begin_in_what_is_gone(void *unused)
{
    (void)unused;
    signal(SIGBUS, SIG_DFL); /* a sanitizer has a handler */
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r && truncate(path_of(name), 0) == 0);
    gc_region_begin(r);
}

static void use_what_is_gone(void *unused)
{
    (void)unused;
    signal(SIGBUS, SIG_DFL);
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r && gc_region_begin(r) == 0);
    void **list = gc_region_root_get(r, "list");
    ENSURE(list &&
           truncate(path_of(name), (off_t)gc_region_offset(r, list) & -4096) == 0);
    *list = NULL;
}

/* What the manual says: who touches what is gone, by a bracket or as a program does, gets the signal. */
START_TEST(a_signal_of_what_is_gone)
{
    make_small(name);
    int status = in_child(_i ? use_what_is_gone : begin_in_what_is_gone, NULL);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    assert_refused(!gc_region_open(name, 0), EBADMSG, _i ? "truncated" : "no region");
}
END_TEST

/* All numbers but the first three are another file's then. */
static void take_numbers(void)
{
    for (int i = 3; i < 2000; i++)
        close(i);
    int file = open("/tmp", O_RDWR | O_TMPFILE, 0600);
    for (int i = 3; i < 1100; i++)
        ENSURE(i == file || dup2(file, i) == i);
}

static void close_descriptors(void *unused)
{
    struct stat found;
    (void)unused;
    gc_region *r = gc_region_create(name, 64 << 20, 0, 0);
    ENSURE(r);
    take_numbers();
    ENSURE(gc_region_begin(r) == 0);
    while (gc_region_alloc(r, 100000))
        continue;
    ENSURE(failed_with(true, EBADF, "closed its descriptor"));
    ENSURE(gc_region_end(r) == 0);
    ENSURE(gc_region_collect(r) == 0 && gc_region_close(r) == 0);
    for (int i = 3; i < 1100; i++)
        ENSURE(fstat(i, &found) == 0 && found.st_size == 0 && found.st_blocks == 0);
}

/* Nothing is written to what has the number then, and it stays open. */
START_TEST(a_descriptor_that_is_closed)
{
    ck_assert_int_eq(in_child(close_descriptors, NULL), 0);
}
END_TEST

TCase *users_case(void)
{
    TCase *tc = tcase_create("users");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, another_user);
    tcase_add_test(tc, a_file_to_be_read);
    tcase_add_test(tc, a_file_system_to_be_read);
    tcase_add_test(tc, hidden_processes);
    tcase_add_test(tc, full_while_it_grows);
    tcase_add_test(tc, full_from_the_beginning);
    tcase_add_test(tc, holes_in_a_full_disk);
    tcase_add_test(tc, a_limit_of_file_sizes);
    tcase_add_test(tc, truncated_while_open);
    tcase_add_loop_test(tc, a_signal_of_what_is_gone, 0, 2);
    tcase_add_test(tc, a_descriptor_that_is_closed);
    return tc;
}
