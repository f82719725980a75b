/* Files below /proc.  They are opened and read by system calls made directly, so that reading
 * them is no cancellation point and works in a pause.
 *
 * One of them is kept open where there are several threads, or /proc is about to go: it tells the
 * number of threads, which is all that there is to know where all of them are registered.  A
 * program of one thread that looks through its descriptors finds its own.  It is no directory, as
 * one that is kept leads out of what the program later makes its root. */
#include "base/proc.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/descriptor.h"
#include "base/sys.h"

int proc_open(const char *path, int flags)
{
    int proc = sys_open("/proc", O_PATH | O_DIRECTORY);
    if (proc < 0)
        return -1;
    int file = sys_open_at(proc, path, O_RDONLY | flags);
    int error = errno;
    sys_close(proc);
    errno = error;
    return file;
}

/* Reads a file from its present place on, as a string. */
static ssize_t read_text(int file, char *text, size_t bytes)
{
    size_t length = 0;
    ssize_t n = 0;
    while (length < bytes - 1) {
        n = sys_read(file, text + length, bytes - 1 - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        length += (size_t)n;
    }
    text[length] = '\0';
    return n < 0 ? -1 : (ssize_t)length;
}

/* One line of a status tells the groups of the user, of which there may be 65,536, in front of most
 * others.  It is read by offset, as a process and the child of a fork have one place in a file. */
static ssize_t read_cut(int file, char *text, size_t bytes)
{
    enum { LINE_MOST = 128, PIECE = 512 };
    char piece[PIECE];
    size_t length = 0, column = 0;
    long offset = 0, n;
    while ((n = syscall(SYS_pread64, file, piece, sizeof piece, offset)) > 0 ||
           (n < 0 && errno == EINTR)) {
        for (long i = 0; i < n; i++) {
            column = piece[i] == '\n' ? 0 : column + 1;
            if (column <= LINE_MOST && length < bytes - 1)
                text[length++] = piece[i];
        }
        offset += n > 0 ? n : 0;
    }
    text[length] = '\0';
    return n < 0 ? -1 : (ssize_t)length;
}

static ssize_t read_path(const char *path, char *text, size_t bytes,
                         ssize_t (*read)(int file, char *text, size_t bytes))
{
    int file = proc_open(path, 0);
    if (file < 0)
        return -1;
    ssize_t length = read(file, text, bytes);
    int error = errno;
    sys_close(file);
    errno = error;
    return length;
}

ssize_t proc_read(const char *path, char *text, size_t bytes)
{
    return read_path(path, text, bytes, read_text);
}

ssize_t proc_read_status(const char *path, char *text, size_t bytes)
{
    return read_path(path, text, bytes, read_cut);
}

/* ---- Threads ----------------------------------------------------------------------- */

/* The descriptor of the process's status, and the process that it is of: the child of a
 * fork has it, too, as its parent's. */
static struct {
    struct descriptor file;
    pid_t process; /* atomic */
} status PRIVATE_DATA = {.file = {.number = -1}};

/* Whether the descriptor is wanted, as there are several threads, or /proc may go.
 * Atomic. */
static bool wanted PRIVATE_DATA;

static bool is_kept(void)
{
    return descriptor_number(&status.file) >= 0 &&
           __atomic_load_n(&status.process, __ATOMIC_ACQUIRE) == getpid();
}

/* Opens the descriptor if it is not open.  Where the program has closed it, the next look
 * at the threads that finds them in another way opens it again. */
static void keep_status(void)
{
    int file = is_kept() ? -1 : proc_open("self/status", 0);
    if (file < 0)
        return;
    int before = descriptor_drop(&status.file);
    if (before >= 0)
        sys_close(before);
    __atomic_store_n(&status.process, getpid(), __ATOMIC_RELEASE);
    descriptor_take(&status.file, descriptor_move_away(file));
}

void proc_keep(void)
{
    int saved_errno = errno;
    __atomic_store_n(&wanted, true, __ATOMIC_RELAXED);
    keep_status();
    errno = saved_errno;
}

void proc_expect_threads(void)
{
    if (!__atomic_load_n(&wanted, __ATOMIC_RELAXED))
        proc_keep();
}

void proc_forked(void)
{
    wanted = false;
}

static size_t count_in_status(void)
{
    static const char name[] = "\nThreads:\t";
    char text[PROC_STATUS_BYTES];
    if (!is_kept() || read_cut(descriptor_number(&status.file), text, sizeof text) <= 0)
        return 0;
    const char *line = strstr(text, name);
    return line ? strtoul(line + strlen(name), NULL, 10) : 0;
}

/* Each thread is a directory in that of all threads, so the links of that one tell their
 * number. */
size_t proc_thread_count(void)
{
    struct stat s;
    int saved_errno = errno;
    bool told = sys_stat_at(AT_FDCWD, "/proc/self/task", &s, 0) == 0 && s.st_nlink > 2;
    if (told && __atomic_load_n(&wanted, __ATOMIC_RELAXED))
        keep_status();
    size_t count = told ? s.st_nlink - 2 : count_in_status();
    errno = saved_errno;
    return count;
}

/* The kernel's form of a directory entry. */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

bool proc_each_entry(int directory, void (*visit)(void *argument, const char *name),
                     void *argument)
{
    _Alignas(struct entry) char buffer[1024];
    long bytes;
    while ((bytes = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < bytes;) {
            const struct entry *e = (const void *)(buffer + at);
            visit(argument, e->name);
            at += e->length;
        }
    return bytes == 0;
}

/* A call that asks for it may be what the filter ends the process for. */
bool proc_is_filtered(void)
{
    static const char name[] = "\nSeccomp:\t";
    char text[PROC_STATUS_BYTES];
    int saved_errno = errno;
    ssize_t length = proc_read_status("thread-self/status", text, sizeof text);
    errno = saved_errno;
    const char *line = length > 0 ? strstr(text, name) : NULL;
    return !line || line[strlen(name)] != '0';
}

bool proc_has_our_numbers(void)
{
    char ours[64], theirs[64];
    int length = snprintf(ours, sizeof ours, "%d/task/%d", getpid(), gettid());
    ssize_t n =
        syscall(SYS_readlinkat, AT_FDCWD, "/proc/thread-self", theirs, sizeof theirs);
    return n == length && memcmp(ours, theirs, (size_t)n) == 0;
}
