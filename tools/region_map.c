/* gcalloc region map: the heap in stretches of the same size, and how much of each objects take. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "region.h"

enum { ROWS = 16, WIDTH = 64, EDGE = 16 /* characters beside the map */, LEAST = 4096 };

double stretch_fill(const struct map *m, size_t i)
{
    size_t used = m->stretches[i].scanned + m->stretches[i].atomic;
    return used < m->stretch_bytes ? (double)used / (double)m->stretch_bytes : 1;
}

/* ---- The stretches ---------------------------------------------------------------------------------- */

struct filling {
    struct map *map;
    gc_region *region;
};

/* An object counts in each stretch that it reaches into. */
static int add_object(const struct gc_region_object *o, void *data)
{
    const struct filling *f = data;
    const struct map *m = f->map;
    uint64_t from = gc_region_offset(f->region, o->address), end = from + o->size;
    if (from < m->region.objects)
        return 0;
    while (from < end) {
        size_t i = (size_t)(from - m->region.objects) / m->stretch_bytes;
        uint64_t next = m->region.objects + (uint64_t)(i + 1) * m->stretch_bytes;
        size_t bytes = (size_t)((end < next ? end : next) - from);
        if (i >= m->count)
            return 0;
        if (o->atomic)
            m->stretches[i].atomic += bytes;
        else
            m->stretches[i].scanned += bytes;
        from += bytes;
    }
    return 0;
}

/* So many stretches that they fill the rows, but none is smaller than a page. */
static bool plan(struct map *m, size_t bytes, size_t columns)
{
    size_t most = columns * ROWS;
    m->end = (size_t)m->region.objects + bytes;
    m->columns = columns;
    m->stretch_bytes = (bytes / most + LEAST) / LEAST * LEAST;
    m->count = (bytes + m->stretch_bytes - 1) / m->stretch_bytes;
    m->stretches = calloc(m->count + 1, sizeof *m->stretches);
    return m->stretches;
}

static bool fill(struct map *m, const struct request *q, size_t columns)
{
    struct gc_region_stats s;
    gc_region *r = open_to_read(q);
    if (!r)
        return false;
    if (gc_region_describe(q->name, q->flags, &m->region) != 0 ||
        gc_region_stats(r, &s) != 0)
        return fail_with(q) == DONE;
    if (!plan(m, s.bytes, columns))
        return fail(FAILED, "%s: no memory for a map", q->name) == DONE;
    struct filling f = {m, r};
    if (gc_region_walk(r, add_object, &f) != 0)
        return fail_with(q) == DONE;
    gc_region_close(r);
    return true;
}

/* ---- As text ---------------------------------------------------------------------------------------- */

static size_t columns_of(const struct request *q)
{
    struct winsize size;
    if (q->width)
        return q->width;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 8 + EDGE)
        return size.ws_col - EDGE;
    return WIDTH;
}

/* Five shades; what holds an object at all is not blank. */
static const char *shade(double fill)
{
    static const char *const blocks[] = {"·", "░", "▒", "▓", "█"};
    static const char *const letters[] = {".", "-", "+", "%", "#"};
    size_t i = fill <= 0 ? 0 : fill < 0.3 ? 1 : fill < 0.6 ? 2 : fill < 0.9 ? 3 : 4;
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? blocks[i] : letters[i];
}

static void print_map(const struct map *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (i % m->columns == 0)
            printf("%s%#12zx  ", i ? "\n" : "",
                   (size_t)m->region.objects + i * m->stretch_bytes);
        fputs(shade(stretch_fill(m, i)), stdout);
    }
    printf(
        "%sEach character is %s.  Empty %s, to 30 %% %s, to 60 %% %s, to 90 %% %s, full "
        "%s.  Offsets on the left; limit %s.\n",
        m->count ? "\n" : "", size_text(m->stretch_bytes).text, shade(0), shade(0.1),
        shade(0.4), shade(0.7), shade(1), size_text(m->region.limit).text);
}

static void print_json(const struct map *m, const struct request *q)
{
    json_object(NULL);
    json_string("name", q->name);
    json_number("objects_from", m->region.objects);
    json_number("objects_end", m->end);
    json_number("stretch_bytes", m->stretch_bytes);
    json_array("stretches");
    for (size_t i = 0; i < m->count; i++) {
        json_object(NULL);
        json_number("scanned_bytes", m->stretches[i].scanned);
        json_number("atomic_bytes", m->stretches[i].atomic);
        json_real("fill", stretch_fill(m, i));
        json_end_object();
    }
    json_end_array();
    json_end_object();
}

int region_map(const struct request *q)
{
    struct map m = {0};
    int status = DONE;
    setlocale(LC_CTYPE, "");
    if (!fill(&m, q, columns_of(q)))
        return FAILED;
    if (q->svg)
        status = map_to_svg(&m, q);
    if (q->json)
        print_json(&m, q);
    else if (!q->svg)
        print_map(&m);
    free(m.stretches);
    return status;
}
