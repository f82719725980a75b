#include "collect/verify.h"

#include <stdlib.h>

#include "base/log.h"
#include "collect/naive.h"
#include "heap/block.h"

static void compare(const struct naive *n)
{
    const struct heap *h = n->heap;
    for (BLOCKS(h, head)) {
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++) {
            struct cell o = block_cell(h, head, i);
            bool reached = n->reached[naive_number(n, o.address)];
            if (reached == (*o.state == h->mark))
                continue;
            log_line("verify: the object at %p (%zu bytes, kind %u) has state %u and is "
                     "%sreachable",
                     (void *)o.address, o.size, word_kind(o.word), *o.state,
                     reached ? "" : "not ");
            abort();
        }
    }
}

void verify_marks(struct heap *h, const struct range_list *stacks,
                  const struct range_list *roots, const struct range_list *callbacks)
{
    struct naive n;
    if (naive_create(&n, h, false)) {
        naive_scan(&n, stacks);
        naive_scan_ends(&n, stacks);
        naive_scan(&n, roots);
        naive_scan(&n, callbacks);
        naive_reach_manual(&n);
        naive_follow(&n);
    }
    if (n.reached && !n.failed)
        compare(&n);
    else
        log_line(
            "verify: no memory for the naive marker; this collection goes unchecked");
    naive_destroy(&n);
}
