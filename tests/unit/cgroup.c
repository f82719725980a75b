/* Limits of control groups, and who tells how long they wait for memory, in a tree of files made for it. */
#include "base/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

static char root[] = "/tmp/gcalloc-cgroup-XXXXXX";

static void make_root(void)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}

/* A file under the root, with the directories on the way. */
static void put(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s", root, name);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

START_TEST(there_is_none)
{
    make_root();
    ck_assert_uint_eq(cgroup_limit(root), SIZE_MAX);
    put("/proc/self/cgroup", "");
    ck_assert_uint_eq(cgroup_limit(root), SIZE_MAX);
    put("/proc/self/cgroup", "0::/\n");
    ck_assert_uint_eq(cgroup_limit(root), SIZE_MAX);
    put("/proc/self/cgroup", "0\n:\n::\n\n0:\n9:memory\nnonsense");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "5");
    ck_assert_uint_eq(cgroup_limit(root), SIZE_MAX);
    remove_root();
}
END_TEST

START_TEST(version_2)
{
    make_root();
    put("/proc/self/cgroup", "0::/a.slice/b/c.scope\n");
    put("/sys/fs/cgroup/a.slice/b/c.scope/memory.max", "max\n");
    ck_assert_uint_eq(cgroup_limit(root), SIZE_MAX);
    put("/sys/fs/cgroup/a.slice/memory.max", "1073741824\n");
    ck_assert_uint_eq(cgroup_limit(root), GIB(1));
    put("/sys/fs/cgroup/a.slice/b/memory.max", "2147483648\n");
    ck_assert_uint_eq(cgroup_limit(root), GIB(1)); /* the least counts */
    put("/sys/fs/cgroup/a.slice/b/c.scope/memory.max", "4096");
    ck_assert_uint_eq(cgroup_limit(root), 4096);
    put("/sys/fs/cgroup/memory.max", "100\n"); /* a container's own */
    ck_assert_uint_eq(cgroup_limit(root), 100);
    put("/sys/fs/cgroup/a.slic/memory.max", "1\n");
    ck_assert_uint_eq(cgroup_limit(root), 100);
    remove_root();
}
END_TEST

/* The path is the host's, and not to be seen here. */
START_TEST(version_1)
{
    make_root();
    put("/proc/self/cgroup", "12:cpu,cpuacct:/x\n5:memory:/docker/0123abc\n"
                             "1:name=systemd:/\n0::/init.scope\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    ck_assert_uint_eq(cgroup_limit(root), SIZE_MAX);
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
    ck_assert_uint_eq(cgroup_limit(root), MIB(256));
    put("/sys/fs/cgroup/memory/docker/0123abc/memory.limit_in_bytes", "134217728\n");
    ck_assert_uint_eq(cgroup_limit(root), MIB(128));
    put("/sys/fs/cgroup/unified/init.scope/memory.max", "67108864\n");
    ck_assert_uint_eq(cgroup_limit(root), MIB(64));
    put("/proc/self/cgroup", "5:cpu,memoryless:/docker/0123abc\n");
    ck_assert_uint_eq(cgroup_limit(root), SIZE_MAX);
    put("/proc/self/cgroup", "5:hugetlb,memory,cpu:/docker/0123abc");
    ck_assert_uint_eq(cgroup_limit(root), MIB(128));
    remove_root();
}
END_TEST

START_TEST(what_is_no_number_is_no_limit)
{
    static const char *const texts[] = {"",
                                        "max",
                                        "-1",
                                        " 7",
                                        "7x",
                                        "0x10",
                                        "1e9",
                                        "99999999999999999999999",
                                        "18446744073709551615",
                                        "7\n8\n"};
    size_t expected = strcmp(texts[_i], "7\n8\n") == 0 ? 7 : SIZE_MAX;
    make_root();
    put("/proc/self/cgroup", "0::/a\n");
    put("/sys/fs/cgroup/a/memory.max", texts[_i]);
    errno = 77;
    ck_assert_uint_eq(cgroup_limit(root), expected);
    ck_assert_int_eq(errno, 77);
    remove_root();
}
END_TEST

/* Paths longer than any are left out. */
START_TEST(long_paths)
{
    static char list[7000];
    make_root();
    memset(list, 'x', sizeof list - 1);
    memcpy(list, "0::/a/", 6);
    put("/proc/self/cgroup", list);
    put("/sys/fs/cgroup/a/memory.max", "1234\n");
    ck_assert_uint_eq(cgroup_limit(root), 1234);
    remove_root();
}
END_TEST

/* The beginning of the file that is opened; "" stands for none. */
static const char *pressure(void)
{
    static char text[64];
    errno = 77;
    int file = cgroup_open_pressure(root);
    ck_assert_int_eq(errno, 77);
    ssize_t n = file < 0 ? 0 : read(file, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    if (file >= 0)
        close(file);
    return text;
}

/* Of the nearest group that has one, else of the machine. */
START_TEST(who_tells_of_pressure)
{
    make_root();
    ck_assert_str_eq(pressure(), "");
    put("/proc/self/cgroup", "5:memory:/a\n0::/a/b/c\n");
    ck_assert_str_eq(pressure(), "");
    put("/proc/pressure/memory", "machine");
    ck_assert_str_eq(pressure(), "machine");
    put("/sys/fs/cgroup/memory/a/memory.pressure", "version 1 has none");
    put("/sys/fs/cgroup/a/d/memory.pressure", "another's");
    ck_assert_str_eq(pressure(), "machine");
    put("/sys/fs/cgroup/unified/a/memory.pressure", "in both versions");
    ck_assert_str_eq(pressure(), "in both versions");
    put("/sys/fs/cgroup/a/memory.pressure", "above");
    ck_assert_str_eq(pressure(), "above");
    put("/sys/fs/cgroup/a/b/c/memory.pressure", "own");
    ck_assert_str_eq(pressure(), "own");
    remove_root();
}
END_TEST

TCase *cgroup_tests(void)
{
    TCase *t = tcase_create("cgroup");
    tcase_add_test(t, there_is_none);
    tcase_add_test(t, version_2);
    tcase_add_test(t, version_1);
    tcase_add_loop_test(t, what_is_no_number_is_no_limit, 0, 10);
    tcase_add_test(t, long_paths);
    tcase_add_test(t, who_tells_of_pressure);
    return t;
}
