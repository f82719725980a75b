/* A cache that several processes share, while somebody kills them: gccache [OPTION...]
 *
 * Workers, each a process of its own, get and put as fast as they can; each value is checked.  At random
 * moments one of them is killed, wherever it is, and another takes its place. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "worker.h"

enum {
    KILL_EVERY = 40 /* milliseconds, on average */,
    PATIENCE = 120 /* seconds */
};

struct demo {
    unsigned workers, seconds, kills_most; /* 0 kills: as many as there is time for */
    size_t entries, limit;
    int board_file;
    struct board *board;
    struct cache *cache;
    pid_t pids[WORKERS_MOST];
    unsigned kills, crashes;
    double start, next_kill, next_line;
    struct tally last; /* as of the last line */
};

static volatile sig_atomic_t interrupted;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- Workers ---------------------------------------------------------------------------------------- */

/* The program itself, which finds the board at a descriptor: nothing else is left of this process. */
static void exec_worker(const struct demo *d, unsigned number)
{
    char file[16], place[16];
    snprintf(file, sizeof file, "%d", d->board_file);
    snprintf(place, sizeof place, "%u", number);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execl("/proc/self/exe", "gccache", "worker", file, place, (char *)NULL);
    perror("exec");
    _exit(1);
}

static void start_worker(struct demo *d, unsigned number)
{
    pid_t pid = fork();
    if (pid == 0)
        exec_worker(d, number);
    if (pid < 0) {
        perror("fork");
        d->crashes++;
    }
    d->pids[number] = pid;
}

/* One that nobody has killed ends only when it is over, with status 0. */
static void note_end(struct demo *d, unsigned number, int status)
{
    if (WIFSIGNALED(status))
        fprintf(stderr, "worker %u died: %s\n", number, strsignal(WTERMSIG(status)));
    d->crashes +=
        !WIFEXITED(status) || WEXITSTATUS(status) != 0 || !atomic_load(&d->board->over);
    d->pids[number] = 0;
}

static void look_at_workers(struct demo *d, int how)
{
    for (unsigned i = 0; i < d->workers; i++) {
        int status;
        if (d->pids[i] > 0 && waitpid(d->pids[i], &status, how) == d->pids[i])
            note_end(d, i, status);
    }
}

static bool any_works(const struct demo *d)
{
    for (unsigned i = 0; i < d->workers; i++)
        if (d->pids[i] > 0)
            return true;
    return false;
}

/* They end soon, now that it is over; one that does not waits for something in vain. */
static void await_workers(struct demo *d)
{
    for (int i = 0; i < 100 * PATIENCE && any_works(d); i++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        look_at_workers(d, WNOHANG);
    }
    for (unsigned i = 0; i < d->workers; i++)
        if (d->pids[i] > 0) {
            fprintf(stderr, "worker %u does not come to an end\n", i);
            kill(d->pids[i], SIGABRT);
        }
    look_at_workers(d, 0);
}

