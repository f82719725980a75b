/* Files of a group are found by way of /proc/self/cgroup, which has a line for each hierarchy,
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
    const char *files[2]; /* looked for in hierarchies of version 2, and of 1 or NULL */
    bool (*look)(struct reader *r); /* at the path; true: that was enough */
    size_t least;                   /* limit found */
    int file;                       /* that was opened, or -1 */
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

static bool look_at_limit(struct reader *r)
{
    r->least = min_size(r->least, limit_in(r->path));
    return false;
}

static bool open_it(struct reader *r)
{
    r->file = sys_open(r->path, O_RDONLY);
    return r->file >= 0;
}

/* Looks at a file of the group and of each above it, up to the root of its hierarchy.  Returns whether
 * that was enough. */
static bool look_on_path(struct reader *r, const char *mount, const char *file,
                         const char *group)
{
    size_t length = strlen(group);
    for (;;) {
        while (length > 0 && group[length - 1] == '/')
            length--;
        int n = snprintf(r->path, sizeof r->path, "%s%s%.*s/%s", r->root, mount,
                         (int)length, group, file);
        if (n > 0 && (size_t)n < sizeof r->path && r->look(r))
            return true;
        if (length == 0)
            return false;
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

/* Looks where one line leads to, without its end; the line is taken apart. */
static bool look_along_line(struct reader *r, char *line)
{
    char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
    if (!group)
        return false;
    *group++ = '\0';
    names++;
    if (*names == '\0')
        return look_on_path(r, "/sys/fs/cgroup", r->files[0], group) ||
               look_on_path(r, "/sys/fs/cgroup/unified", r->files[0], group);
    return r->files[1] && has_name(names, "memory") &&
           look_on_path(r, "/sys/fs/cgroup/memory", r->files[1], group);
}

static void look_along_list(struct reader *r)
{
    snprintf(r->path, sizeof r->path, "%s/proc/self/cgroup", r->root);
    if (!read_file(r->path, r->list, sizeof r->list))
        return;
    char *rest = r->list, *line;
    while ((line = strsep(&rest, "\n")) && !look_along_line(r, line))
        ;
}

static struct reader *begin(const char *root, bool (*look)(struct reader *r))
{
    struct reader *r = meta_alloc(ACCOUNT_OTHER, sizeof *r);
    if (!r)
        return NULL;
    r->root = root;
    r->look = look;
    r->least = SIZE_MAX;
    r->file = -1;
    return r;
}

size_t cgroup_limit(const char *root)
{
    int saved_errno = errno;
    struct reader *r = begin(root, look_at_limit);
    size_t limit = SIZE_MAX;
    if (r) {
        r->files[0] = "memory.max";
        r->files[1] = "memory.limit_in_bytes";
        look_along_list(r);
        limit = r->least;
        meta_free(r, sizeof *r);
    }
    errno = saved_errno;
    return limit;
}

int cgroup_open_pressure(const char *root)
{
    int saved_errno = errno, file = -1;
    struct reader *r = begin(root, open_it);
    if (r) {
        r->files[0] = "memory.pressure";
        look_along_list(r);
        snprintf(r->path, sizeof r->path, "%s/proc/pressure/memory", root);
        if (r->file < 0)
            open_it(r);
        file = r->file;
        meta_free(r, sizeof *r);
    }
    errno = saved_errno;
    return file;
}
