/* A randomised test: a program that changes a graph of objects of all kinds and sizes,
 * and a copy of the graph beside it (shadow.h).  Every few thousand operations both are
 * compared: what the copy says is reachable must be there, byte for byte, and nearly all
 * else must be gone.
 *
 *     shadow [operations [seed]] */
#include "shadow.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATIC_ROOTS = 64,
    STACK_ROOTS = 32,
    RANGE_WORDS = 8, /* of a registered range */
    RANGES = 8,
    ALL_ROOTS = STATIC_ROOTS + STACK_ROOTS + RANGES * RANGE_WORDS,
    COMPARE_EVERY = 20000, /* operations */
};

/* How many of the unreachable objects must go: 99.8 % over the whole run.  Stale words on
 * the stack below main's frame are overwritten before each comparison; what is left are
 * callee-saved registers and main's own frame, a few words, each of which may keep an
 * object and what that points to. */
static const double STRAYS_MOST = 0.002;

static char *volatile static_roots[STATIC_ROOTS];
static bool range_registered[RANGES];
static bool limited, end_pointers;
static bool growing = true; /* pointers are put where there is none */

static struct {
    uint64_t failed, compared, unreachable, strays, reallocs, frees;
} totals;

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

static void expect(bool condition, const char *what, const struct copy *c)
{
    if (condition)
        return;
    fprintf(stderr, "shadow: %s", what);
    if (c)
        fprintf(stderr, ": the object of %u bytes at %p, flags %u", c->size,
                (void *)shadow_object(c), c->flags);
    fputc('\n', stderr);
    abort();
}

static size_t random_size(void)
{
    uint32_t kind = below(1000);
    if (kind < 800)
        return below(200);
    if (kind < 968)
        return below(4000);
    if (kind < 998)
        return below(70000);
    return below(kind == 999 ? 1000000 : 300000);
}

static unsigned random_flags(void)
{
    unsigned flags = below(4) == 0 ? GC_ATOMIC : 0;
    flags |= below(40) == 0 ? GC_MANUAL : 0;
    return flags | (below(4) == 0 ? GC_NO_ZERO : 0);
}

/* ---- Roots ------------------------------------------------------------------------- */

static void set_root(struct root *r, uint32_t number)
{
    r->target = number;
    *r->place = number ? shadow_object(&copies[number - 1]) : NULL;
}

static void drop_roots(uint32_t share)
{
    for (size_t i = 0; i < root_count; i++)
        if (below(100) < share)
            set_root(&roots[i], 0);
}

/* The ranges' words come last among the roots. */
static struct root *range_roots(uint32_t range)
{
    return &roots[STATIC_ROOTS + STACK_ROOTS + range * RANGE_WORDS];
}

static bool usable_root(size_t i)
{
    size_t in_ranges = i - (STATIC_ROOTS + STACK_ROOTS);
    return i < STATIC_ROOTS + STACK_ROOTS || range_registered[in_ranges / RANGE_WORDS];
}

static void toggle_range(uint32_t range)
{
    struct root *first = range_roots(range);
    char **low = (char **)first->place, **high = low + RANGE_WORDS;
    if (range_registered[range]) {
        for (size_t i = 0; i < RANGE_WORDS; i++)
            set_root(&first[i], 0);
        expect(gc_root_remove(low, high) == 0, "gc_root_remove failed", NULL);
    } else {
        expect(gc_root_add(low, high) == 0, "gc_root_add failed", NULL);
    }
    range_registered[range] = !range_registered[range];
}

static void create_roots(char *volatile *stack_roots)
{
    char *volatile *range_words = calloc(RANGES * RANGE_WORDS, sizeof(char *));
    expect(range_words != NULL, "no memory", NULL);
    for (size_t i = 0; i < STATIC_ROOTS; i++)
        roots[root_count++].place = &static_roots[i];
    for (size_t i = 0; i < STACK_ROOTS; i++)
        roots[root_count++].place = &stack_roots[i];
    for (size_t i = 0; i < RANGES * RANGE_WORDS; i++)
        roots[root_count++].place = &range_words[i];
    for (uint32_t i = 0; i < RANGES; i++)
        toggle_range(i);
}

/* ---- Operations ----------------------------------------------------------------------
 */

/* A reachable object: some steps from a root along random edges; 0: a null pointer. */
static uint32_t walk(void)
{
    uint32_t number = roots[below(ALL_ROOTS)].target;
    for (uint32_t steps = below(64); number && steps > 0; steps--) {
        const struct copy *c = &copies[number - 1];
        uint32_t next = c->edge_count ? c->edges[below(c->edge_count)] : 0;
        if (!next)
            break;
        number = next;
    }
    return number;
}

static void set_edge(struct copy *c, unsigned i, uint32_t target, uint32_t inside)
{
    c->edges[i] = target;
    c->inside[i] = inside;
    ((uintptr_t *)(void *)shadow_object(c))[i] = shadow_edge_word(c, i);
}

