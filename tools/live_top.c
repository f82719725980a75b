/* gcalloc top: the numbers of a running program again and again: on a terminal always in the same place, else a line
 * for each time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "live.h"
#include "live_numbers.h"

/* What was told at one moment. */
struct moment {
    double seconds;
    uint64_t heap, heap_most, allocated, freed, collections, pauses, pause_last,
        pause_most, resident;
};

/* What there was of it in a second. */
struct rates {
    double allocated, freed, collections, paused;
};

static struct moment moment_of(const char *text)
{
    return (struct moment){
        .seconds = 1e-9 * (double)numbers_get(text, "process", "time_ns"),
        .heap = numbers_get(text, "statistics", "heap_bytes"),
        .heap_most = numbers_get(text, "statistics", "heap_bytes_max"),
        .allocated = numbers_get(text, "statistics", "allocated_bytes"),
        .freed = numbers_get(text, "statistics", "freed_bytes"),
        .collections = numbers_get(text, "statistics", "collections"),
        .pauses = numbers_get(text, "statistics", "pause_ns_total"),
        .pause_last = numbers_get(text, "statistics", "pause_ns_last"),
        .pause_most = numbers_get(text, "statistics", "pause_ns_max"),
        .resident = numbers_get(text, "process", "resident_bytes"),
    };
}

static double rate(uint64_t before, uint64_t now, double seconds)
{
    return seconds > 0 ? (double)numbers_difference(now, before) / seconds : 0;
}

static struct rates rates_between(const struct moment *before, const struct moment *now)
{
    double seconds = now->seconds - before->seconds;
    return (struct rates){rate(before->allocated, now->allocated, seconds),
                          rate(before->freed, now->freed, seconds),
                          rate(before->collections, now->collections, seconds),
                          1e-9 * rate(before->pauses, now->pauses, seconds)};
}

static struct size_text objects_of(const struct moment *m)
{
    return size_text(numbers_difference(m->allocated, m->freed));
}

/* From the top of the screen, of which the rest is cleared. */
static void print_screen(pid_t process, const struct moment *m, const struct rates *r)
{
    printf("\033[H\033[2Jprocess %d, by gcalloc; Ctrl-C ends this\n\n", (int)process);
    printf("heap         %12s   %s at most\n", size_text(m->heap).text,
           size_text(m->heap_most).text);
    printf("objects      %12s\n", objects_of(m).text);
    printf("allocated    %12s   %s/s\n", size_text(m->allocated).text,
           size_text((size_t)r->allocated).text);
    printf("came back    %12s   %s/s\n", size_text(m->freed).text,
           size_text((size_t)r->freed).text);
    printf("collections  %12" PRIu64 "   %.1f/s\n", m->collections, r->collections);
    printf("pauses       %9.2f ms   the last; %.2f ms at most; %.1f %% of the time\n",
           1e-6 * (double)m->pause_last, 1e-6 * (double)m->pause_most, 100 * r->paused);
    printf("resident     %12s\n", size_text(m->resident).text);
}

static void print_line(bool first, const struct moment *m, const struct rates *r)
{
    if (first)
        printf("%12s %12s %12s %12s %8s %10s %12s\n", "heap", "objects", "allocated/s",
               "back/s", "cycles", "pause ms", "resident");
    printf("%12s %12s %12s", size_text(m->heap).text, objects_of(m).text,
           size_text((size_t)r->allocated).text);
    printf(" %12s %8" PRIu64 " %10.2f %12s\n", size_text((size_t)r->freed).text,
           m->collections, 1e-6 * (double)m->pause_last, size_text(m->resident).text);
}

static int show(const struct live_wanted *w, bool first, struct moment *before)
{
    struct reply r = {0};
    int status = live_ask(w->process, "stat", &r);
    if (status == DONE) {
        struct moment now = moment_of(r.text);
        struct rates rates = rates_between(first ? &now : before, &now);
        if (isatty(STDOUT_FILENO))
            print_screen(w->process, &now, &rates);
        else
            print_line(first, &now, &rates);
        *before = now;
        status = end_output();
    }
    free(r.text);
    return status;
}

int live_top(const struct live_wanted *w)
{
    struct moment before;
    int status = show(w, true, &before);
    for (unsigned long i = 1; status == DONE && (w->times == 0 || i < w->times); i++) {
        sleep((unsigned)w->delay);
        status = show(w, false, &before);
    }
    return status;
}
