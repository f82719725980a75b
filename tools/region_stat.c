/* gcalloc region stat. */
#include <stdio.h>

#include "region.h"

static int print_process_json(const struct gc_region_process *p, void *unused)
{
    (void)unused;
    json_object(NULL);
    json_number("pid", (uint64_t)p->pid);
    json_number("threads", p->threads);
    json_number("holds", p->holds);
    json_bool("dead", p->dead);
    json_end_object();
    return 0;
}

static int print_process(const struct gc_region_process *p, void *unused)
{
    (void)unused;
    printf("  process %d: %u threads, %u objects held%s\n", (int)p->pid, p->threads,
           p->holds, p->dead ? ", dead" : "");
    return 0;
}

static void print_json(const struct request *q, gc_region *r,
                       const struct gc_region_description *d,
                       const struct gc_region_stats *s)
{
    json_object(NULL);
    json_string("name", q->name);
    json_string("state", state_text(d->state));
    json_bool("file", d->file);
    json_number("address", d->address);
    json_number("memory_bytes", d->bytes);
    json_number("limit", s->limit);
    json_number("bytes", s->bytes);
    json_number("used_bytes", s->used_bytes);
    json_number("live_bytes", s->live_bytes);
    json_number("live_objects", s->live_objects);
    json_number("collections", s->collections);
    json_number("recoveries", s->recoveries);
    json_number("roots", s->roots);
    json_number("holds", s->holds);
    json_number("threads", s->threads);
    json_array("processes");
    gc_region_process_list(r, print_process_json, NULL);
    json_end_array();
    json_end_object();
}

static void print_text(const struct request *q, gc_region *r,
                       const struct gc_region_description *d,
                       const struct gc_region_stats *s)
{
    print_safely(q->name);
    printf(": %s, %s, at %#llx\n", d->file ? "a file" : "shared memory",
           state_text(d->state), (unsigned long long)d->address);
    printf("limit        %s; grown to %s, in blocks with objects %s\n",
           size_text(s->limit).text, size_text(s->bytes).text,
           size_text(s->used_bytes).text);
    printf("memory       %s, with what the region keeps of itself\n",
           size_text(d->bytes).text);
    printf("live         %zu objects, %s, as of the last collection\n", s->live_objects,
           size_text(s->live_bytes).text);
    printf("collections  %llu, %llu of them recoveries\n",
           (unsigned long long)s->collections, (unsigned long long)s->recoveries);
    printf("roots        %u\n", s->roots);
    printf("processes    %u, with %u threads, holding %u objects\n", s->processes,
           s->threads, s->holds);
    gc_region_process_list(r, print_process, NULL);
}

int region_stat(const struct request *q)
{
    struct gc_region_stats s;
    struct gc_region_description d;
    gc_region *r = open_to_read(q);
    if (!r)
        return FAILED;
    if (gc_region_describe(q->name, q->flags, &d) != 0 || gc_region_stats(r, &s) != 0)
        return fail_with(q);
    if (q->json)
        print_json(q, r, &d, &s);
    else
        print_text(q, r, &d, &s);
    gc_region_close(r);
    return DONE;
}