static void kill_one(struct demo *d)
{
    int status;
    unsigned number = (unsigned)rand() % d->workers;
    look_at_workers(d, WNOHANG);
    if (d->pids[number] <= 0)
        return;
    kill(d->pids[number], SIGKILL);
    waitpid(d->pids[number], &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        d->kills++;
    else
        note_end(d, number, status);
    start_worker(d, number);
}

/* ---- What is said ----------------------------------------------------------------------------------- */

static struct tally sum(const struct demo *d)
{
    struct tally s = {0};
    for (unsigned i = 0; i < d->workers; i++) {
        struct tally *t = &d->board->tallies[i];
        s.gets += atomic_load(&t->gets);
        s.hits += atomic_load(&t->hits);
        s.puts += atomic_load(&t->puts);
        s.wrong += atomic_load(&t->wrong);
    }
    return s;
}

static double percent(unsigned long part, unsigned long whole)
{
    return whole ? 100 * (double)part / (double)whole : 0;
}

static void print_line(struct demo *d, double seconds)
{
    struct gc_region_stats s;
    struct tally t = sum(d);
    unsigned long gets = t.gets - d->last.gets;
    gc_region_stats(cache_region(d->cache), &s);
    printf("%4.0f s %11.0f %9.0f %7.1f %% %7u %13llu %14zu\n", now() - d->start,
           (double)gets / seconds, (double)(t.puts - d->last.puts) / seconds,
           percent(t.hits - d->last.hits, gets), d->kills,
           (unsigned long long)s.collections, s.live_objects);
    fflush(stdout);
    d->last = t;
}

static void print_head(const struct demo *d)
{
    printf("A cache of %zu entries in shared memory, %s, and %u processes that use it.\n"
           "Now and then one of them is killed at once (kill -9), wherever it is, and "
           "another one starts.\n\n"
           "%6s %11s %9s %9s %7s %13s %14s\n",
           d->entries, d->board->name, d->workers, "", "gets/s", "puts/s", "hits",
           "kills", "collections", "live objects");
    fflush(stdout);
}

/* ---- The run ---------------------------------------------------------------------------------------- */

static void sleep_until(double when)
{
    double left = when - now();
    struct timespec t = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    if (left > 0)
        nanosleep(&t, NULL);
}

static bool is_over(const struct demo *d)
{
    if (interrupted || d->crashes)
        return true;
    return d->kills_most ? d->kills >= d->kills_most : now() >= d->start + d->seconds;
}

static void run(struct demo *d)
{
    d->start = now();
    d->next_kill = d->start;
    d->next_line = d->start + 1;
    for (unsigned i = 0; i < d->workers; i++)
        start_worker(d, i);
    while (!is_over(d)) {
        sleep_until(d->next_kill < d->next_line ? d->next_kill : d->next_line);
        if (now() >= d->next_line) {
            print_line(d, now() - d->next_line + 1);
            d->next_line = now() + 1;
        }
        if (now() >= d->next_kill) {
            kill_one(d);
            d->next_kill = now() + (rand() % (2 * KILL_EVERY) + 1) / 1e3;
        }
    }
    atomic_store(&d->board->over, true);
    await_workers(d);
}

/* NULL, or what is wrong with the region or the cache now that all workers are gone. */
static const char *look_at_all(struct demo *d, struct gc_region_stats *s, size_t *entries)
{
    gc_region *r = cache_region(d->cache);
    if (gc_region_collect(r) != 0 || gc_region_check(r) != 0 ||
        gc_region_stats(r, s) != 0)
        return gc_region_error();
    const char *fault = cache_check(d->cache, entries);
    if (!fault && s->live_objects != *entries + 1)
        fault = "there are objects that are neither the table nor in it";
    return fault;
}

/* The program's exit status. */
static int conclude(struct demo *d)
{
    struct gc_region_stats s = {0};
    size_t entries = 0;
    const char *fault = look_at_all(d, &s, &entries);
    struct tally t = sum(d);
    printf("\n%lu values were read and checked: %lu were wrong.\n", t.hits + t.wrong,
           t.wrong);
    printf("%u processes were killed, %u ended otherwise.\n", d->kills, d->crashes);
    if (fault)
        printf("The region is NOT sound: %s.\n", fault);
    else
        printf("The region was checked: it is sound, with %zu entries and the table, %zu "
               "KiB, and nothing else.\n",
               entries, s.live_bytes / 1024);
    bool good = !fault && !t.wrong && !d->crashes && t.hits && !interrupted;
    printf("\n%s\n", good          ? "PASSED: no kill did any harm."
                     : interrupted ? "INTERRUPTED."
                                   : "FAILED.");
    return good ? 0 : 1;
}

/* ---- The command line ------------------------------------------------------------------------------- */

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static struct board *map_board(int file)
{
    void *p =
        mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return p == MAP_FAILED ? NULL : p;
}

static int run_worker(char **arguments)
{
    struct board *b = map_board(atoi(arguments[0]));
    unsigned number = (unsigned)atoi(arguments[1]);
    return b && number < WORKERS_MOST ? work(b, number) : 2;
}

static bool prepare(struct demo *d)
{
    d->board_file = memfd_create("board", 0);
    if (d->board_file < 0 || ftruncate(d->board_file, sizeof(struct board)) != 0 ||
        !(d->board = map_board(d->board_file)))
        return perror("memfd"), false;
    d->board->entries = d->entries;
    d->board->limit = d->limit;
    snprintf(d->board->name, sizeof d->board->name, "/gccache-%d", (int)getpid());
    d->cache = cache_open(d->board->name, d->entries, d->limit);
    if (!d->cache)
        return fprintf(stderr, "gccache: %s\n", gc_region_error()), false;
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
    srand((unsigned)time(NULL));
    return true;
}

/* 0: it is no number from 1 on. */
static unsigned number_of(const char *text, unsigned most)
{
    unsigned long number = strtoul(text, NULL, 10);
    return number <= most ? (unsigned)number : 0;
}

static bool parse(struct demo *d, int argc, char **argv)
{
    for (int letter; (letter = getopt(argc, argv, "s:w:k:e:m:")) != -1;) {
        unsigned number = letter == '?' ? 0 : number_of(optarg, 1000000);
        if (number == 0 || (letter == 'w' && number > WORKERS_MOST))
            return false;
        if (letter == 's')
            d->seconds = number;
        else if (letter == 'w')
            d->workers = number;
        else if (letter == 'k')
            d->kills_most = number;
        else if (letter == 'm')
            d->limit = (size_t)number << 20;
        else
            d->entries = number;
    }
    if (!d->limit) /* room for twice as much as entries take, and some more */
        d->limit = ((size_t)32 << 20) + d->entries * 1200;
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct demo d = {.workers = 4, .seconds = 10, .entries = 4096};
    if (argc == 4 && strcmp(argv[1], "worker") == 0)
        return run_worker(argv + 2);
    if (!parse(&d, argc, argv))
        return fputs("usage: gccache [-s SECONDS] [-w WORKERS] [-e ENTRIES] [-m MIB]\n"
                     "               [-k KILLS]\n"
                     "-m: limit of the region's objects\n"
                     "-k: until so many processes were killed, however long that takes\n",
                     stderr),
               2;
    if (!prepare(&d))
        return 1;
    print_head(&d);
    run(&d);
    int status = conclude(&d);
    cache_close(d.cache);
    gc_region_unlink(d.board->name, 0);
    return status;
}
