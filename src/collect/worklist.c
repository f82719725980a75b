#include "collect/worklist.h"

#include <string.h>

#include "base/os.h"

enum { FIRST_BYTES = KIB(64) };

static size_t whole_pages(size_t items)
{
    return align_up(items * sizeof(struct work), max_size(FIRST_BYTES, os_page_bytes()));
}

/* Commits more.  false: there is no more. */
static bool grow(struct worklist *l)
{
    size_t ready =
        min_size(max_size(2 * l->ready, FIRST_BYTES / sizeof(struct work)), l->capacity);
    size_t more = (ready - l->ready) * sizeof(struct work);
    if (more == 0 || !os_commit(l->items + l->ready, more))
        return false;
    l->ready = ready;
    return true;
}

bool worklist_create(struct worklist *l, size_t capacity)
{
    size_t bytes = whole_pages(capacity);
    while (!(l->items = os_reserve(bytes, OS_PAGE))) {
        if (bytes <= FIRST_BYTES)
            return false;
        bytes = whole_pages(bytes / 2 / sizeof(struct work));
    }
    l->capacity = bytes / sizeof(struct work);
    l->first = l->end = l->ready = 0;
    if (grow(l))
        return true;
    os_release(l->items, bytes);
    return false;
}

bool worklist_push(struct worklist *l, const struct work *items, size_t count)
{
    if (l->first == l->end)
        l->first = l->end = 0;
    while (l->ready - l->end < count)
        if (!grow(l))
            return false;
    memcpy(l->items + l->end, items, count * sizeof *items);
    l->end += count;
    return true;
}

bool worklist_give(struct worklist *l, struct worklist *to, size_t count)
{
    if (!worklist_push(to, l->items + l->first, count))
        return false;
    l->first += count;
    return true;
}

void worklist_trim(struct worklist *l)
{
    size_t kept = FIRST_BYTES / sizeof(struct work);
    if (l->ready > kept)
        os_decommit(l->items + kept, (l->ready - kept) * sizeof(struct work));
}
