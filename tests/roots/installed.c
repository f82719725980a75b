/* A user's program, for tests/installed.sh: a list that survives, garbage that does not
 * stay. */
#include <gcalloc/gcalloc.h>
#include <stdio.h>
#include <string.h>

struct link {
    struct link *next;
    char *text;
};

int main(void)
{
    struct link *list = NULL;
    for (int i = 0; i < 100000; i++) {
        struct link *l = gc_alloc(sizeof *l);
        if (!l)
            return 1;
        l->text = gc_strdup("text");
        if (i % 100 == 0) {
            l->next = list;
            list = l;
        }
    }
    gc_collect();
    int length = 0;
    for (; list; list = list->next)
        length += strcmp(list->text, "text") == 0;
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    printf("%d links, %llu objects reclaimed\n", length,
           (unsigned long long)stats.reclaimed_objects);
    return length != 1000 || stats.reclaimed_objects == 0;
}
