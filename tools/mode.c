/* The modes and the flags, as two tables, and their help. */
#include "mode.h"

#include <stdio.h>
#include <string.h>

enum { RANGE_ANY_MOST = 1000000000 };

static const struct mode modes[] = {
    {"leaks", 'l', "leaks=1:mappings=1",
     "Runs the program, and says when it ends what leaked: what was allocated, not "
     "freed, and is\n"
     "not reachable any more, by the call stack that allocated it.  Double frees and "
     "frees of what\n"
     "was never allocated are reported at once.  Build with -g to see files and lines.\n",
     "  gcalloc leaks ./prog input.txt\n"
     "  gcalloc leaks --error-exitcode=99 -o leaks.txt ./test-suite\n"
     "  gcalloc leaks --json -o report.%p ./server    a file for each process\n"
     "  gcalloc leaks --live ./server                 and, while it runs:\n"
     "  gcalloc leaks --pid=4711 -o now.txt\n"},
    {"guard", 'g', "stacks=some:canary=1:poison=1:mismatch=1:fence=1000",
     "Runs the program, and reports what it does wrong with its objects, with the stacks "
     "that allocated\n"
     "and freed them: double frees and pointers that were never allocated, at once; "
     "writes beyond the\n"
     "end, when the object is freed or resized, by collections, and when the program "
     "ends; writes\n"
     "to what was freed, when that is to be used again, and when the program ends; what "
     "malloc, new or\n"
     "new[] gave and another family's function frees; of some objects each use beyond "
     "the "
     "end or after\n"
     "the free, at once, where the program ends by it.\n"
     "Build with -g to see files and lines.\n",
     "  gcalloc guard ./prog\n"
     "  gcalloc guard --error-exitcode=99 -o report.txt ./test-suite\n"
     "  gcalloc guard --on-bad-free=abort ./prog      ends at the first one, for a "
     "debugger\n"},
    {"collect", 'c', "collect=1",
     "Runs the program, and reclaims while it runs what nothing reaches any more: free "
     "becomes\n"
     "optional, and leaks cost no memory.  See gcalloc(1) for what it cannot see.\n",
     "  gcalloc collect ./server --port 8080\n"
     "  gcalloc collect --log ./prog                  a line for each collection\n"},
    {"profile", 'p', "depth=64:mappings=1",
     "Runs the program, and records who allocates: one object for each 512 KiB, or every "
     "one, with\n"
     "the call stack, and when it is freed.  `gcalloc report FILE` says what the "
     "recording "
     "tells: what\n"
     "was allocated where, what was alive when most memory was used and at the end, what "
     "was\n"
     "temporary.  A program that is killed leaves its recording, too.\n",
     "  gcalloc profile ./prog input.txt              records to prog.PROCESS.gcp\n"
     "  gcalloc profile --exact -o run.gcp ./prog && gcalloc report run.gcp\n"},
    {"run", 'r', "", "Runs the program with gcalloc's heap as its malloc, and no more.\n",
     "  gcalloc run ./prog\n"
     "  gcalloc run --heap-limit=512M --stats ./prog\n"
     "  gcalloc run --quarantine ./server             what is freed too early does no "
     "harm\n"},
};

