/* A name that is like one that is unknown, for the error message. */
#include "report.h"
#include "syntax.h"

#define NAME_MOST 40

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many characters are to be changed, added, removed or exchanged with the next. */
static size_t distance(const struct string *a, const struct string *b)
{
    size_t rows[3][NAME_MOST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b->length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a->length; i++) {
        size_t *next = before;
        before = last;
        last = row;
        row = next;
        row[0] = i;
        for (size_t j = 1; j <= b->length; j++) {
            uint32_t x = a->chars[i - 1], y = b->chars[j - 1];
            row[j] = smaller(smaller(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == b->chars[j - 2] && y == a->chars[i - 2])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return row[b->length];
}

struct search {
    const struct string *name;
    const struct symbol *best;
    size_t distance;
};

static void compare_name(const struct symbol *symbol, void *data)
{
    struct search *search = data;
    const struct string *name = symbol->name;
    if (name->length > NAME_MOST || name->length < 2 || name->chars[0] == '%')
        return;
    size_t d = distance(search->name, name);
    if (d < search->distance) {
        search->distance = d;
        search->best = symbol;
    }
}

value similar_name(const struct string *name)
{
    struct search search = {name, NULL, name->length / 3 + 1};
    if (name->length > 1 && name->length <= NAME_MOST)
        names_visit(compare_name, &search);
    return search.best ? (value)(uintptr_t)search.best : FALSE;
}
