/* Limits are found by way of /proc/self/cgroup, which has a line for each hierarchy,
 * "number:controllers:path".  Version 2 has the number 0, and no controllers.  A group's
 * limit holds for those below it, and the path may not be visible here (in a container it
 * may be the host's): so each directory on the way up is asked, and those that are not
 * there are left out. */
#include "base/cgroup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/meta.h"
#include "base/sys.h"

enum { UNLIMITED_FROM = 62 }; /* version 1 says 2^63 less a page when there is no limit */

/* What reading takes does not lie on the stack, which may be that of a signal handler. */
struct reader {
    const char *root;
    char list[8192], path[4096];
};

/* Reads the beginning of a file, as a string.  Returns false if there is no such file, or
 * it is empty. */
static bool read_file(const char *path, char *text, size_t bytes)
{
    int fd = sys_open(path, O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t n;
    size_t length = 0;
    while (length < bytes - 1 &&
           (n = sys_read(fd, text + length, bytes - 1 - length)) != 0) {
        if (n < 0 && errno != EINTR)
            break;
        length += n > 0 ? (size_t)n : 0;
    }
    sys_close(fd);
    text[length] = '\0';
    return length > 0;
}

/* The limit in a file.  What is not a number, such as "max", is no limit. */
static size_t limit_in(const char *path)
{
    char text[64], *end;
    if (!read_file(path, text, sizeof text) || *text < '0' || *text > '9')
        return SIZE_MAX;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    bool valid = errno == 0 && (*end == '\n' || *end == '\0');
    return valid && n < (1ull << UNLIMITED_FROM) ? n : SIZE_MAX;
}

/* Where the hierarchies are, and what limits are called in them. */
struct version {
    const char *mount, *file;
};

static const struct version versions[] = {
    {"/sys/fs/cgroup", "memory.max"},
    {"/sys/fs/cgroup/unified", "memory.max"},
    {"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
};

/* The least limit from the group up to the root of its hierarchy. */
static size_t limit_on_path(struct reader *r, const struct version *v, const char *group)
{
    size_t least = SIZE_MAX, length = strlen(group);
    for (;;) {
        while (length > 0 && group[length - 1] == '/')
            length--;
        int n = snprintf(r->path, sizeof r->path, "%s%s%.*s/%s", r->root, v->mount,
                         (int)length, group, v->file);
        if (n > 0 && (size_t)n < sizeof r->path)
            least = min_size(least, limit_in(r->path));
        if (length == 0)
            return least;
        while (length > 0 && group[length - 1] != '/')
            length--;
    }
}

/* Whether it is one of the names, which have commas between them. */
static bool has_name(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; (at = strstr(at, name)); at += length)
        if ((at == names || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

/* The limit that one line leads to, without its end; the line is taken apart. */
static size_t limit_of_line(struct reader *r, char *line)
{
    char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
    if (!group)
        return SIZE_MAX;
    *group++ = '\0';
    names++;
    if (*names == '\0')
        return min_size(limit_on_path(r, &versions[0], group),
                        limit_on_path(r, &versions[1], group));
    return has_name(names, "memory") ? limit_on_path(r, &versions[2], group) : SIZE_MAX;
}

static size_t limit_of_list(struct reader *r)
{
    size_t least = SIZE_MAX;
    snprintf(r->path, sizeof r->path, "%s/proc/self/cgroup", r->root);
    if (!read_file(r->path, r->list, sizeof r->list))
        return SIZE_MAX;
    char *rest = r->list, *line;
    while ((line = strsep(&rest, "\n")))
        least = min_size(least, limit_of_line(r, line));
    return least;
}

size_t cgroup_limit(const char *root)
{
    int saved_errno = errno;
    struct reader *r = meta_alloc(ACCOUNT_OTHER, sizeof *r);
    size_t limit = SIZE_MAX;
    if (r) {
        r->root = root;
        limit = limit_of_list(r);
        meta_free(r, sizeof *r);
    }
    errno = saved_errno;
    return limit;
}
