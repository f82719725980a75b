/* Leaks for looking at the form of the report.  usage: form SCENARIO */
#include <dlfcn.h>
#include <gcalloc/gcalloc.h>
#include <stdlib.h>
#include <string.h>

#include "deeply.h"
#include "keeper.h"

struct card {
    char text[32];
    struct card *next, *other;
};

static void *volatile kept[2];

/* The compiler must take what the object holds for read. */
static void publish(const volatile void *object)
{
    __asm__ volatile("" ::"r"(object) : "memory");
}

/* Where it is called, it is inlined. */
static inline __attribute__((always_inline)) struct card *new_card(const char *text)
{
    struct card *c = gc_alloc_manual(sizeof *c);
    strncpy(c->text, text, sizeof c->text);
    publish(c);
    return c;
}

static NOINLINE void lose_texts(void)
{
    for (volatile int i = 0; i < 2; i++)
        kept[0] = strcpy(gc_alloc_manual(1500), "The quick brown fox.");
    kept[0] = NULL;
}

static NOINLINE struct card *a_tail_made_by_a_function_of_a_long_name(void)
{
    struct card *volatile c = new_card("the tail");
    return c;
}

static NOINLINE void lose_ring(void)
{
    struct card *a = new_card("one of a ring of two");
    struct card *volatile b = new_card("the other\twith\x80");
    a->next = b;
    b->next = a;
    b->other = a_tail_made_by_a_function_of_a_long_name();
    publish(a);
}

static NOINLINE void keep_pointer_inside(void)
{
    kept[0] = new_card("Somewhere inside")->text + 8;
}

static NOINLINE void keep_pointer(void)
{
    kept[1] = new_card("Kept");
}

static void all_sorts(void)
{
    lose_texts();
    lose_ring();
    keep_pointer_inside();
    keep_pointer();
}

/* The parent is of one place, the child of another. */
static NOINLINE struct card *new_child(void)
{
    struct card *volatile c = new_card("child");
    return c;
}

static NOINLINE void lose_family(struct card *child)
{
    struct card *volatile c = new_card("parent");
    c->next = child;
    publish(c);
}

static NOINLINE void lose_another_parent(struct card *child)
{
    struct card *volatile c = new_card("another parent");
    c->next = child;
    publish(c);
}

static void family(void)
{
    lose_family(new_child());
    publish(kept); /* no tail call */
}

static void shared_child(void)
{
    struct card *child = new_child();
    lose_family(child);
    lose_another_parent(child);
}

/* A manual object is lost that alone keeps a managed one, which keeps a manual one. */
static void managed(void)
{
    struct card *c = gc_alloc(100);
    c->next = gc_alloc_manual(50);
    publish(c);
    lose_family(c);
}

static NOINLINE int dive(int depth)
{
    if (depth == 0)
        return gc_alloc_manual(7) == NULL;
    return dive(depth - 1) + (kept[0] != NULL);
}

static void deep(void)
{
    if (dive(100))
        abort();
}

/* With this many places there is one report on a group for each. */
#define PLACE(n)                                 \
    static NOINLINE void place##n(void)          \
    {                                            \
        kept[0] = gc_alloc_manual(100 + 10 * n); \
        kept[0] = NULL;                          \
    }
PLACE(1)
PLACE(5)
PLACE(3)
PLACE(4)
PLACE(2)

static void places(void)
{
    place1();
    place5();
    place3();
    place4();
    place2();
}

static void *allocate(unsigned long size)
{
    void *volatile p = gc_alloc_manual(size);
    return p;
}

static void unloaded(void)
{
    void *library = dlopen(KEEPER_LIBRARY, RTLD_NOW);
    const struct keeper *keeper = library ? dlsym(library, "keeper") : NULL;
    if (!keeper)
        abort();
    keeper->allocate(allocate, 104);
    dlclose(library);
}

static void one(void)
{
    kept[0] = gc_alloc_manual(11);
    kept[0] = NULL;
}

/* 1 before the second check, 2 after it.  No word of what allocates is left on the stack. */
static void twice(void)
{
    deeply(one);
    size_t first = gc_leak_check();
    deeply(one);
    size_t second = gc_leak_check();
    if (first != 1 || second != 2)
        exit(9);
}

static void none(void)
{
    kept[0] = gc_alloc_manual(20);
}

static void status(void)
{
    one();
    exit(3);
}

static void *freed_at_the_end;

__attribute__((destructor)) static void free_at_the_end(void)
{
    gc_free(freed_at_the_end);
}

static void late(void)
{
    freed_at_the_end = gc_alloc_manual(10);
}

static void bad_free(void)
{
    char *p = gc_alloc_manual(10);
    gc_free(p + 1);
    gc_free(p);
    gc_free(p);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } scenarios[] = {{"all_sorts", all_sorts},
                     {"family", family},
                     {"shared_child", shared_child},
                     {"managed", managed},
                     {"deep", deep},
                     {"places", places},
                     {"unloaded", unloaded},
                     {"twice", twice},
                     {"none", none},
                     {"one", one},
                     {"status", status},
                     {"late", late},
                     {"bad_free", bad_free}};
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        if (argc == 2 && strcmp(argv[1], scenarios[i].name) == 0)
            return deeply(scenarios[i].run), EXIT_SUCCESS;
    return EXIT_FAILURE;
}
