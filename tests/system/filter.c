/* The child passes the descriptor of the notifications through a socket: what it calls for that is
 * done before its own calls are looked at, or answered by the parent like any other. */
#include "filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    /* In seconds; what takes longer is taken for a process that never ends. */
    HANGS_AFTER = 100,
    INSTRUCTIONS = 256,
    NOT_THERE = 77, /* exit status of a child that cannot set a filter */
};

static struct {
    struct failure failure;
    const long *allowed;
    size_t count;
    int socket;
} child;

static struct sock_filter statement(unsigned code, uint32_t k)
{
    return (struct sock_filter)BPF_STMT((unsigned short)code, k);
}

static struct sock_filter when(long number, uint8_t otherwise)
{
    return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0,
                                        otherwise);
}

static uint32_t action(struct answer a)
{
    if (child.failure.nth)
        return SECCOMP_RET_USER_NOTIF;
    return child.failure.traps ? SECCOMP_RET_TRAP : SECCOMP_RET_ERRNO | (uint32_t)a.error;
}

/* Some calls are answered, or all but the allowed ones are noted. */
static unsigned short write_filter(struct sock_filter *p)
{
    struct failure f = child.failure;
    unsigned short n = 0;
    p[n++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; f.count == 0 && i < child.count; i++) {
        p[n++] = when(child.allowed[i], 1);
        p[n++] = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    for (size_t i = 0; i < f.count; i++) {
        p[n++] = when(f.answers[i].number, 1);
        p[n++] = statement(BPF_RET | BPF_K, action(f.answers[i]));
    }
    p[n++] = statement(BPF_RET | BPF_K,
                       f.count == 0 ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW);
    return n;
}

/* The call returns what the handler puts into the register. */
static void on_trap(int number, siginfo_t *information, void *context)
{
    ucontext_t *c = context;
    long error = number;
    for (size_t i = 0; i < child.failure.count; i++)
        if (child.failure.answers[i].number == information->si_syscall)
            error = child.failure.answers[i].error;
#if defined __x86_64__
    c->uc_mcontext.gregs[REG_RAX] = -error;
#elif defined __aarch64__
    c->uc_mcontext.regs[0] = (unsigned long long)-error;
#endif
}

static void set_trap(void)
{
    struct sigaction a = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGSYS, &a, NULL) != 0)
        abort();
}

/* The descriptor of the notifications; -1: there are none. */
static long install(void)
{
    struct sock_filter instructions[INSTRUCTIONS];
    struct sock_fprog program = {write_filter(instructions), instructions};
    unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
                     SECCOMP_FILTER_FLAG_NEW_LISTENER;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static struct msghdr message_with(struct iovec *text, void *control, size_t bytes)
{
    return (struct msghdr){.msg_iov = text,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = bytes};
}

static void pass_on(int descriptor)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec text = {"f", 1};
    struct msghdr message = message_with(&text, control, sizeof control);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &descriptor, sizeof descriptor);
    sendmsg(child.socket, &message, 0);
}

void filter_begin(void)
{
    if (child.failure.traps)
        set_trap();
    int listener = (int)install();
    if (listener < 0)
        _exit(NOT_THERE);
    pass_on(listener);
    close(listener);
    close(child.socket);
}

/* ---- The parent ------------------------------------------------------------------------- */

/* -1: the child has ended before it began. */
static int receive(int socket)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    char byte;
    struct iovec text = {&byte, 1};
    struct msghdr message = message_with(&text, control, sizeof control);
    int descriptor = -1;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
        memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
    return descriptor;
}

static void answer(int listener, struct failure f, struct outcome *o)
{
    struct seccomp_notif asked;
    struct seccomp_notif_resp told = {0};
    memset(&asked, 0, sizeof asked);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
        return;
    told.id = asked.id;
    if (f.count == 0)
        o->unknown = asked.data.nr;
    if (f.count > 0 && ++o->seen == f.nth)
        told.error = -f.answers->error;
    else
        told.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &told);
}

/* false: nothing has happened for so long that the child hangs. */
static bool answer_all(int listener, int process, struct failure f, struct outcome *o)
{
    struct pollfd p[2] = {{process, POLLIN, 0}, {listener, POLLIN, 0}};
    while (!(p[0].revents & POLLIN)) {
        int n = poll(p, 2, HANGS_AFTER * 1000);
        if (n == 0)
            return false;
        if (p[1].revents & POLLIN)
            answer(listener, f, o);
        else if (p[1].revents)
            p[1].fd = -1; /* no process has the filter any more */
    }
    return true;
}

static void run_child(int socket, void (*body)(void *), void *argument)
{
    child.socket = socket;
    body(argument);
    _exit(0);
}

struct outcome filter_run(struct failure f, const long *allowed, size_t count,
                          void (*body)(void *), void *argument)
{
    struct outcome o = {.status = -1, .unknown = NONE};
    int sockets[2];
    child.failure = f;
    child.allowed = allowed;
    child.count = count;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        abort();
    pid_t pid = fork();
    if (pid == 0)
        run_child((close(sockets[0]), sockets[1]), body, argument);
    close(sockets[1]);
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    int listener = receive(sockets[0]);
    close(sockets[0]);
    o.hung = !answer_all(listener, process, f, &o);
    if (o.hung)
        kill(pid, SIGKILL);
    close(listener);
    close(process);
    while (waitpid(pid, &o.status, 0) < 0 && errno == EINTR)
        continue;
    return o;
}

static void begin_only(void *argument)
{
    (void)argument;
    filter_begin();
}

bool filter_works(void)
{
    struct answer a = {SYS_getpgid, EPERM};
    struct failure f = {.answers = &a, .count = 1, .nth = 1};
    struct outcome o = filter_run(f, NULL, 0, begin_only, NULL);
    return o.status == 0;
}
