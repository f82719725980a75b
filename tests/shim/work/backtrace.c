/* What the debugger runs: threads, a breakpoint deep down, a signal. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct list {
    struct list *next;
    int value;
};

static int deep(struct list *list, int depth)
{
    return depth ? deep(list->next, depth - 1) + list->value : list->value;
}

static void *run(void *list)
{
    printf("%d\n", deep(list, 10));
    return NULL;
}

int main(void)
{
    struct list *list = NULL;
    for (int i = 0; i < 1000; i++) {
        struct list *l = malloc(sizeof *l);
        *l = (struct list){list, i};
        list = l;
    }
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, run, list);
        pthread_join(threads[i], NULL);
    }
    fflush(stdout);
    raise(SIGUSR1);
    return 7;
}
