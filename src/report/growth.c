/* A table of stacks, by where the depot has them.  Under the lock of reports. */
#include "report/growth.h"

#include <gcalloc/walk.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/meta.h"
#include "base/options.h"
#include "base/os.h"
#include "base/table.h"
#include "report/out.h"
#include "report/symbolize.h"
#include "trace/modules.h"

enum { SECOND = 1000000000 };

/* The objects of a place in the program. */
struct grown {
    uintptr_t frames; /* an address, 0 for those that are not known.  The key */
    size_t frame_count;
    size_t objects, bytes, objects_before, bytes_before;
    uint32_t next;
};

static const struct table none = {
    .account = ACCOUNT_REPORTS,
    .entry_bytes = sizeof(struct grown),
    .key_count = 1,
    .keys = {{offsetof(struct grown, frames), offsetof(struct grown, next)}},
};

static struct table places PRIVATE_DATA;
static struct {
    pid_t process;
    bool failed;       /* memory ran out */
    unsigned long who; /* asked last; 0: nobody */
    uint64_t when;
} asked PRIVATE_DATA;

static struct grown *place_at(uint32_t number)
{
    return table_at(&places, number);
}

static void count_object(const struct gc_walk_object *o, void *unused)
{
    (void)unused;
    struct grown g = {.frames = o->frame_count ? (uintptr_t)o->frames : 0,
                      .frame_count = o->frame_count};
    uint32_t number = table_find(&places, 0, g.frames);
    if (!number)
        number = table_add(&places, &g);
    if (!number) {
        asked.failed = true;
        return;
    }
    place_at(number)->objects++;
    place_at(number)->bytes += o->requested;
}

/* What was alive becomes what was alive before. */
static void begin(void)
{
    for (uint32_t i = 1; i <= places.count; i++) {
        struct grown *p = place_at(i);
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
        out_frames((const uintptr_t *)p->frames, p->frame_count);
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
    struct grown **list = meta_alloc(ACCOUNT_REPORTS, (places.count + 1) * sizeof *list);
    size_t count = 0;
    if (!list) {
        asked.failed = true;
        return;
    }
    for (uint32_t i = 1; i <= places.count; i++)
        if (has_grown(place_at(i)))
            list[count++] = place_at(i);
    qsort(list, count, sizeof *list, by_growth);
    print_list(list, count);
    meta_free(list, (places.count + 1) * sizeof *list);
}

static void print(bool first, bool anothers, uint64_t before)
{
    size_t objects = 0, bytes = 0, bytes_before = 0;
    for (uint32_t i = 1; i <= places.count; i++) {
        objects += place_at(i)->objects;
        bytes += place_at(i)->bytes;
        bytes_before += place_at(i)->bytes_before;
    }
    out_print("\ngcalloc: growth of process %d", getpid());
    if (first)
        out_print(anothers ? " from here on, as another one has asked meanwhile\n"
                           : " from here on\n");
    else
        out_print(" in %.1f s\n", (double)(asked.when - before) / SECOND);
    if (!first)
        print_grown();
    out_print("\nAlive: %zu byte%s in %zu object%s", bytes, plural(bytes), objects,
              plural(objects));
    if (!first)
        out_print(", %+lld bytes", (long long)(bytes - bytes_before));
    out_print("\n");
}

/* What a fork has copied may have been changing: it is left where it is. */
static void begin_process(void)
{
    if (asked.process == getpid())
        return;
    places = none;
    asked.who = 0;
    asked.process = getpid();
}

bool growth_report(unsigned long who)
{
    begin_process();
    bool first = asked.who != who, anothers = first && asked.who;
    uint64_t before = asked.when;
    begin();
    asked.failed = false;
    asked.who = who;
    asked.when = os_now();
    if (gc_heap_walk(count_object, NULL) != 0)
        return false;
    modules_look();
    print(first, anothers, before);
    if (asked.failed)
        out_print("  memory ran out: there is more\n");
    out_close();
    symbolize_end();
    return true;
}
