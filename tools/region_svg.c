/* The map of a region as a drawing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "region.h"

enum { CELL = 10, LEFT = 110, TOP = 50, BELOW = 40 /* pixels */ };

static void write_text(FILE *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p == '<' || *p == '>' || *p == '&' || *p < ' ' || *p >= 127)
            fprintf(out, "&#%u;", *p < ' ' || *p >= 127 ? '?' : *p);
        else
            fputc(*p, out);
}

static void write_head(FILE *out, const struct map *m, const struct request *q)
{
    size_t rows = (m->count + m->columns - 1) / m->columns;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" "
            "font-family=\"sans-serif\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
            "<text x=\"10\" y=\"20\" font-size=\"15\">",
            LEFT + m->columns * CELL + 20, TOP + rows * CELL + BELOW);
    write_text(out, q->name);
    fprintf(
        out,
        "</text>\n<text x=\"10\" y=\"38\">grown to %s of %s; a cell is %s, the darker "
        "the fuller</text>\n",
        size_text(m->end - (size_t)m->region.objects).text,
        size_text(m->region.limit).text, size_text(m->stretch_bytes).text);
}

/* Blue for objects with pointers, orange for atomic ones, whichever take more of it. */
static void write_cell(FILE *out, const struct map *m, size_t i)
{
    const struct stretch *s = &m->stretches[i];
    double fill = stretch_fill(m, i);
    const char *colour = s->scanned >= s->atomic ? "#1f5fa8" : "#d9701a";
    size_t x = LEFT + i % m->columns * CELL, y = TOP + i / m->columns * CELL;
    if (i % m->columns == 0)
        fprintf(out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">%#zx</text>\n",
                LEFT - 8, y + CELL - 1, (size_t)m->region.objects + i * m->stretch_bytes);
    fprintf(out,
            "<rect x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" fill=\"%s\" "
            "fill-opacity=\"%.2f\" stroke=\"#dddddd\" stroke-width=\"0.5\"/>\n",
            x, y, CELL, CELL, colour, fill > 0 ? 0.15 + 0.85 * fill : 0);
}

static void write_foot(FILE *out, const struct map *m)
{
    size_t y = TOP + (m->count + m->columns - 1) / m->columns * CELL + 25;
    fprintf(out,
            "<rect x=\"%d\" y=\"%zu\" width=\"10\" height=\"10\" fill=\"#1f5fa8\"/>"
            "<text x=\"%d\" y=\"%zu\">with pointers</text>\n"
            "<rect x=\"%d\" y=\"%zu\" width=\"10\" height=\"10\" fill=\"#d9701a\"/>"
            "<text x=\"%d\" y=\"%zu\">atomic</text>\n</svg>\n",
            LEFT, y - 9, LEFT + 15, y, LEFT + 110, y - 9, LEFT + 125, y);
}

int map_to_svg(const struct map *m, const struct request *q)
{
    FILE *out = fopen(q->svg, "w");
    if (!out)
        return fail(FAILED, "%s: %s", q->svg, strerror(errno));
    write_head(out, m, q);
    for (size_t i = 0; i < m->count; i++)
        write_cell(out, m, i);
    write_foot(out, m);
    bool failed = ferror(out);
    if (fclose(out) != 0 || failed)
        return fail(FAILED, "%s: it could not be written: %s", q->svg, strerror(errno));
    return DONE;
}
