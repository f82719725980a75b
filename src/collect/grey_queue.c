/* Grey queues in memory of their own. */
#include "collect/grey_queue.h"

#include <string.h>

#include "base/account.h"
#include "base/check.h"
#include "base/os.h"

enum { FIRST_BYTES = KIB(64) };

static size_t whole_pages(size_t items)
{
    return align_up(items * sizeof(struct grey), max_size(FIRST_BYTES, os_page_bytes()));
}

/* Commits more memory.  Returns false if there is none. */
static bool grow(struct grey_queue *l)
{
    size_t ready =
        min_size(max_size(2 * l->ready, FIRST_BYTES / sizeof(struct grey)), l->capacity);
    size_t more = (ready - l->ready) * sizeof(struct grey);
    if (more == 0 || !os_commit(l->items + l->ready, more))
        return false;
    l->ready = ready;
    return true;
}

bool grey_queue_create(struct grey_queue *l, size_t capacity)
{
    size_t bytes = whole_pages(capacity);
    while (!(l->items = os_reserve(bytes, OS_PAGE))) {
        if (bytes <= FIRST_BYTES)
            return false;
        bytes = whole_pages(bytes / 2 / sizeof(struct grey));
    }
    /* With what is committed of it, which is empty between cycles. */
    os_leave_out(l->items, bytes);
    l->capacity = bytes / sizeof(struct grey);
    l->first = l->end = l->ready = 0;
    account_add(ACCOUNT_MARKING, l->items, bytes);
    if (grow(l))
        return true;
    account_remove(l->items);
    os_release(l->items, bytes);
    return false;
}

void grey_queue_destroy(struct grey_queue *l)
{
    if (l->items) {
        account_remove(l->items);
        os_release(l->items, l->capacity * sizeof(struct grey));
    }
    *l = (struct grey_queue){0};
}

bool grey_queue_push(struct grey_queue *l, const struct grey *items, size_t count)
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

bool grey_queue_give(struct grey_queue *l, struct grey_queue *to, size_t count)
{
    if (!grey_queue_push(to, l->items + l->first, count))
        return false;
    l->first += count;
    return true;
}

void grey_queue_trim(struct grey_queue *l)
{
    size_t kept = FIRST_BYTES / sizeof(struct grey);
    if (l->ready > kept)
        os_decommit(l->items + kept, (l->ready - kept) * sizeof(struct grey));
}

void grey_queue_check(const struct grey_queue *l)
{
    CHECK(l->first <= l->end && l->end <= l->ready);
    CHECK(l->ready <= l->capacity);
}
