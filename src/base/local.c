/* Linux's sockets of this kind, by system calls. */
#include "base/local.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/mask.h"
#include "base/os.h"
#include "base/sys.h"

enum {
    /* The system call, the same on every machine, and CLOSE_RANGE_UNSHARE: old headers lack them. */
    CLOSE_RANGE = 436,
    CLOSE_UNSHARED = 2,
    WAITING = 16, /* who may wait to be accepted */
    SECOND = 1000000000,
};

bool local_begin_table(void)
{
    return syscall(CLOSE_RANGE, 0u, ~0u, CLOSE_UNSHARED) == 0;
}

static bool bind_to(int file, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if (length >= sizeof address.sun_path)
        return errno = EINVAL, false;
    memcpy(address.sun_path + 1, name, length);
    size_t bytes = offsetof(struct sockaddr_un, sun_path) + 1 + length;
    return syscall(SYS_bind, file, &address, bytes) == 0;
}

int local_listen(const char *name)
{
    int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int file = (int)syscall(SYS_socket, AF_UNIX, kind, 0);
    if (file < 0)
        return -1;
    if (bind_to(file, name) && syscall(SYS_listen, file, WAITING) == 0)
        return file;
    int error = errno;
    sys_close(file);
    return errno = error, -1;
}

int local_accept(int listening)
{
    int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
    return (int)syscall(SYS_accept4, listening, NULL, NULL, flags);
}

int local_alarm(int signal)
{
    uint64_t set = mask_bit(signal);
    return (int)syscall(SYS_signalfd4, -1, &set, MASK_BYTES, O_CLOEXEC);
}

bool local_peer(int file, uid_t *user)
{
    struct ucred peer;
    socklen_t bytes = sizeof peer;
    if (syscall(SYS_getsockopt, file, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0)
        return false;
    *user = peer.uid;
    return true;
}

enum local_wait local_wait(int file, enum local_events events, int alarm, uint64_t until)
{
    short wanted = events == LOCAL_INPUT ? POLLIN : POLLOUT;
    struct pollfd files[] = {{.fd = alarm, .events = POLLIN},
                             {.fd = file, .events = wanted}};
    for (;;) {
        uint64_t now = os_now(), left = until > now ? until - now : 0;
        struct timespec most = {(time_t)(left / SECOND), (long)(left % SECOND)};
        struct timespec *limit = until == UINT64_MAX ? NULL : &most;
        long found = syscall(SYS_ppoll, files, 2, limit, NULL, MASK_BYTES);
        if (found > 0)
            return files[0].revents ? LOCAL_ALARM : LOCAL_READY;
        if (found == 0 || errno != EINTR)
            return LOCAL_LATE;
    }
}

ssize_t local_receive(int file, void *bytes, size_t count)
{
    return (ssize_t)syscall(SYS_recvfrom, file, bytes, count, MSG_DONTWAIT, NULL, NULL);
}

ssize_t local_send(int file, const void *bytes, size_t count)
{
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return (ssize_t)syscall(SYS_sendto, file, bytes, count, flags, NULL, 0);
}
