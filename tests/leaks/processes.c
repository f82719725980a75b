/* Programs that make processes, or end in other ways than by exit. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "programs.h"

static NOINLINE void lose_one(size_t size)
{
    kept[0] = NEW(size);
    kept[0] = NULL;
}

/* The child ends as programs do; what is to be found of it has a line of its own. */
static void fork_one(const struct program *child, void (*work)(void))
{
    pid_t process = fork();
    if (process == 0) {
        if (work)
            deeply(work);
        exit(EXIT_SUCCESS);
    }
    if (process < 0 || waitpid(process, NULL, 0) != process)
        abort();
    print_expected(child, ".child", process);
}

/* What has leaked before has leaked in both. */
static void forked_after(void)
{
    lose_one(24);
    fork_one(&(struct program){.name = "forked_after", .definite = {1, 24}}, NULL);
}

static void lose_in_child(void)
{
    lose_one(48);
}

static void forked_before(void)
{
    fork_one(&(struct program){.name = "forked_before", .definite = {1, 48}},
             lose_in_child);
}

static void forked_and_executed(void)
{
    lose_one(56);
    pid_t process = vfork();
    if (process == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    if (process < 0 || waitpid(process, NULL, 0) != process)
        abort();
}

static void ended_at_once(void)
{
    lose_one(64);
    _exit(EXIT_SUCCESS);
}

static void aborted(void)
{
    lose_one(72);
    abort();
}

static void crashed(void)
{
    lose_one(80);
    volatile int *volatile nothing = NULL;
    *nothing = 1;
}

const struct program process_programs[] = {
    {.name = "forked_after", forked_after, .definite = {1, 24}},
    {.name = "forked_before", forked_before},
    {.name = "forked_and_executed", forked_and_executed, .definite = {1, 56}},
    {.name = "ended_at_once", ended_at_once, .definite = {1, 64}},
    {.name = "aborted", aborted, .definite = {1, 72}, .signal = SIGABRT},
    {.name = "crashed", crashed, .definite = {1, 80}, .signal = SIGSEGV},
    {.name = NULL},
};