/* Any byte; one past the end, where that keeps the object alive. */
static uint32_t random_inside(uint32_t target)
{
    if (!target || below(2))
        return 0;
    const struct copy *c = &copies[target - 1];
    bool end_counts = end_pointers || c->size >= 256;
    return c->size ? below(c->size + end_counts) : 0;
}

static unsigned random_edge(const struct copy *c)
{
    unsigned i = below(c->edge_count);
    for (unsigned tries = c->edge_count; growing && c->edges[i] && tries > 0; tries--)
        i = (i + 1) % c->edge_count;
    return i;
}

static void store_somewhere(uint32_t target)
{
    uint32_t owner = walk();
    size_t root = below(ALL_ROOTS);
    if (owner && copies[owner - 1].edge_count && below(40)) {
        struct copy *c = &copies[owner - 1];
        set_edge(c, random_edge(c), target, random_inside(target));
    } else if (usable_root(root) && (!roots[root].target || below(100) == 0)) {
        set_root(&roots[root], target);
    }
}

static bool is_zero(const char *p, size_t bytes)
{
    return bytes == 0 || (*p == 0 && memcmp(p, p + 1, bytes - 1) == 0);
}

/* Without a limit, memory must not run out; with one, the program lets go of some. */
static void allocation_failed(void)
{
    expect(limited && errno == ENOMEM, "an allocation failed", NULL);
    totals.failed++;
    drop_roots(20);
}

/* A new object with its pattern; 0 if there is no memory.  Aligned ones have at most as
 * many usable bytes as asked for, so that no pointer one past their end is made. */
static uint32_t new_object(void)
{
    size_t size = random_size();
    unsigned flags = random_flags();
    size_t alignment = below(16) ? 0 : (size_t)1 << below(14);
    if (alignment > 16 && size >= 255)
        size = 250;
    char *object = gc_alloc_with(size, end_pointers ? 0 : alignment, flags);
    if (!object)
        return allocation_failed(), 0;
    if (!(flags & GC_NO_ZERO))
        expect(is_zero(object, size), "a new object is not zero", NULL);
    else
        memset(object, 0, gc_usable_size(object));
    uint32_t number =
        shadow_add(object, size, flags & (GC_ATOMIC | GC_MANUAL), below(1u << 30));
    shadow_fill(&copies[number - 1], 0);
    return number;
}

static void check_object(const struct copy *c)
{
    char *object = shadow_object(c);
    expect(gc_base(object) == object, "a reachable object is gone", c);
    expect(gc_usable_size(object) >= c->size, "an object has shrunk", c);
    for (unsigned i = 0; i < c->edge_count; i++)
        expect(((uintptr_t *)(void *)object)[i] == shadow_edge_word(c, i),
               "a pointer has changed", c);
    expect(shadow_is_filled(c), "the contents have changed", c);
}

static void free_object(uint32_t number)
{
    char *object = shadow_object(&copies[number - 1]);
    gc_free(object);
    expect(gc_usable_size(object) == 0, "a freed object is still there", NULL);
    shadow_remove(number);
    totals.frees++;
}

/* Whatever points to the object follows it, or is cut (`to` 0).  Only what is reachable
 * is touched: the rest may be gone. */
static void redirect(uint32_t number, uint32_t to)
{
    for (size_t i = 0; i < root_count; i++)
        if (roots[i].target == number)
            set_root(&roots[i], to);
    for (uint32_t k = 0; k < used_count; k++) {
        struct copy *c = &copies[used[k]];
        for (unsigned i = 0; c->reachable && i < c->edge_count; i++)
            if (c->edges[i] == number)
                set_edge(c, i, to, 0);
    }
}

/* Resizes an object that nothing points to, or one that the last shadow_trace reached.
 * The contents are compared, then written anew for the new size. */
static uint32_t resize(uint32_t number)
{
    struct copy old = copies[number - 1];
    size_t size = random_size(), kept = size < old.size ? size : old.size;
    char *object = gc_realloc(shadow_object(&old), size);
    if (!object)
        return allocation_failed(), check_object(&old), number;
    totals.reallocs++;
    uint32_t to = shadow_add(object, kept, old.flags, old.seed);
    struct copy *c = &copies[to - 1];
    c->reachable = old.reachable;
    c->edge_count = c->edge_count < old.edge_count ? c->edge_count : old.edge_count;
    memcpy(c->edges, old.edges, sizeof c->edges);
    memcpy(c->inside, old.inside, sizeof c->inside);
    for (unsigned i = 0; i < c->edge_count; i++)
        expect(((uintptr_t *)(void *)object)[i] == shadow_edge_word(&old, i),
               "a pointer was lost in resizing", c);
    if (kept == old.size)
        expect(shadow_is_filled(c), "contents were lost in resizing", c);
    if (!(old.flags & GC_ATOMIC))
        expect(is_zero(object + kept, size - kept), "a resized object is not zero", c);
    c->size = (uint32_t)size;
    shadow_fill(c, 0);
    if (old.reachable)
        redirect(number, to);
    shadow_remove(number);
    return to;
}

