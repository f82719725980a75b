/* gcalloc region dump and roots. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "region.h"

struct dump {
    const struct request *q;
    gc_region *region;
};

/* A table, or an array, of what `print` finds, with this heading of its last column. */
static int list_with(const struct request *q, const char *last,
                     int (*print)(struct dump *d))
{
    struct dump d = {q, open_to_read(q)};
    if (!d.region)
        return FAILED;
    if (q->json)
        json_array(NULL);
    else
        printf("%14s %12s  %s\n", "OFFSET", "SIZE", last);
    int result = print(&d);
    if (q->json)
        json_end_array();
    gc_region_close(d.region);
    return result == 0 ? DONE : fail_with(q);
}

/* ---- dump ------------------------------------------------------------------------------------------- */

enum { LINE = 16 /* bytes of contents */ };

static void print_line(const unsigned char *p, size_t from, size_t count)
{
    printf("    %6zx ", from);
    for (size_t i = 0; i < LINE; i++)
        if (i < count)
            printf(" %02x", p[from + i]);
        else
            printf("   ");
    printf("  ");
    for (size_t i = 0; i < count; i++)
        putchar(isprint(p[from + i]) ? p[from + i] : '.');
    putchar('\n');
}

static void print_contents(const void *bytes, size_t count)
{
    for (size_t from = 0; from < count; from += LINE)
        print_line(bytes, from, count - from < LINE ? count - from : LINE);
}

static void print_object(const struct gc_region_object *o, uint64_t offset, bool contents)
{
    printf("%#14" PRIx64 " %12zu  %s\n", offset, o->size, kind_text(o->atomic));
    if (contents)
        print_contents(o->address, o->size);
}

static void print_object_json(const struct gc_region_object *o, uint64_t offset,
                              bool contents)
{
    json_object(NULL);
    json_number("offset", offset);
    json_number("size", o->size);
    json_string("kind", kind_text(o->atomic));
    if (contents)
        json_bytes("contents", o->address, o->size);
    json_end_object();
}

static int dump_object(const struct gc_region_object *o, void *data)
{
    const struct dump *d = data;
    uint64_t offset = gc_region_offset(d->region, o->address);
    if (d->q->json)
        print_object_json(o, offset, d->q->contents);
    else
        print_object(o, offset, d->q->contents);
    return 0;
}

static int dump_all(struct dump *d)
{
    return gc_region_walk(d->region, dump_object, d);
}

int region_dump(const struct request *q)
{
    return list_with(q, "KIND", dump_all);
}

/* ---- roots ------------------------------------------------------------------------------------------ */

static void print_root_json(const char *name, uint64_t offset, size_t size)
{
    json_object(NULL);
    json_string("name", name);
    if (offset) {
        json_number("offset", offset);
        json_number("size", size);
    } else {
        json_null("offset");
    }
    json_end_object();
}

static void print_root(const char *name, uint64_t offset, size_t size)
{
    if (offset)
        printf("%#14" PRIx64 " %12zu  ", offset, size);
    else
        printf("%14s %12s  ", "NULL", "-");
    print_safely(name);
    putchar('\n');
}

static int print_one(const char *name, void *object, void *data)
{
    const struct dump *d = data;
    uint64_t offset = gc_region_offset(d->region, object);
    size_t size = object ? gc_region_usable_size(d->region, object) : 0;
    if (d->q->json)
        print_root_json(name, offset, size);
    else
        print_root(name, offset, size);
    return 0;
}

static int print_all(struct dump *d)
{
    return gc_region_root_list(d->region, print_one, d);
}

int region_roots(const struct request *q)
{
    return list_with(q, "NAME", print_all);
}
