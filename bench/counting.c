/* Counting beside tracing: the same three programs on objects that are left to the collector, and
 * on objects that are destroyed as soon as their count comes to 0; and the price of a change of a
 * count.
 *
 * usage: counting trees|cache|graph|graph-back traced|counted|unshared [SIZE]
 *        counting pairs|pairs-one counted|unshared [SIZE]
 *   trees: SIZE binary trees of 4095 nodes, each built, walked and dropped.  An operation is a node
 *   cache: a hash table of SIZE thousand records with two children each, of which one at random is
 *     replaced four times as often as there are records.  An operation is such a replacement
 *   graph: SIZE documents of 585 elements, each built, walked and dropped; elements point to their
 *     parents, to their first children and to both neighbours.  An operation is an element
 *   graph-back: the same, but pointers to parents and to the neighbours before are not counted, so
 *     that counts see no circles
 *   pairs: SIZE million times gc_retain and gc_release, of 64 objects in turn; pairs-one: of one
 *   traced: gc_alloc, and nothing is called when an object is dropped
 *   counted: gc_counted_new; unshared: the same with counts that change plainly
 * The filling of the table is outside of the time.  A line of its own has what happens within it:
 *   worst_ns: the longest pause, of the three kinds that follow; if traced, of the first
 *   pause_ns: the longest collection
 *   release_ns: the longest gc_release that the program itself calls, with all that it destroys;
 *     if traced, for how long the machine stopped the program where it does nothing
 *   circles_ns: the longest gc_finalizers_run
 *   stopped_ns: all collections together, and how many: pauses
 *   by_counts, by_collector: objects that were destroyed; of circles, and if traced, that were
 *     swept */
#include "measure.h"

#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>

enum {
    TREE_DEPTH = 12,
    CHAIN = 4,        /* records in a bucket, on average */
    REPLACEMENTS = 4, /* of each record, on average */
    DOCUMENT_DEPTH = 3,
    DOCUMENT_WIDTH = 8,
    PAIR_OBJECTS = 64
};

static const char usage[] =
    "trees|cache|graph|graph-back traced|counted|unshared [SIZE]\n"
    "or: counting pairs|pairs-one counted|unshared [SIZE]";

static enum way { TRACED, COUNTED, UNSHARED } way;

static struct {
    uint64_t made, destroyed, found; /* found: those of the destroyed in circles */
    uint64_t pause_ns, release_ns, circles_ns; /* the longest */
} totals;

static struct gc_stats before; /* when the time began */

/* ---- What the ways differ in ----------------------------------------------------- */

static void *make(size_t size, gc_destroy *destroy)
{
    totals.made++;
    if (way == TRACED)
        return peer_alloc_zeroed(size);
    return peer_opaque(
        gc_counted_new_with(size, destroy, way == UNSHARED ? GC_UNSHARED : 0));
}

static void *share(void *object)
{
    return way == TRACED ? object : gc_retain(object);
}

static void note_longest(uint64_t *longest, uint64_t start)
{
    uint64_t time = measure_now_ns() - start;

    if (time > *longest)
        *longest = time;
}

/* The clock is read in all ways, for it takes its time too. */
static void drop(void *object)
{
    uint64_t start = measure_now_ns();

    if (way != TRACED)
        gc_release(object);
    note_longest(&totals.release_ns, start);
}

/* Destroys the circles that collections have found. */
static void end_circles(void)
{
    uint64_t start = measure_now_ns(), destroyed = totals.destroyed;

    if (way != TRACED)
        gc_finalizers_run();
    note_longest(&totals.circles_ns, start);
    totals.found += totals.destroyed - destroyed;
}

/* Ends the program if counts have destroyed more or fewer objects than they should. */
static void require_destroyed(uint64_t least, uint64_t most)
{
    if (way != TRACED && (totals.destroyed < least || totals.destroyed > most)) {
        fprintf(stderr, "%" PRIu64 " of %" PRIu64 " objects were destroyed\n",
                totals.destroyed, totals.made);
        exit(1);
    }
}

/* ---- Trees ------------------------------------------------------------------------- */

struct node {
    struct node *left, *right;
    uint64_t value;
};

static void destroy_node(void *object)
{
    struct node *n = object;

    totals.destroyed++;
    gc_release(n->left);
    gc_release(n->right);
}

static struct node *build_tree(int depth)
{
    struct node *n = make(sizeof(*n), destroy_node);

    n->value = totals.made;
    if (depth > 1) {
        n->left = build_tree(depth - 1);
        n->right = build_tree(depth - 1);
    }
    return n;
}