const struct flag flags[] = {
    {"output", 'o', FLAG_FILE, "lgcr", "FILE", "report", NULL, 0, 0,
     "reports go there; %p is the process; else to stderr"},
    {"output", 'o', FLAG_FILE, "p", "FILE", "profile", NULL, 0, 0,
     "the recording; %p is the process; else PROGRAM.%p.gcp"},
    {"exact", 'X', FLAG_SET, "p", NULL, "profile_every", "0", 0, 0,
     "record every object"},
    {"every", 'E', FLAG_SIZE, "p", "SIZE", "profile_every", NULL, 0, 0,
     "record one object for about so many bytes; 512K"},
    {"leaks", 'k', FLAG_SWITCH, "p", "YES", "profile_leaks", "yes|no", 0, 0,
     "a collection at the end finds what has leaked; yes"},
    {"holders", 'H', FLAG_SWITCH, "p", "YES", "profile_holders", "yes|no", 0, 0,
     "record at the end what holds what is alive; no"},
    {"json", 'j', FLAG_SET, "lcr", NULL, "report_format", "json", 0, 0,
     "reports are JSON, one object on a line"},
    {"error-exitcode", 'e', FLAG_NUMBER, "lg", "N", "exit_code", NULL, 0, 255,
     "exit status if something was found; else the program's"},
    {"pid", 'P', FLAG_PROCESS, "l", "PID", NULL, NULL, 0, 0,
     "no program: a report of one that runs with --live, now"},
    {"every", 'E', FLAG_SECONDS, "l", "SECONDS", NULL, NULL, 1, 1000000,
     "with --pid: what has come to be alive, again and again"},
    {"suppressions", 's', FLAG_FILE, "l", "FILE", "suppressions", NULL, 0, 0,
     "leaks to leave out, as LeakSanitizer's or memcheck's"},
    {"gen-suppressions", 'G', FLAG_SET, "l", NULL, "gen_suppressions", "1", 0, 0,
     "the report has suppressions for what it lists"},
    {"groups", 'g', FLAG_NUMBER, "l", "N", "groups", NULL, 0, RANGE_ANY_MOST,
     "list so many groups of leaks; 100, 0: all"},
    {"mappings", 'A', FLAG_SWITCH, "lp", "YES", "mappings", "yes|no", 0, 0,
     "pointers in all memory of the process count; yes"},
    {"all", 'a', FLAG_SET, "l", NULL, "leaks", "all", 0, 0,
     "also what gc_alloc gave and nobody freed"},
    {"stacks", 'S', FLAG_SET, "l", NULL, "stacks", "1", 0, 0,
     "record who frees, too, for reports of double frees"},
    {"stacks", 'S', FLAG_CHOICE, "g", "WHICH", "stacks", "some|all", 0, 0,
     "all: the whole call stack of each allocation and free; some"},
    {"depth", 'd', FLAG_NUMBER, "lg", "N", "depth", NULL, 1, 256,
     "frames of each call stack; 16"},
    {"depth", 'd', FLAG_NUMBER, "p", "N", "depth", NULL, 1, 256,
     "frames of each call stack; 64"},
    {"on-bad-free", 'b', FLAG_CHOICE, "lg", "WHAT", "on_bad_free", "warn|abort", 0, 0,
     "after a report, warn (and go on) or abort"},
    {"canary", 'c', FLAG_SWITCH, "g", "YES", "canary", "yes|no", 0, 0,
     "look for writes beyond the end of objects; yes"},
    {"poison", 'p', FLAG_SWITCH, "g", "YES", "poison", "yes|no", 0, 0,
     "look for writes to objects that were freed; yes"},
    {"mismatch", 'x', FLAG_SWITCH, "g", "YES", "mismatch", "yes|no", 0, 0,
     "look whether new is followed by delete, malloc by free; yes"},
    {"fence", 'F', FLAG_NUMBER, "g", "N", "fence", NULL, 0, RANGE_ANY_MOST,
     "one in so many objects ends at a page nobody can use; 1000"},
    {"quarantine", 'q', FLAG_SWITCH, "g", "YES", "quarantine", "yes|no", 0, 0,
     "use freed memory again when nothing points to it; no"},
    {"quarantine", 'Q', FLAG_SET, "r", NULL, "quarantine", "1", 0, 0,
     "use freed memory again when nothing points to it"},
    {"dangling", 'D', FLAG_SET, "g", NULL, "quarantine", "report", 0, 0,
     "quarantine, and report what points to freed objects"},
    {"heap-limit", 'm', FLAG_SIZE, "lgcrp", "SIZE", "heap_limit", NULL, 0, 0,
     "most memory for the heap, such as 512M"},
    {"memory", 'M', FLAG_NUMBER, "c", "N", "memory", NULL, 0, 100,
     "percent of the time to spend for a small heap; 5"},
    {"pause", 'p', FLAG_NUMBER, "c", "MS", "pause", NULL, 0, RANGE_ANY_MOST,
     "longer collections go on beside the program"},
    {"compact", 'C', FLAG_SET, "cr", NULL, "compact", "mesh", 0, 0,
     "blocks with few objects share memory"},
    {"log", 'v', FLAG_SET, "lgcrp", NULL, "log", "1", 0, 0, "a line for each collection"},
    {"log-file", 'L', FLAG_FILE, "lgcrp", "FILE", "log_file", NULL, 0, 0,
     "messages go there; else to stderr"},
    {"stats", 't', FLAG_SET, "lgcrp", NULL, "stats", "1", 0, 0,
     "statistics of the heap at the end"},
    {"live", 'l', FLAG_SET, "lgcrp", NULL, "control", "1", 0, 0,
     "`gcalloc stat` and its like may ask it while it runs"},
    {"follow-fork", 'f', FLAG_CHILDREN, "lgcrp", "WHICH", "process", "yes|no", 0, 0,
     "yes: child processes, too; no: the program alone"},
    {"options", 'O', FLAG_OPTIONS, "lgcrp", "KEY=VALUE", NULL, NULL, 0, 0,
     "any option of the library; several joined by :"},
    {"help", 'h', FLAG_HELP, "lgcrp", NULL, NULL, NULL, 0, 0, "this text"},
};

const size_t flag_count = sizeof flags / sizeof *flags;

const struct mode *mode_find(const char *name)
{
    if (strcmp(name, "malloc") == 0)
        name = "run";
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    return NULL;
}

bool flag_is_of(const struct flag *f, const struct mode *m)
{
    return strchr(f->modes, m->letter);
}

static void print_flag(const struct flag *f)
{
    char text[64];
    snprintf(text, sizeof text, "-%c, --%s%s%s", f->letter, f->name,
             f->argument ? "=" : "", f->argument ? f->argument : "");
    printf("  %-26s %s\n", text, f->what);
}

void mode_print_usage(const struct mode *m)
{
    printf("usage: gcalloc %s [FLAGS] [--] PROGRAM [ARGUMENTS]\n\n%s\n", m->name,
           m->about);
    for (size_t i = 0; i < flag_count; i++)
        if (flag_is_of(&flags[i], m))
            print_flag(&flags[i]);
    printf("\nexamples:\n%s", m->examples);
}