/* One that is used for a moment and freed; nothing ever points to it. */
static void use_temporary(void)
{
    uint32_t number = new_object();
    if (!number)
        return;
    check_object(&copies[number - 1]);
    if (below(4) == 0)
        number = resize(number);
    check_object(&copies[number - 1]);
    free_object(number);
}

static void step(void)
{
    uint32_t kind = below(1000), number;
    if (kind < 550) {
        number = new_object();
        if (number)
            store_somewhere(number);
    } else if (kind < 800) {
        store_somewhere(walk());
    } else if (kind < 805) {
        store_somewhere(0);
    } else if (kind < 900) {
        use_temporary();
    } else if (kind < 999) {
        number = walk();
        if (number)
            check_object(&copies[number - 1]);
    } else {
        toggle_range(below(RANGES));
    }
}

/* ---- Comparing ------------------------------------------------------------------------
 */

static __attribute__((noinline)) void overwrite_stack(void)
{
    volatile char frame[1 << 16];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = 0;
}

static void check_strays(uint32_t reachable)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    expect(s.live_objects >= reachable, "fewer objects live than are reachable", NULL);
    expect(!limited || s.heap_bytes_max <= s.limit_bytes, "the limit is exceeded", NULL);
    totals.strays += s.live_objects - reachable;
    totals.unreachable += used_count - reachable;
}

static void compare(void)
{
    overwrite_stack();
    gc_collect();
    shadow_trace();
    uint32_t reachable = 0;
    for (uint32_t i = 0; i < used_count; i++) {
        if (copies[used[i]].reachable) {
            reachable++;
            check_object(&copies[used[i]]);
        }
    }
    check_strays(reachable);
    growing = reachable < (growing ? LIVE_MOST : LIVE_MOST / 4);
    for (uint32_t i = used_count; i-- > 0;)
        if (!copies[used[i]].reachable)
            shadow_remove(used[i] + 1);
    totals.compared++;
}

/* Some reachable objects are resized and some freed, with all that points to them; of the
 * manual ones most are freed, which keeps their number down.  No collection meanwhile:
 * what was cut off may still be touched. */
static void resize_and_free_some(void)
{
    gc_disable();
    for (uint32_t i = used_count; i-- > 0;) {
        if (i >= used_count)
            continue;
        uint32_t number = used[i] + 1;
        bool manual = copies[number - 1].flags & GC_MANUAL;
        if (below(1000) < (manual ? 500 : 4)) {
            redirect(number, 0);
            free_object(number);
        } else if (below(100) == 0) {
            resize(number);
        }
    }
    gc_enable();
    if (used_count > LIVE_MOST)
        drop_roots(60);
}

static bool option_is_set(const char *setting)
{
    const char *settings = getenv("GCALLOC_OPTIONS");
    return settings && strstr(settings, setting);
}

int main(int count, char **arguments)
{
    unsigned long operations = count > 1 ? strtoul(arguments[1], NULL, 10) : 1500000;
    unsigned long seed = count > 2 ? strtoul(arguments[2], NULL, 10) : 1;
    char *volatile stack_roots[STACK_ROOTS] = {NULL};
    const char *settings = getenv("GCALLOC_OPTIONS");
    /* A new object is hidden until it is stored somewhere. */
    expect(gc_option_set("idle", "0") == 0, "gc_option_set failed", NULL);
    printf("shadow %lu %lu, options '%s'\n", operations, seed, settings ? settings : "");
    fflush(stdout);

    random_state = seed * 0x9E3779B97F4A7C15u | 1;
    limited = option_is_set("heap_limit=");
    end_pointers = option_is_set("end_pointers=1");
    shadow_create(ALL_ROOTS);
    create_roots(stack_roots);
    for (unsigned long i = 1; i <= operations; i++) {
        step();
        if (i % COMPARE_EVERY == 0) {
            compare();
            resize_and_free_some();
        }
    }
    compare();

    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    double share = (double)totals.strays / ((double)totals.unreachable + 1);
    printf("%llu collections, %llu comparisons; at the end %u live; of %llu unreachable "
           "%llu strayed (%.4f %%); %llu resized, %llu freed, %llu without memory\n",
           (unsigned long long)s.collections, (unsigned long long)totals.compared,
           used_count, (unsigned long long)totals.unreachable,
           (unsigned long long)totals.strays, 100 * share,
           (unsigned long long)totals.reallocs, (unsigned long long)totals.frees,
           (unsigned long long)totals.failed);
    expect(share <= STRAYS_MOST, "too many unreachable objects were kept", NULL);
    return 0;
}
