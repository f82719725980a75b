/* Run-time options, one table for the variable GCALLOC_OPTIONS and gc_option_set.  What
 * an option does is not known here.  A value is always one that its type allows. */
#ifndef GCALLOC_BASE_OPTIONS_H
#define GCALLOC_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bits.h"

enum option_type {
    OPTION_FLAG,   /* 0 or 1 */
    OPTION_COUNT,  /* a whole number */
    OPTION_STATUS, /* a process's, from 0 to 255 */
    OPTION_SIZE,   /* bytes, with an optional K, M, G or T */
    OPTION_CHOICE, /* one of some names; the value is its place among them, from 0 */
    OPTION_PATH,   /* of a file */
};

enum option_time {
    OPTION_ANY_TIME,
    OPTION_AT_START, /* before the heap is made */
};

/* The names of choices, in the order of the values. */
#define OS_CHOICES "mmap|sbrk"
#define FIT_CHOICES "first|best|next|buddy|adaptive"

#define TRACKING_CHOICES "kernel|barrier|0"

/* Values of option tracking. */
enum { TRACKING_KERNEL, TRACKING_BARRIER, TRACKING_NONE };

#define GENERATIONS_CHOICES "never|auto|always"

/* Values of option generations. */
enum { GENERATIONS_NEVER, GENERATIONS_AUTO, GENERATIONS_ALWAYS };

#define UNALIGNED_CHOICES "auto|0|1"

/* Values of option unaligned. */
enum { UNALIGNED_AUTO, UNALIGNED_NO, UNALIGNED_YES };

#define QUARANTINE_CHOICES "0|1|report"

/* Values of option stacks. */
#define STACKS_CHOICES "0|1|some|all"
enum { STACKS_NONE, STACKS_1, STACKS_SOME, STACKS_ALL };

/* Values of option quarantine. */
enum { QUARANTINE_NONE, QUARANTINE_MARK, QUARANTINE_REPORT };

/* Values of option leaks. */
enum { LEAKS_NONE, LEAKS_MANUAL, LEAKS_ALL };

/* Values of option report_format, and of on_bad_free. */
enum { FORMAT_TEXT, FORMAT_JSON };
enum { BAD_FREE_WARN, BAD_FREE_ABORT };

/* Values of option finalizers. */
enum { FINALIZERS_CALLED, FINALIZERS_THREAD };

/* Each option is X(key, type, time, default, meaning); a choice's meaning begins with its
 * names. */
