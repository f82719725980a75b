/* Descriptors with the file that they were opened for.  The lines of several threads are not
 * kept apart here, nor is anything buffered.  A descriptor whose file is not known is not
 * written to. */
#include "base/sink.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <time.h>

#include "base/bits.h"
#include "base/futex.h"
#include "base/mask.h"
#include "base/sys.h"

enum {
    FULL_WAITS = 100, /* milliseconds for somebody to read from a pipe that is full */
    LOCK_TRIES = 2000,
    LOCK_REST_NS = 5000000, /* between two: ten seconds in all */
};

void sink_take(struct sink *s, int file)
{
    descriptor_take(&s->file, file);
}

static int open_file(const char *path)
{
    return sys_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY);
}

bool sink_open(struct sink *s, const char *path)
{
    int file = open_file(path);
    if (file < 0)
        return false;
    struct sink opened = SINK_NONE;
    sink_take(&opened, descriptor_move_away(file));
    sink_replace(s, &opened);
    sink_close(&opened);
    return true;
}

void sink_replace(struct sink *s, struct sink *by)
{
    int old = descriptor_number(&s->file), new = descriptor_number(&by->file);
    if (new < 0)
        return;
    if (old > STDERR_FILENO && syscall(SYS_dup3, new, old, O_CLOEXEC) == old) {
        descriptor_take(&s->file, old);
        return;
    }
    descriptor_take(&s->file, new);
    descriptor_drop(&by->file);
}

/* Other processes may write to the file, too.  Whoever stands still with the lock holds up none for good. */
void sink_lock(const struct sink *s)
{
    int saved_errno = errno, file = descriptor_number(&s->file);
    for (int i = 0; i < LOCK_TRIES && file >= 0; i++) {
        if (syscall(SYS_flock, file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            break;
        futex_rest(LOCK_REST_NS);
    }
    errno = saved_errno;
}

void sink_unlock(const struct sink *s)
{
    int saved_errno = errno, file = descriptor_number(&s->file);
    if (file >= 0)
        syscall(SYS_flock, file, LOCK_UN);
    errno = saved_errno;
}

/* The standard streams are the program's, and stay open. */
void sink_close(struct sink *s)
{
    int file = descriptor_drop(&s->file);
    if (file > STDERR_FILENO)
        sys_close(file);
}

/* ---- Writing without a signal ------------------------------------------------------ */

/* The signals that the system sends who writes: nobody reads from the pipe any more, and the file
 * may not become as large. */
static uint64_t signals_of_writing(void)
{
    return mask_bit(SIGPIPE) | mask_bit(SIGXFSZ);
}

/* That which comes with an error, or 0. */
static uint64_t signal_with(int error)
{
    return error == EPIPE ? mask_bit(SIGPIPE) : error == EFBIG ? mask_bit(SIGXFSZ) : 0;
}

static uint64_t pending(void)
{
    uint64_t set = 0;
    return syscall(SYS_rt_sigpending, &set, MASK_BYTES) == 0 ? set : 0;
}

static void take_signal(uint64_t set)
{
    struct timespec none = {0, 0};
    syscall(SYS_rt_sigtimedwait, &set, NULL, &none, MASK_BYTES);
}

/* Waits until there is room in a pipe.  Returns false if it is full all the time. */
static bool wait_for_room(int file)
{
    struct pollfd p = {.fd = file, .events = POLLOUT};
    struct timespec most = {0, FULL_WAITS * 1000000l};
    return syscall(SYS_ppoll, &p, 1, &most, NULL, MASK_BYTES) > 0;
}

/* Writes all bytes, or as many as can be written.  Returns how many those are, and sets errno
 * if it is not all. */
static size_t write_all(int file, const char *bytes, size_t count)
{
    size_t written = 0;
    while (written < count) {
        ssize_t n = sys_write(file, bytes + written, count - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && wait_for_room(file))
            continue;
        if (n <= 0)
            return written;
        written += (size_t)n;
    }
    return written;
}

size_t sink_write_file(int file, const void *bytes, size_t count)
{
    uint64_t set = signals_of_writing(), before = 0, pended = pending();
    bool blocked = mask_change(SIG_BLOCK, &set, &before) == 0;
    errno = 0;
    size_t written = write_all(file, bytes, count);
    int error = errno;
    uint64_t sent = signal_with(error) & ~pended;
    if (sent && blocked)
        take_signal(sent);
    if (blocked)
        mask_change(SIG_SETMASK, &before, NULL);
    errno = error;
    return written;
}

bool sink_write(struct sink *s, const char *bytes, size_t count)
{
    int saved_errno = errno, file = descriptor_number(&s->file);
    bool open =
        file >= 0 && (sink_write_file(file, bytes, count) == count || errno != EBADF);
    errno = saved_errno;
    return open;
}

void sink_write_apart(const char *path, const char *bytes, size_t count)
{
    int saved_errno = errno, file = open_file(path);
    if (file >= 0) {
        sink_write_file(file, bytes, count);
        sys_close(file);
    }
    errno = saved_errno;
}
