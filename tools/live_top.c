/* gcalloc top: the numbers of a running program again and again, and the places where it allocates: on a terminal a
 * screen of them, else a line for each time. */
#include "top.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "live_numbers.h"

static struct told told_by(const char *text)
{
    return (struct told){
        .seconds = 1e-9 * (double)numbers_get(text, "process", "time_ns"),
        .heap = numbers_get(text, "statistics", "heap_bytes"),
        .heap_most = numbers_get(text, "statistics", "heap_bytes_max"),
        .allocated = numbers_get(text, "statistics", "allocated_bytes"),
        .freed = numbers_get(text, "statistics", "freed_bytes"),
        .objects = numbers_difference(numbers_get(text, "statistics", "allocated_bytes"),
                                      numbers_get(text, "statistics", "freed_bytes")),
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

static struct rates rates_between(const struct told *before, const struct told *now)
{
    double seconds = now->seconds - before->seconds;
    return (struct rates){rate(before->allocated, now->allocated, seconds),
                          rate(before->freed, now->freed, seconds),
                          rate(before->collections, now->collections, seconds),
                          1e-9 * rate(before->pauses, now->pauses, seconds)};
}

/* The process counts what goes to its threads; samples tell of what these recycle by themselves, too. */
static void use_recording(struct top *t)
{
    const struct use *total = &t->sites.follower.replay.total;
    if (!t->sites.recorded)
        return;
    t->told.allocated = (uint64_t)total->of[ALLOCATED].bytes;
    t->told.freed = (uint64_t)total->gone.bytes;
}

int top_look(struct top *t)
{
    struct reply r = {0};
    int status = live_ask(t->wanted->process, "stat", &r);
    if (status == DONE) {
        struct told before = t->told;
        t->told = told_by(r.text);
        top_sites_look(&t->sites);
        use_recording(t);
        t->rates = rates_between(before.seconds > 0 ? &before : &t->told, &t->told);
    }
    free(r.text);
    return status;
}

/* ---- On lines ------------------------------------------------------------------------ */

static void print_titles(void)
{
    printf("%12s %12s %12s %12s %8s %10s %12s\n", "heap", "objects", "allocated/s",
           "back/s", "cycles", "pause ms", "resident");
}

static void print_line(const struct told *told, const struct rates *r)
{
    printf("%12s %12s %12s", size_text(told->heap).text, size_text(told->objects).text,
           size_text((size_t)r->allocated).text);
    printf(" %12s %8" PRIu64 " %10.2f %12s\n", size_text((size_t)r->freed).text,
           told->collections, 1e-6 * (double)told->pause_last,
           size_text(told->resident).text);
}

static int show(struct top *t, bool first)
{
    int status = top_look(t);
    if (status != DONE)
        return status;
    if (first || t->wanted->sites)
        print_titles();
    print_line(&t->told, &t->rates);
    if (t->wanted->sites)
        top_sites_print(&t->sites, t->wanted->sites);
    return end_output();
}

static int show_lines(struct top *t)
{
    const struct live_wanted *w = t->wanted;
    int status = show(t, true);
    for (unsigned long i = 1; status == DONE && (w->times == 0 || i < w->times); i++) {
        sleep((unsigned)w->delay);
        status = show(t, false);
    }
    return status;
}

int live_top(const struct live_wanted *w)
{
    struct top t = {.wanted = w};
    top_sites_begin(&t.sites, w->process, w->key);
    int status = w->times == 0 && w->sites == 0 && top_has_screen() ? top_screen(&t)
                                                                    : show_lines(&t);
    top_sites_end(&t.sites);
    return status;
}