#define OPTIONS(X)                                                                       \
    X(heap_limit, SIZE, ANY_TIME, 0,                                                     \
      "most memory that the heap may hold; 0: no limit but the system's")                \
    X(reserve, SIZE, AT_START, GIB(1024),                                                \
      "address space to set aside for the heap; halved until the system grants it")      \
    X(os, CHOICE, AT_START, 0, OS_CHOICES ": where the heap's memory comes from")        \
    X(fit, CHOICE, AT_START, 0, FIT_CHOICES ": which free units serve a request")        \
    X(floor, SIZE, ANY_TIME, MIB(8),                                                     \
      "allocation between two collections of small heaps")                               \
    X(growth, COUNT, ANY_TIME, 200,                                                      \
      "allocation between two collections, in percent of what survived the last")        \
    X(memory, COUNT, ANY_TIME, 5,                                                        \
      "percent of the time that collecting may take to keep the heap small; 0: off")     \
    X(compact, CHOICE, AT_START, 0,                                                      \
      "0|mesh: have blocks with few objects share memory, at their addresses")           \
    X(generations, CHOICE, ANY_TIME, GENERATIONS_NEVER,                                  \
      GENERATIONS_CHOICES ": whether most collections look for new garbage only")        \
    X(young, SIZE, ANY_TIME, 0,                                                          \
      "allocation between two of these; 0: by how much survives them")                   \
    X(pause, COUNT, ANY_TIME, 0,                                                         \
      "milliseconds; collections that take longer mark beside the program; 0: none do")  \
    X(tracking, CHOICE, AT_START, 0,                                                     \
      TRACKING_CHOICES ": who tells of writes to old objects; 0: nobody")                \
    X(gc_share, COUNT, ANY_TIME, 0,                                                      \
      "most time to spend collecting, in percent: the heap grows for it; 0: off")        \
    X(pressure, FLAG, ANY_TIME, 1,                                                       \
      "give way to other processes while memory is short, by a smaller budget")          \
    X(region_wait, COUNT, ANY_TIME, 1000,                                                \
      "milliseconds that a collection of a region waits for other processes' brackets")  \
    X(idle, COUNT, ANY_TIME, 5000,                                                       \
      "milliseconds without allocation until memory goes back; 0: never")                \
    X(markers, COUNT, ANY_TIME, 0,                                                       \
      "threads that mark together; 0: one for each processor, at most 16")               \
    X(huge_pages, SIZE, AT_START, MIB(4),                                                \
      "heap size from which the system is asked for huge pages; 0: never")               \
    X(stress, COUNT, ANY_TIME, 0, "collect at every Nth refill of a cache; 0: off")      \
    X(verify, FLAG, ANY_TIME, 0,                                                         \
      "check every collection against a naive marker; abort on a difference")            \
    X(end_pointers, FLAG, AT_START, 0,                                                   \
      "a pointer one past the end keeps objects of every size and kind alive")           \
    X(collect, FLAG, AT_START, 0,                                                        \
      "as malloc: reclaim what nothing reaches any more, freed or not")                  \
    X(mappings, FLAG, AT_START, 0,                                                       \
      "in searches for leaks, all memory of the process may have pointers")              \
    X(unaligned, CHOICE, AT_START, UNALIGNED_AUTO,                                       \
      UNALIGNED_CHOICES                                                                  \
      ": words at multiples of 4, not 8, may be pointers, too; auto: with collect")      \
    X(leaks, CHOICE, AT_START, 0,                                                        \
      "0|1|all: report unreachable manual objects, or all that were not freed, at exit") \
    X(stacks, CHOICE, AT_START, 0,                                                       \
      STACKS_CHOICES                                                                     \
      ": record where objects are allocated and freed; some: mostly in brief")           \
    X(canary, FLAG, AT_START, 0,                                                         \
      "look for writes beyond the ends of objects, at frees, collections and exit")      \
    X(poison, FLAG, AT_START, 0, "look for writes to objects that were freed")           \
    X(mismatch, FLAG, AT_START, 0,                                                       \
      "as malloc: look whether what malloc, new and new[] gave is freed by their like")  \
    X(quarantine, CHOICE, AT_START, 0,                                                   \
      QUARANTINE_CHOICES                                                                 \
      ": use freed memory again when nothing points to it; report: say what does")       \
    X(track, FLAG, AT_START, 0,                                                          \
      "under memcheck or with AddressSanitizer: tell it of each object")                 \
    X(fence, COUNT, AT_START, 0,                                                         \
      "as malloc: one in so many objects ends at a page that nobody can use; 0: none")   \
    X(depth, COUNT, ANY_TIME, 16, "frames recorded of each call stack, at most 256")     \
    X(exit_code, STATUS, ANY_TIME, 0,                                                    \
      "exit status of a program that leaks, at most 255; 0: its own")                    \
    X(profile, PATH, AT_START, 0,                                                        \
      "file for a recording of who allocates; %p in it is the process")                  \
    X(profile_every, SIZE, AT_START, KIB(512),                                           \
      "record an object for about so many bytes; 0: every object")                       \
    X(profile_leaks, FLAG, AT_START, 1,                                                  \
      "record at the end, by a collection, what has leaked")                             \
    X(profile_holders, FLAG, AT_START, 0,                                                \
      "record at the end what holds the objects that are alive")                         \
    X(profile_seed, COUNT, AT_START, 0,                                                  \
      "beginning of the random numbers that choose these; 0: another each time")         \
    X(report, PATH, AT_START, 0,                                                         \
      "file for reports; %p in it is the process; else the log")                         \
    X(groups, COUNT, ANY_TIME, 100, "most groups of leaks that a report lists; 0: all")  \
    X(report_format, CHOICE, ANY_TIME, 0, "text|json: how reports are written")          \
    X(suppressions, PATH, AT_START, 0,                                                   \
      "file of leaks to leave out, as LeakSanitizer's or memcheck's")                    \
    X(gen_suppressions, FLAG, ANY_TIME, 0,                                               \
      "reports of leaks have suppressions for what they list, as memcheck's")            \
    X(process, COUNT, AT_START, 0,                                                       \
      "the process whose leaks, profile, log and statistics are told; 0: children's, "   \
      "too")                                                                             \
    X(control, FLAG, AT_START, 0,                                                        \
      "`gcalloc stat` and its like may ask the process while it runs")                   \
    X(on_bad_free, CHOICE, ANY_TIME, 0, "warn|abort: what follows the report")           \
    X(finalizers, CHOICE, ANY_TIME, 0,                                                   \
      "call|thread: run by gc_finalizers_run only, or also on a thread of the "          \
      "library's")                                                                       \
    X(finalize_at_exit, FLAG, ANY_TIME, 0,                                               \
      "when the program ends, run all finalizers that are left")                         \
    X(log, FLAG, ANY_TIME, 0, "one line per collection")                                 \
    X(log_file, PATH, ANY_TIME, 0, "file that messages are appended to; else stderr")    \
    X(stats, FLAG, ANY_TIME, 0, "print the statistics when the program ends")            \
    X(signal, COUNT, AT_START, 0,                                                        \
      "real-time signal that stops threads; 0: SIGRTMIN + 18")                           \
    X(help, FLAG, AT_START, 0, "list the options when the heap is made")

