/* Descriptors with the file that they were opened for.  The lines of several threads are not
 * kept apart here, nor is anything buffered.  A descriptor whose file is not known is not
 * written to. */
#include "base/sink.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "base/bits.h"
#include "base/mask.h"
#include "base/sys.h"

/* Milliseconds for somebody to read from a pipe that is full. */
enum { FULL_WAITS = 100 };

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

/* The standard streams are the program's, and stay open. */
void sink_close(struct sink *s)
{
    int file = descriptor_drop(&s->file);
    if (file > STDERR_FILENO)
        sys_close(file);
}

/* ---- Writing without a signal ------------------------------------------------------ */

static bool pipe_signal_pends(void)
{
    uint64_t set = 0;
    return syscall(SYS_rt_sigpending, &set, MASK_BYTES) == 0 && (set & mask_bit(SIGPIPE));
}

static void take_pipe_signal(void)
{
    uint64_t set = mask_bit(SIGPIPE);
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

/* Writes all bytes, or as many as can be written.  Returns false if somebody has closed
 * the descriptor. */
static bool write_all(int file, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t n = sys_write(file, bytes, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && wait_for_room(file))
            continue;
        if (n <= 0)
            return n == 0 || errno != EBADF;
        bytes += n;
        count -= (size_t)n;
    }
    return true;
}

static bool write_quietly(int file, const char *bytes, size_t count)
{
    uint64_t set = mask_bit(SIGPIPE), before = 0;
    bool pended = pipe_signal_pends();
    bool blocked = mask_change(SIG_BLOCK, &set, &before) == 0;
    errno = 0;
    bool open = write_all(file, bytes, count);
    if (errno == EPIPE && !pended && blocked)
        take_pipe_signal();
    if (blocked)
        mask_change(SIG_SETMASK, &before, NULL);
    return open;
}

bool sink_write(struct sink *s, const char *bytes, size_t count)
{
    int saved_errno = errno, file = descriptor_number(&s->file);
    bool open = file >= 0 && write_quietly(file, bytes, count);
    errno = saved_errno;
    return open;
}

void sink_write_apart(const char *path, const char *bytes, size_t count)
{
    int saved_errno = errno, file = open_file(path);
    if (file >= 0) {
        write_quietly(file, bytes, count);
        sys_close(file);
    }
    errno = saved_errno;
}
