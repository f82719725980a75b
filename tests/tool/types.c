/* A program whose objects are of known types, for recordings. */
#include <gcalloc/gcalloc.h>
#include <gcalloc/layout.h>
#include <gcalloc/slab.h>

static void *kept[100];
static int count;

static void keep(void *object)
{
    kept[count++] = object;
}

__attribute__((noinline)) static void make_pairs(gc_layout pair)
{
    keep(gc_alloc_layout(pair));
    keep(gc_alloc_layout(pair));
}

/* In turn, so that one type seldom follows itself. */
int main(void)
{
    const size_t first = 0;
    gc_layout pair = gc_layout_new(16, &first, 1), other = gc_layout_new(40, &first, 1);
    gc_slab *cells = gc_slab_create("cells", 64, 0, NULL, 0);
    gc_layout_name(pair, "pair </script>");
    for (int i = 0; i < 6; i++) {
        keep(gc_alloc(100));
        make_pairs(pair);
        if (i % 2)
            keep(gc_alloc_atomic(50));
        keep(gc_alloc_layout(other));
        keep(gc_slab_alloc(cells));
        if (i == 3)
            keep(gc_alloc_manual(200));
    }
    gc_free(kept[0]);
    gc_free(kept[1]);
    return 0;
}