/* The C types of the values. */
struct option_path {
    char text[1024]; /* from the root */
};

#define OPTION_VALUE_FLAG size_t
#define OPTION_VALUE_COUNT size_t
#define OPTION_VALUE_STATUS size_t
#define OPTION_VALUE_SIZE size_t
#define OPTION_VALUE_CHOICE size_t
#define OPTION_VALUE_PATH struct option_path

/* The initial values of each type; no path has one. */
#define OPTION_START_FLAG(initial) (initial)
#define OPTION_START_COUNT(initial) (initial)
#define OPTION_START_STATUS(initial) (initial)
#define OPTION_START_SIZE(initial) (initial)
#define OPTION_START_CHOICE(initial) (initial)
#define OPTION_START_PATH(initial) \
    {                              \
        ""                         \
    }

struct options {
#define OPTION_MEMBER(key, type, time, initial, meaning) OPTION_VALUE_##type key;
    OPTIONS(OPTION_MEMBER)
#undef OPTION_MEMBER
};

SHARED_DATA struct options options;

/* The value of an option of ANY_TIME, which another thread may set meanwhile. */
#define OPTION_NOW(key) __atomic_load_n(&options.key, __ATOMIC_RELAXED)

/* Sets one option; `started` says that the heap exists.  Returns 0 or the error number:
 * ENOENT, EINVAL (also for a file that cannot be opened) or EBUSY. */
int options_set(const char *key, const char *value, bool started);

/* Reads GCALLOC_OPTIONS.  What is wrong in it is named in the log and left out. */
void options_read_environment(void);

/* In a process that option process does not name: it tells of no leaks, and has no recording, log nor statistics. */
void options_forked(void);

/* Whether words at multiples of 4 may be pointers. */
bool options_unaligned(void);

/* Writes the path of an option, with %p in it replaced by the process. */
void options_expand(const struct option_path *pattern, char *path, size_t size);

/* Logs one line per option: key, value, meaning. */
void options_list(void);

#endif
