/* A library that uses the collector; its own answer to whether that works. */
#include <gcalloc/gcalloc.h>

struct node {
    struct node *next;
};

enum { NODES = 1000, GARBAGE = 100000 };

int use(void);

int use(void)
{
    struct node *list = NULL;
    for (int i = 0; i < NODES; i++) {
        struct node *node = gc_alloc(sizeof *node);
        if (!node)
            return 0;
        node->next = list;
        list = node;
    }
    for (int i = 0; i < GARBAGE; i++)
        *(void *volatile *)gc_alloc(sizeof(void *)) = NULL;
    gc_collect();
    int nodes = 0;
    for (; list; list = list->next)
        nodes++;
    return nodes == NODES;
}
