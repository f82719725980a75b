/* Start-up: the time from creating a process that allocates one object, or none, to its
 * end.
 *
 * usage: startup one|none PROCESSES: how many objects a process allocates, and how many
 * processes there are (an odd number)
 *
 * The program starts itself.  The result is the median time of a process.  The memory is
 * the resident set that a process has at its end: for `none` all of it, for `one` what
 * comes on top of that; the median again. */
#include "measure.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROCESSES 9999
#define RSS_PROCESSES 15
#define ANSWER 42 /* the exit status of a process that allocated */

static const char usage[] = "one|none PROCESSES";

extern char **environ;

/* ---- The process that is measured: startup one|none child|stop -------------------- */

/* `stop`: so that the parent can look at its memory. */
static int child(bool allocates, bool stops)
{
    int *volatile object = NULL;

    if (allocates) {
        peer_init();
        object = peer_alloc(sizeof(*object));
        *object = ANSWER;
    }
    if (stops)
        raise(SIGSTOP);
    return object ? *object : 0;
}

/* ---- Its parent ------------------------------------------------------------------ */

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static pid_t child_start(bool allocates, const char *mode)
{
    char *arguments[] = {"startup", allocates ? "one" : "none", (char *)mode, NULL};
    pid_t pid;
    int error = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ);

    if (error) {
        errno = error;
        fail("startup: cannot start a process");
    }
    return pid;
}

/* Waits for the end of the child and returns its exit status. */
static uint64_t child_wait(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid)
        fail("startup: waitpid");
    if (!WIFEXITED(status)) {
        fprintf(stderr, "startup: a process ended by signal %d\n", WTERMSIG(status));
        exit(1);
    }
    return (uint64_t)WEXITSTATUS(status);
}

/* The resident set of a stopped process, in KiB. */
static uint64_t read_rss(pid_t pid)
{
    char path[64], line[256];
    uint64_t rss = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    file = fopen(path, "r");
    if (!file)
        fail(path);
    while (rss == 0 && fgets(line, sizeof(line), file))
        sscanf(line, "Rss: %" SCNu64, &rss);
    fclose(file);
    return rss;
}

static uint64_t child_rss(bool allocates)
{
    uint64_t values[RSS_PROCESSES];

    for (int i = 0; i < RSS_PROCESSES; i++) {
        pid_t pid = child_start(allocates, "stop");
        int status;

        if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status)) {
            fprintf(stderr, "startup: a process did not stop\n");
            exit(1);
        }
        values[i] = read_rss(pid);
        kill(pid, SIGCONT);
        child_wait(pid);
    }
    return measure_median(values, RSS_PROCESSES);
}

/* The memory that is reported, in KiB. */
static long rss_result(bool allocates)
{
    long none = (long)child_rss(false), one;

    if (!allocates)
        return none;
    one = (long)child_rss(true);
    return one > none ? one - none : 0;
}

int main(int argc, char **argv)
{
    static uint64_t times[MAX_PROCESSES];
    uint64_t checksum = 0;
    bool allocates;
    size_t count;

    measure_count(argc, argv, 2, usage);
    allocates = measure_choice(argv, 1, "one", "none", usage);
    if (strcmp(argv[2], "child") == 0 || strcmp(argv[2], "stop") == 0)
        return child(allocates, strcmp(argv[2], "stop") == 0);

    count = (size_t)measure_number(argv, 2, 1, MAX_PROCESSES, usage) | 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t start = measure_now_ns();

        checksum += child_wait(child_start(allocates, "child"));
        times[i] = measure_now_ns() - start;
    }
    measure_report_with_rss(measure_median(times, count), 1, checksum,
                            rss_result(allocates));
    return 0;
}
