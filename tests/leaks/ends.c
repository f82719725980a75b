/* Loses an object, and ends in the way that its argument names. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef WITH_GC_ALLOC
#include <gcalloc/gcalloc.h>
#define malloc gc_alloc_manual
#define free gc_free
#endif

#include "lose.h"

static volatile sig_atomic_t handled;

static void handle(int number)
{
    (void)number;
    handled++;
}

static void check(int holds)
{
    if (!holds)
        _exit(99);
}

static int is_default(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL &&
           (now.sa_flags & SA_SIGINFO) == 0;
}

/* The program learns nothing of a handler that it has not set. */
static void look(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    for (int number = 1; number < 32; number++) {
        if (number == SIGKILL || number == SIGSTOP)
            continue;
        check(is_default(number) && signal(number, handle) == SIG_DFL &&
              !is_default(number));
        check(signal(number, SIG_DFL) == handle && is_default(number));
        check(sigaction(number, &usual, NULL) == 0 && is_default(number));
    }
}

static void handle_once(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = (int)SA_RESETHAND};
    check(sigaction(SIGTERM, &action, NULL) == 0 && raise(SIGTERM) == 0 && handled == 1);
    raise(SIGTERM);
}

static void handle_always(void)
{
    check(signal(SIGTERM, handle) == SIG_DFL && raise(SIGTERM) == 0 &&
          raise(SIGTERM) == 0);
    check(handled == 2);
}

static void *run(void *object)
{
    for (;;)
        free(malloc(100));
    return object;
}

static void end_beside_threads(void)
{
    pthread_t thread;
    check(pthread_create(&thread, NULL, run, NULL) == 0 &&
          pthread_create(&thread, NULL, run, NULL) == 0);
    usleep(1000);
    kill(getpid(), SIGTERM);
    for (;;)
        pause();
}

static void end_children(pid_t child)
{
    int status;
    if (child == 0)
        _exit(0);
    check(waitpid(child, &status, 0) == child && status == 0);
}

static __attribute__((noinline)) int overflow(int depth)
{
    volatile char frame[5000];
    frame[0] = (char)depth;
    return overflow(depth + 1) + frame[0];
}

static void fault(void)
{
    *(volatile int *volatile)8 = 1;
}

/* ---- exec, of a program in whose environment nothing is preloaded ---- */

static char *no_environment[] = {NULL}, *command[] = {"true", NULL};

static void go_execl(void)
{
    execl("/bin/true", "true", NULL);
}

static void go_execle(void)
{
    execle("/bin/true", "true", NULL, no_environment);
}

static void go_execlp(void)
{
    execlp("true", "true", NULL);
}

static void go_execv(void)
{
    execv("/bin/true", command);
}

static void go_execve(void)
{
    execve("/bin/true", command, no_environment);
}

static void go_execveat(void)
{
    execveat(open("/bin", O_RDONLY), "true", command, no_environment, 0);
}

static void go_execvp(void)
{
    execvp("true", command);
}

static void go_execvpe(void)
{
    execvpe("true", command, no_environment);
}

static void go_fexecve(void)
{
    fexecve(open("/bin/true", O_RDONLY | O_CLOEXEC), command, no_environment);
}

/* A shell tries one folder after the other. */
static void miss(void)
{
    check(execve("/bin/xyzzy", command, environ) == -1);
    check(execve("/bin", command, environ) == -1);
    check(execv("/etc/passwd", command) == -1);
    check(execlp("xyzzy", "xyzzy", NULL) == -1);
    check(execveat(-1, "true", command, environ, 0) == -1);
    check(fexecve(-1, command, environ) == -1);
}

/* What only the kernel finds out. */
static void fail_late(void)
{
    char name[] = "./endsXXXXXX";
    int file = mkstemp(name);
    check(file >= 0 && write(file, "\177ELF", 4) == 4 && fchmod(file, 0700) == 0 &&
          close(file) == 0);
    check(execve(name, command, environ) == -1 && unlink(name) == 0);
}

static void exec_in_child(void)
{
    pid_t child = fork();
    if (child == 0)
        execve("/bin/true", command, no_environment);
    end_children(child);
    child = vfork();
    if (child == 0)
        execve("/bin/true", command, no_environment);
    end_children(child);
}

static const struct way {
    const char *name;
    void (*go)(void);
} ways[] = {
    {"execl", go_execl},   {"execle", go_execle},   {"execlp", go_execlp},
    {"execv", go_execv},   {"execve", go_execve},   {"execveat", go_execveat},
    {"execvp", go_execvp}, {"execvpe", go_execvpe}, {"fexecve", go_fexecve},
    {"miss", miss},        {"late", fail_late},     {"children", exec_in_child},
    {"look", look},        {"once", handle_once},   {"always", handle_always},
    {"fault", fault},      {"abort", abort},        {"threads", end_beside_threads},
};

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "";
    lose();
    overwrite();
    if (strncmp(name, "exec", 4) == 0)
        environ = no_environment;
    if (strcmp(name, "_exit") == 0)
        _exit(3);
    if (strcmp(name, "_Exit") == 0)
        _Exit(4);
    if (strcmp(name, "fork") == 0)
        end_children(fork());
    if (strcmp(name, "vfork") == 0)
        end_children(vfork());
    if (strcmp(name, "overflow") == 0)
        return overflow(0);
    if (strcmp(name, "raise") == 0)
        raise(atoi(arguments[2]));
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(name, ways[i].name) == 0)
            ways[i].go();
    return 0;
}
