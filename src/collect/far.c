/* Grey objects in the order in which they lie. */
#include "collect/far.h"

#include "base/os.h"
#include "collect/mark_typed.h"

void far_begin(struct far *f)
{
    *f = (struct far){0};
}

/* ---- Asking for pages ------------------------------------------------------------------------------ */

static void ask(struct far *f)
{
    if (f->low == f->high)
        return;
    os_pages_want(f->low, f->high);
    f->asked = f->high;
    f->low = f->high = 0;
}

/* Adds the pages of an item to what is to be asked for.  Of a typed object, which has no length here, and of
 * what is not known to be short this asks for less than all. */
static void want(struct far *f, const struct grey *w)
{
    size_t page = os_page_bytes();
    uintptr_t low = align_down(w->address, page), last = w->address;
    if (w->bytes < UINT32_MAX)
        last += min_size(w->bytes, FAR_RANGE) - 1;
    uintptr_t high = align_down(last, page) + page;
    if (high <= f->asked && f->asked - high < FAR_RANGE)
        return;
    if (low <= f->high && low >= f->low) {
        f->high = max_size(f->high, high);
        return;
    }
    ask(f);
    f->low = low, f->high = high;
}

/* ---- The order ------------------------------------------------------------------------------------- */

static uintptr_t distance(const struct far *f, const struct grey *w)
{
    return w->address - f->position;
}

/* The item comes nearer to the top until its parent is less. */
static void sift_up(const struct far *f, struct grey *items, size_t i)
{
    struct grey w = items[i];
    for (; i && distance(f, &items[(i - 1) / 2]) > distance(f, &w); i = (i - 1) / 2)
        items[i] = items[(i - 1) / 2];
    items[i] = w;
}

/* `w` takes the place of the top, or of one below it. */
static void sift_down(const struct far *f, struct grey *items, size_t count,
                      struct grey w)
{
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count &&
            distance(f, &items[child + 1]) < distance(f, &items[child]))
            child++;
        if (distance(f, &items[child]) >= distance(f, &w))
            break;
        items[i] = items[child];
    }
    items[i] = w;
}

/* What was pushed since is put in order, too. */
static void put_in_order(struct far *f, struct grey_queue *l)
{
    if (grey_queue_size(l) == 0)
        l->first = l->end = f->ordered = 0;
    for (; f->ordered < l->end; f->ordered++)
        sift_up(f, l->items, f->ordered);
}

static struct grey take_top(struct far *f, struct grey_queue *l)
{
    struct grey top = l->items[0];
    f->ordered = --l->end;
    if (l->end)
        sift_down(f, l->items, l->end, l->items[l->end]);
    return top;
}

/* ---- Taking ---------------------------------------------------------------------------------------- */

static void look_ahead(struct far *f, struct grey_queue *l)
{
    f->next = f->end = 0;
    while (f->end < FAR_AHEAD && l->end) {
        f->ahead[f->end] = take_top(f, l);
        want(f, &f->ahead[f->end++]);
    }
    ask(f);
}

/* What has become grey since may lie before what was asked for. */
static struct grey take_least(struct far *f, struct grey_queue *l)
{
    const struct grey *w = &f->ahead[f->next];
    if (f->next < f->end && (l->end == 0 || distance(f, w) <= distance(f, l->items)))
        return f->next++, *w;
    struct grey top = take_top(f, l);
    want(f, &top);
    return top;
}

/* Whether it is scanned in pieces: what follows the first is pushed then, and is the next in order. */
static bool goes_on(const struct grey *w)
{
    return w->bytes > PIECE_BYTES && !grey_is_typed(w);
}

size_t far_take(struct far *f, struct grey_queue *l, struct grey *to, size_t most)
{
    size_t count = 0;
    put_in_order(f, l);
    if (f->next == f->end)
        look_ahead(f, l);
    while (count < most && (f->next < f->end || l->end)) {
        to[count] = take_least(f, l);
        f->position = to[count].address;
        if (goes_on(&to[count++]))
            break;
    }
    ask(f);
    return count;
}
