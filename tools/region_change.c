/* gcalloc region check, collect and rm. */
#include <errno.h>
#include <stdio.h>

#include "region.h"

/* ---- check ------------------------------------------------------------------------------------------ */

static int check_opened(const struct request *q, unsigned how)
{
    gc_region *r = gc_region_open(q->name, q->flags | how);
    if (!r)
        return -1;
    int result = gc_region_check(r), error = errno;
    gc_region_close(r);
    errno = error;
    return result;
}

/* One that nobody has is read only, as opening it otherwise would recover it. */
static int check(const struct request *q)
{
    int result = check_opened(q, GC_REGION_READ_ONLY);
    return result != 0 && errno == EBUSY ? check_opened(q, 0) : result;
}

int region_check(const struct request *q)
{
    int result = check(q);
    bool damaged = result != 0 && (errno == EBADMSG || errno == ENOTRECOVERABLE);
    if (result != 0 && !damaged)
        return fail_with(q);
    if (q->json) {
        json_object(NULL);
        json_string("name", q->name);
        json_bool("sound", !damaged);
        if (damaged)
            json_string("fault", gc_region_error());
        json_end_object();
    } else if (!damaged) {
        print_safely(q->name);
        puts(": sound");
    }
    if (damaged && !q->json)
        fail(DAMAGED, "%s", gc_region_error());
    return end_output() == DONE ? (damaged ? DAMAGED : DONE) : FAILED;
}

/* ---- collect ---------------------------------------------------------------------------------------- */

struct census {
    size_t objects, bytes;
};

static int count(const struct gc_region_object *o, void *data)
{
    struct census *c = data;
    c->objects++;
    c->bytes += o->size;
    return 0;
}

/* Opening a region that nobody has collects, too: so it is counted before. */
static bool count_all(const struct request *q, struct census *c)
{
    gc_region *r = open_to_read(q);
    *c = (struct census){0, 0};
    if (!r)
        return false;
    if (gc_region_walk(r, count, c) != 0 || gc_region_close(r) != 0)
        return fail_with(q) == DONE;
    return true;
}

static size_t less(size_t before, size_t after)
{
    return before > after ? before - after : 0;
}

static void print_collection(const struct request *q, const struct census *before,
                             const struct gc_region_stats *s)
{
    struct census reclaimed = {less(before->objects, s->live_objects),
                               less(before->bytes, s->live_bytes)};
    if (!q->json) {
        printf("reclaimed  %zu objects, %s\n", reclaimed.objects,
               size_text(reclaimed.bytes).text);
        printf("live       %zu objects, %s\n", s->live_objects,
               size_text(s->live_bytes).text);
        return;
    }
    json_object(NULL);
    json_string("name", q->name);
    json_number("reclaimed_objects", reclaimed.objects);
    json_number("reclaimed_bytes", reclaimed.bytes);
    json_number("live_objects", s->live_objects);
    json_number("live_bytes", s->live_bytes);
    json_end_object();
}

int region_collect(const struct request *q)
{
    struct census before;
    struct gc_region_stats s;
    if (!count_all(q, &before))
        return FAILED;
    gc_region *r = gc_region_open(q->name, q->flags);
    if (!r || gc_region_collect(r) != 0 || gc_region_stats(r, &s) != 0)
        return fail_with(q);
    gc_region_close(r);
    print_collection(q, &before, &s);
    return DONE;
}

/* ---- rm --------------------------------------------------------------------------------------------- */

static int remove_name(const struct request *q)
{
    if (gc_region_unlink(q->name, q->flags) != 0)
        return fail_with(q);
    if (q->json) {
        json_object(NULL);
        json_string("removed", q->name);
        json_end_object();
    }
    return DONE;
}

int region_rm(const struct request *q)
{
    struct gc_region_description d;
    if (gc_region_describe(q->name, q->flags, &d) != 0) {
        if (errno != EBADMSG)
            return fail_with(q);
        return fail(FAILED, "%s, and is not removed here: rm(1) does that",
                    gc_region_error());
    }
    if (d.state == GC_REGION_OTHER_VERSION && !q->force)
        return fail(FAILED,
                    "%s: another version of the library has made it, and who has it is "
                    "not known (--force removes the name all the same)",
                    q->name);
    if (d.processes && !q->force)
        return fail(FAILED,
                    "%s: %u processes have it; `gcalloc region stat` names them (--force "
                    "removes the name all the same, and they go on)",
                    q->name, d.processes);
    return remove_name(q);
}
