/* A hash table of stacks, by where the depot has them, open addressing and at most half full.  Under the lock of
 * reports. */
#include "report/growth.h"

#include <gcalloc/walk.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/meta.h"
#include "base/options.h"
#include "base/os.h"
#include "mutator/init.h"
#include "report/symbolize.h"
#include "trace/modules.h"

enum { SLOTS_LEAST = 1024, SECOND = 1000000000 };

struct grown {
    const uintptr_t *frames; /* NULL: not known */
    size_t frame_count;
    bool used;
    size_t objects, bytes, objects_before, bytes_before;
};

static struct {
    struct grown *places;
    size_t slots, count;
    bool failed;       /* memory ran out */
    unsigned long who; /* asked last; 0: nobody */
    uint64_t when;
} table PRIVATE_DATA;

/* Fibonacci hashing, as in answers.c. */
static struct grown *slot_of(struct grown *places, size_t slots, const uintptr_t *frames)
{
    size_t at = (uintptr_t)frames * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (slots - 1);
    while (places[at].used && places[at].frames != frames)
        at = (at + 1) & (slots - 1);
    return &places[at];
}

static bool grow(void)
{
    size_t slots = max_size(2 * table.slots, SLOTS_LEAST);
    struct grown *larger = meta_alloc(ACCOUNT_REPORTS, slots * sizeof *larger);
    if (!larger)
        return false;
    for (size_t i = 0; i < table.slots; i++)
        if (table.places[i].used)
            *slot_of(larger, slots, table.places[i].frames) = table.places[i];
    meta_free(table.places, table.slots * sizeof *larger);
    table.places = larger;
    table.slots = slots;
    return true;
}

static void count_object(const struct gc_walk_object *o, void *unused)
{
    (void)unused;
    if (2 * (table.count + 1) > table.slots && !grow()) {
        table.failed = true;
        return;
    }
    const uintptr_t *frames = o->frame_count ? o->frames : NULL;
    struct grown *p = slot_of(table.places, table.slots, frames);
    if (!p->used) {
        table.count++;
        *p =
            (struct grown){.frames = frames, .frame_count = o->frame_count, .used = true};
    }
    p->objects++;
    p->bytes += o->requested;
}

/* What was alive becomes what was alive before. */
static void begin(void)
{
    for (size_t i = 0; i < table.slots; i++) {
        struct grown *p = &table.places[i];
        p->objects_before = p->objects;
        p->bytes_before = p->bytes;
        p->objects = p->bytes = 0;
    }
}

/* ---- The report ------------------------------------------------------------------------------------------ */

static bool has_grown(const struct grown *p)
{
    return p->bytes > p->bytes_before;
}

static int by_growth(const void *a, const void *b)
{
    const struct grown *x = *(struct grown *const *)a, *y = *(struct grown *const *)b;
    size_t of_x = x->bytes - x->bytes_before, of_y = y->bytes - y->bytes_before;
    return of_x != of_y ? (of_x < of_y) - (of_x > of_y)
                        : (x->frames > y->frames) - (x->frames < y->frames);
}

static void print_place(const struct grown *p)
{
    size_t bytes = p->bytes - p->bytes_before;
    out_print("\nGrowth by %zu byte%s to %zu in %zu object%s, which were %zu\n", bytes,
              plural(bytes), p->bytes, p->objects, plural(p->objects), p->objects_before);
    if (p->frames)
        out_frames(p->frames, p->frame_count);
    else
        out_print("    (where it was allocated is not known)\n");
}

static void print_list(struct grown **list, size_t count)
{
    size_t limit = OPTION_NOW(groups), listed = limit && limit < count ? limit : count;
    for (size_t i = 0; i < listed; i++)
        print_place(list[i]);
    if (listed < count)
        out_print("\nNot listed (option groups): %zu place%s\n", count - listed,
                  plural(count - listed));
}

static void print_grown(void)
{
    struct grown **list = meta_alloc(ACCOUNT_REPORTS, (table.count + 1) * sizeof *list);
    size_t count = 0;
    if (!list) {
        table.failed = true;
        return;
    }
    for (size_t i = 0; i < table.slots; i++)
        if (table.places[i].used && has_grown(&table.places[i]))
            list[count++] = &table.places[i];
    qsort(list, count, sizeof *list, by_growth);
    print_list(list, count);
    meta_free(list, (table.count + 1) * sizeof *list);
}

static void print(bool first, bool anothers, uint64_t before)
{
    size_t objects = 0, bytes = 0, bytes_before = 0;
    for (size_t i = 0; i < table.slots; i++) {
        objects += table.places[i].objects;
        bytes += table.places[i].bytes;
        bytes_before += table.places[i].bytes_before;
    }
    out_print("\ngcalloc: growth of process %d", getpid());
    if (first)
        out_print(anothers ? " from here on, as another one has asked meanwhile\n"
                           : " from here on\n");
    else
        out_print(" in %.1f s\n", (double)(table.when - before) / SECOND);
    if (!first)
        print_grown();
    out_print("\nAlive: %zu byte%s in %zu object%s", bytes, plural(bytes), objects,
              plural(objects));
    if (!first)
        out_print(", %+lld bytes", (long long)(bytes - bytes_before));
    out_print("\n");
}

static bool report(unsigned long who)
{
    bool first = table.who != who, anothers = first && table.who;
    uint64_t before = table.when;
    begin();
    table.failed = false;
    table.who = who;
    table.when = os_now();
    if (gc_heap_walk(count_object, NULL) != 0)
        return false;
    modules_look();
    print(first, anothers, before);
    if (table.failed)
        out_print("  memory ran out: there is more\n");
    out_close();
    symbolize_end();
    return true;
}

bool growth_report_to(const struct out_target *to, unsigned long who)
{
    if (!mutator_enter())
        return false;
    bool done = out_lock();
    if (done) {
        out_redirect(to);
        done = report(who);
        out_redirect(NULL);
        out_unlock();
    }
    mutator_leave();
    return done;
}