static uint64_t sum_tree(const struct node *n)
{
    return n ? n->value + sum_tree(n->left) + 3 * sum_tree(n->right) : 0;
}

static uint64_t run_trees(uint64_t count, uint64_t *checksum)
{
    for (uint64_t i = 0; i < count; i++) {
        struct node *tree = build_tree(TREE_DEPTH);

        *checksum += sum_tree(tree);
        drop(tree);
    }
    require_destroyed(totals.made, totals.made);
    return totals.made;
}

/* ---- Cache --------------------------------------------------------------------------- */

struct record {
    struct record *next;
    struct node *name, *value;
    uint64_t key;
};

static struct {
    struct record **buckets; /* an object of the heap */
    uint64_t bucket_count;
} table;

static void destroy_record(void *object)
{
    struct record *r = object;

    totals.destroyed++;
    gc_release(r->next);
    gc_release(r->name);
    gc_release(r->value);
}

static struct record **bucket_of(uint64_t key)
{
    return &table.buckets[key % table.bucket_count];
}

static void add_record(uint64_t key)
{
    struct record *r = make(sizeof(*r), destroy_record), **bucket = bucket_of(key);

    r->key = key;
    r->name = make(sizeof(*r->name), destroy_node);
    r->name->value = key;
    r->value = make(sizeof(*r->value), destroy_node);
    r->value->value = totals.made;
    r->next = *bucket;
    *bucket = r;
}

static void remove_record(uint64_t key)
{
    struct record **link = bucket_of(key), *r;

    while ((*link)->key != key)
        link = &(*link)->next;
    r = *link;
    *link = r->next;
    r->next = NULL;
    drop(r);
}

static void fill_table(uint64_t records)
{
    table.bucket_count = (records + CHAIN - 1) / CHAIN;
    table.buckets = peer_alloc_zeroed(table.bucket_count * sizeof(struct record *));
    for (uint64_t key = 0; key < records; key++)
        add_record(key);
}

static uint64_t sum_table(void)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < table.bucket_count; i++)
        for (const struct record *r = table.buckets[i]; r; r = r->next)
            sum = 31 * sum + r->key + r->name->value + r->value->value;
    return sum;
}

static uint64_t run_cache(uint64_t records, uint64_t *checksum)
{
    uint64_t random = 1, replacements = REPLACEMENTS * records;

    for (uint64_t i = 0; i < replacements; i++) {
        uint64_t key = measure_random(&random) % records;

        remove_record(key);
        add_record(key);
    }
    require_destroyed(3 * replacements, 3 * replacements);
    *checksum = sum_table();
    return replacements;
}

/* ---- Graph --------------------------------------------------------------------------- */

/* Pointers to parents and to the neighbours before are references. */
static bool counts_back;

struct element {
    struct element *parent, *first, *next, *previous;
    uint64_t value;
};

static void destroy_element(void *object)
{
    struct element *e = object;

    totals.destroyed++;
    gc_release(e->first);
    gc_release(e->next);
    if (counts_back) {
        gc_release(e->parent);
        gc_release(e->previous);
    }
}

static struct element *point_back(struct element *e)
{
    return counts_back ? share(e) : e;
}

/* The parent takes the caller's reference to the child, and the child that to the one before. */
static void prepend(struct element *parent, struct element *child)
{
    child->parent = point_back(parent);
    child->next = parent->first;
    if (child->next)
        child->next->previous = point_back(child);
    parent->first = child;
}

static struct element *build_document(int depth)
{
    struct element *e = make(sizeof(*e), destroy_element);

    e->value = totals.made;
    for (int i = 0; depth > 0 && i < DOCUMENT_WIDTH; i++)
        prepend(e, build_document(depth - 1));
    return e;
}

static uint64_t sum_document(const struct element *e)
{
    uint64_t sum = e->value;

    for (const struct element *c = e->first; c; c = c->next)
        sum = 3 * sum + sum_document(c) +
              (c->previous ? c->previous->value : c->parent->value);
    return sum;
}

static uint64_t run_graph(uint64_t count, uint64_t *checksum)
{
    for (uint64_t i = 0; i < count; i++) {
        struct element *document = build_document(DOCUMENT_DEPTH);

        *checksum += sum_document(document);
        drop(document);
        end_circles();
    }
    if (!counts_back)
        require_destroyed(totals.made, totals.made);
    return totals.made;
}

/* ---- Pairs --------------------------------------------------------------------------- */

/* The compiler must not take the two changes of a plain count for none. */
static void pair(void *object)
{
    gc_retain(object);
    __asm__ volatile("" : : : "memory");
    gc_release(object);
    __asm__ volatile("" : : : "memory");
}

