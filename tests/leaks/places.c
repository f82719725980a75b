/* Programs that keep their pointers in all sorts of places and forms. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keeper.h"
#include "programs.h"

static void in_static(void)
{
    kept[0] = NEW(100);
}

static void list_in_static(void)
{
    kept[0] = new_list(5);
}

static void ring_in_static(void)
{
    struct node *last;
    kept[0] = new_ring(5, &last);
}

static __thread void *volatile local;

static void in_tls(void)
{
    local = NEW(72);
}

static void from_tls_lost(void)
{
    local = NEW(72);
    local = NULL;
}

static void in_thread_key(void)
{
    pthread_key_t key;
    if (pthread_key_create(&key, NULL) == 0)
        pthread_setspecific(key, NEW(88));
}

/* The program ends while this frame is there. */
static void on_stack(void)
{
    void *volatile here = NEW(80);
    (void)here;
    exit(EXIT_SUCCESS);
}

static void interior(void)
{
    kept[0] = (char *)NEW(64) + 32;
}

static void interior_of_huge(void)
{
    kept[0] = (char *)NEW(3 << 20) + (2 << 20);
}

/* The first is reached by its start, and has the only pointer, into the second. */
static void interior_from_object(void)
{
    struct node *n = new_node(NULL, NULL);
    n->next = (struct node *)(void *)n->data;
    kept[0] = n;
    n->other = (struct node *)(void *)new_node(NULL, NULL)->data;
}

/* What possible leaks point to is possible. */
static void behind_interior(void)
{
    kept[0] = new_list(3)->data;
}

static void interior_from_lost(void)
{
    struct node *inner = new_node(NULL, NULL);
    new_node((struct node *)(void *)inner->data, NULL);
}

static void both_start_and_interior(void)
{
    char *p = NEW(64);
    kept[0] = p;
    kept[1] = p + 8;
}

static void end_of_small(void)
{
    kept[0] = (char *)NEW(48) + 48;
}

static void end_of_large(void)
{
    kept[0] = (char *)NEW(1024) + 1024;
}

static void tagged(void)
{
    kept[0] = (char *)NEW(64) + 1;
}

static void disguised(void)
{
    kept[0] = (void *)~(uintptr_t)NEW(64);
}

static void unaligned(void)
{
    void *p = NEW(64);
    memcpy((char *)(uintptr_t)kept + 3, &p, sizeof p);
}

static void from_data(void)
{
    void **data = NEW_DATA(sizeof *data);
    *data = NEW(64);
    kept[0] = data;
}

static void in_mapping(void)
{
    void **page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
        *page = NEW(64);
}

/* Returns what is watched. */
static int watch(int poll, void *p)
{
    int file = eventfd(0, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
    if (file >= 0)
        (void)epoll_ctl(poll, EPOLL_CTL_ADD, file, &event);
    return file;
}

/* One of two is watched no more. */
static void in_epoll(void)
{
    int poll = epoll_create1(0);
    (void)watch(poll, NEW(72));
    close(watch(poll, NEW(64)));
}

static void realloc_lost(void)
{
    void *p = NEW(10);
    for (size_t size = 100; size <= 100000; size *= 10)
        p = RESIZE(p, size);
}

static void realloc_kept(void)
{
    kept[0] = NEW(10);
    kept[0] = RESIZE(kept[0], 5000);
}

static void realloc_shrunk(void)
{
    void *p = NEW(100000);
    kept[0] = RESIZE(p, 25);
    kept[0] = NULL;
}

/* Twice in the same slot. */
static void realloc_in_place(void)
{
    void *p = NEW(41);
    p = RESIZE(p, 43);
    kept[0] = RESIZE(p, 42);
    kept[0] = NULL;
}

/* The list hangs on a block that moves. */
static void realloc_carries(void)
{
    struct node **p = NEW(sizeof *p);
    *p = new_list(4);
    kept[0] = RESIZE(p, 20000);
}

static void *allocate(unsigned long size)
{
    void *volatile p = NEW(size);
    return p;
}

static void load_and_keep(bool unload)
{
    void *library = dlopen(KEEPER_LIBRARY, RTLD_NOW);
    const struct keeper *keeper = library ? dlsym(library, "keeper") : NULL;
    if (!keeper)
        abort();
    keeper->keep(keeper->allocate(allocate, 104));
    if (unload)
        dlclose(library);
}

static void in_library(void)
{
    load_and_keep(false);
}

static void from_unloaded(void)
{
    load_and_keep(true);
}

const struct program place_programs[] = {
    {.name = "in_static", in_static, .reachable = {1, 100}},
    {.name = "list_in_static", list_in_static, .reachable = {5, 5 * NODE}},
    {.name = "ring_in_static", ring_in_static, .reachable = {5, 5 * NODE}},
    {.name = "in_tls", in_tls, .reachable = {1, 72}},
    {.name = "from_tls_lost", from_tls_lost, .definite = {1, 72}},
    {.name = "in_thread_key", in_thread_key, .reachable = {1, 88}},
    {.name = "on_stack", on_stack, .reachable = {1, 80}},
    {.name = "interior", interior, .possible = {1, 64}},
    {.name = "interior_of_huge", interior_of_huge, .possible = {1, 3 << 20}},
    {.name = "interior_from_object",
     interior_from_object,
     .possible = {1, NODE},
     .reachable = {1, NODE}},
    {.name = "behind_interior", behind_interior, .possible = {3, 3 * NODE}},
    {.name = "interior_from_lost",
     interior_from_lost,
     .definite = {1, NODE},
     .indirect = {1, NODE},
     .kept = {1, NODE}},
    {.name = "both_start_and_interior", both_start_and_interior, .reachable = {1, 64}},
    {.name = "end_of_small", end_of_small, .definite = {1, 48}},
    {.name = "end_of_large", end_of_large, .possible = {1, 1024}},
    {.name = "tagged", tagged, .possible = {1, 64}},
    {.name = "disguised", disguised, .definite = {1, 64}},
    {.name = "unaligned", unaligned, .definite = {1, 64}},
    {.name = "from_data", from_data, .definite = {1, 64}, .reachable = {1, 8}},
    {.name = "in_mapping", in_mapping, .definite = {1, 64}},
    {.name = "in_epoll", in_epoll, .definite = {1, 64}, .reachable = {1, 72}},
    {.name = "realloc_lost", realloc_lost, .definite = {1, 100000}},
    {.name = "realloc_kept", realloc_kept, .reachable = {1, 5000}},
    {.name = "realloc_shrunk", realloc_shrunk, .definite = {1, 25}},
    {.name = "realloc_in_place", realloc_in_place, .definite = {1, 42}},
    {.name = "realloc_carries", realloc_carries, .reachable = {5, 20000 + 4 * NODE}},
    {.name = "in_library", in_library, .reachable = {1, 104}},
    {.name = "from_unloaded", from_unloaded, .definite = {1, 104}},
    {.name = NULL},
};
