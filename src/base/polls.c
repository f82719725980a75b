/* The links in /proc/thread-self/fd tell which descriptors are files of epoll, and fdinfo has a line for each
 * descriptor that such a file watches. */
#include "base/polls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/proc.h"
#include "base/sys.h"

struct walk {
    void (*visit)(void *argument, uint64_t word);
    void *argument;
    int directory;
    bool failed; /* something could not be read */
};

/* ---- One file -------------------------------------------------------------------------------------- */

/* Whether a line of a descriptor has been read ever.  Not every system has them: until one is seen, a file without
 * any says nothing.  Atomic. */
static bool system_tells PRIVATE_DATA;

static void read_line(const struct walk *w, const char *line)
{
    static const char name[] = " data:";
    const char *word = strncmp(line, "tfd:", 4) == 0 ? strstr(line, name) : NULL;
    if (!word)
        return;
    w->visit(w->argument, strtoull(word + strlen(name), NULL, 16));
    __atomic_store_n(&system_tells, true, __ATOMIC_RELAXED);
}

/* Calls read_line for the whole lines of a text, and moves what is left to its beginning.  Returns the length of
 * that. */
static size_t read_lines(const struct walk *w, char *text, size_t length)
{
    char *line = text, *end;
    while ((end = memchr(line, '\n', length - (size_t)(line - text)))) {
        *end = '\0';
        read_line(w, line);
        line = end + 1;
    }
    size_t left = length - (size_t)(line - text);
    memmove(text, line, left);
    return left;
}

/* A line has some 100 bytes. */
static bool read_file(const struct walk *w, int file)
{
    char text[2048];
    size_t length = 0;
    for (;;) {
        ssize_t n = sys_read(file, text + length, sizeof text - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        length = read_lines(w, text, length + (size_t)n);
        if (length == sizeof text)
            return false;
    }
}

/* ---- All of them ------------------------------------------------------------------------------------ */

static bool is_poll(int directory, const char *name)
{
    static const char poll[] = "anon_inode:[eventpoll]";
    char target[sizeof poll];
    ssize_t n = syscall(SYS_readlinkat, directory, name, target, sizeof target);
    return n == sizeof poll - 1 && memcmp(target, poll, sizeof poll - 1) == 0;
}

/* A descriptor that is closed meanwhile is none of the process's any more. */
static void look(void *argument, const char *name)
{
    struct walk *w = argument;
    char path[64];
    if (!is_poll(w->directory, name))
        return;
    snprintf(path, sizeof path, "thread-self/fdinfo/%s", name);
    int file = proc_open(path, 0);
    if (file >= 0) {
        w->failed |= !read_file(w, file);
        sys_close(file);
    } else if (errno != ENOENT)
        w->failed = true;
}

bool polls_walk(void (*visit)(void *argument, uint64_t word), void *argument)
{
    int saved_errno = errno;
    struct walk w = {visit, argument, proc_open("thread-self/fd", O_DIRECTORY), false};
    if (w.directory < 0)
        w.failed = true;
    else {
        w.failed |= !proc_each_entry(w.directory, look, &w);
        sys_close(w.directory);
    }
    errno = saved_errno;
    return !w.failed && RACING(system_tells);
}