static void measure_pairs(uint64_t pairs, unsigned objects)
{
    void *made[PAIR_OBJECTS];
    uint64_t start, time, checksum = 0;

    for (unsigned i = 0; i < PAIR_OBJECTS; i++)
        made[i] = make(sizeof(struct node), destroy_node);
    start = measure_now_ns();
    for (uint64_t i = 0; i < pairs; i++)
        pair(made[i & (objects - 1)]);
    time = measure_now_ns() - start;
    for (unsigned i = 0; i < PAIR_OBJECTS; i++)
        checksum += gc_counted_count(made[i]);
    measure_report(time, pairs, checksum);
}

/* ---- The result ------------------------------------------------------------------------ */

static uint64_t longer(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct gc_stats stats_now(void)
{
    struct gc_stats stats = {.size = sizeof(stats)};

    gc_stats_get(&stats);
    return stats;
}

/* After each collection. */
static void note_pause(void *data)
{
    (void)data;
    totals.pause_ns = longer(totals.pause_ns, stats_now().pause_ns_last);
}

static void begin_time(void)
{
    if (gc_hook_add(GC_AFTER_COLLECTION, note_pause, NULL))
        abort();
    before = stats_now();
}

static uint64_t worst_pause(void)
{
    if (way == TRACED)
        return totals.pause_ns;
    return longer(totals.pause_ns, longer(totals.release_ns, totals.circles_ns));
}

static void print_totals(void)
{
    struct gc_stats now = stats_now();

    printf("also worst_ns=%" PRIu64 " pause_ns=%" PRIu64 " release_ns=%" PRIu64
           " circles_ns=%" PRIu64 " stopped_ns=%" PRIu64,
           worst_pause(), totals.pause_ns, totals.release_ns, totals.circles_ns,
           now.pause_ns_total - before.pause_ns_total);
    printf(" pauses=%" PRIu64 " by_counts=%" PRIu64 " by_collector=%" PRIu64 "\n",
           now.collections - before.collections, totals.destroyed - totals.found,
           way == TRACED ? now.reclaimed_objects - before.reclaimed_objects
                         : totals.found);
}

/* Of the circles a few may be kept by what lies on the stack. */
static void require_circles_end(void)
{
    uint64_t kept = totals.made / 100 + 10000;

    gc_collect();
    end_circles();
    require_destroyed(totals.made > kept ? totals.made - kept : 0, totals.made);
}

static void measure_program(const char *name, uint64_t size)
{
    bool cache = strcmp(name, "cache") == 0, graph = strncmp(name, "graph", 5) == 0;
    uint64_t start, time, operations, checksum = 0;

    counts_back = strcmp(name, "graph") == 0;
    if (cache)
        fill_table(1000 * size);
    begin_time();
    start = measure_now_ns();
    operations = cache   ? run_cache(1000 * size, &checksum)
                 : graph ? run_graph(size, &checksum)
                         : run_trees(size, &checksum);
    time = measure_now_ns() - start;
    print_totals();
    measure_report(time, operations, checksum);
    if (counts_back)
        require_circles_end();
}

static const struct program {
    const char *name;
    long size;        /* without an argument */
    unsigned objects; /* of pairs, a power of two; 0: they are not counted */
} programs[] = {
    {"trees", 3000, 0},           /* trees */
    {"cache", 500, 0},            /* thousands of records */
    {"graph", 8000, 0},           /* documents */
    {"graph-back", 8000, 0},      /* documents */
    {"pairs", 100, PAIR_OBJECTS}, /* millions of pairs */
    {"pairs-one", 100, 1},        /* millions of pairs */
};

static const struct program *find_program(char **argv)
{
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (strcmp(argv[1], programs[i].name) == 0)
            return &programs[i];
    measure_usage(argv, usage);
    return NULL;
}

static enum way find_way(char **argv, bool may_be_traced)
{
    if (may_be_traced && strcmp(argv[2], "traced") == 0)
        return TRACED;
    return measure_choice(argv, 2, "counted", "unshared", usage) ? COUNTED : UNSHARED;
}

int main(int argc, char **argv)
{
    const struct program *program;
    uint64_t size;

    measure_count(argc, argv, argc == 4 ? 3 : 2, usage);
    program = find_program(argv);
    way = find_way(argv, program->objects == 0);
    size =
        (uint64_t)(argc == 4 ? measure_number(argv, 3, 1, 100000, usage) : program->size);
    peer_init();
    if (program->objects > 0)
        measure_pairs(1000000 * size, program->objects);
    else
        measure_program(program->name, size);
    return 0;
}
