/* One test case per module of the library, for main.c. */
#ifndef GCALLOC_UNIT_SUITES_H
#define GCALLOC_UNIT_SUITES_H

/* In the order of src/README.md, from the bottom up. */
#define MODULES(X)     \
    X(bits)            \
    X(treap)           \
    X(os)              \
    X(meta)            \
    X(node_table)      \
    X(table)           \
    X(lock)            \
    X(log)             \
    X(maps)            \
    X(cgroup)          \
    X(options)         \
    X(capture)         \
    X(modules)         \
    X(depot)           \
    X(account)         \
    X(sizeclass)       \
    X(state)           \
    X(arena)           \
    X(extent)          \
    X(block)           \
    X(altered)         \
    X(lookup)          \
    X(cache)           \
    X(bins)            \
    X(cards)           \
    X(ahead)           \
    X(coarse)          \
    X(wide)            \
    X(roomy)           \
    X(observe)         \
    X(sample)          \
    X(sweep)           \
    X(sweep_later)     \
    X(contents)        \
    X(heap)            \
    X(holes)           \
    X(mesh)            \
    X(life)            \
    X(index)           \
    X(registry)        \
    X(world)           \
    X(range)           \
    X(registered)      \
    X(hosted)          \
    X(opened)          \
    X(segments)        \
    X(far)             \
    X(grey_queue)      \
    X(filter)          \
    X(mark)            \
    X(unaligned)       \
    X(pool)            \
    X(verify)          \
    X(two_heaps)       \
    X(generations)     \
    X(concurrent)      \
    X(pace)            \
    X(pressure)        \
    X(cycle)           \
    X(collector)       \
    X(pairs)           \
    X(weak)            \
    X(ring)            \
    X(guard)           \
    X(canary)          \
    X(damage)          \
    X(damaged_reports) \
    X(finalizer)       \
    X(counted)         \
    X(typed)           \
    X(glob)            \
    X(functions)

struct TCase;

#define DECLARE_TESTS(module) struct TCase *module##_tests(void);
MODULES(DECLARE_TESTS)
#undef DECLARE_TESTS

#endif
