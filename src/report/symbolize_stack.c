/* Which frames of a stack are shown: not the library's own, nor what runs before main.  What they
 * are called is for symbolize.c to say. */
#include <string.h>

#include "report/symbolize.h"
#include "trace/depot.h"
#include "trace/modules.h"
#include "world/systemstack.h"

enum { OWN_MOST = 6 }; /* calls between a public function and the capture */

/* What the function that a frame is of, and not those inlined there, has to do with main and the
 * library. */
struct role {
    bool is_public, is_main;
};

static bool is_main(const struct symbol *s)
{
    return !s->inlined && s->function && strcmp(s->function, "main") == 0;
}

static void note_role(void *argument, const struct symbol *s)
{
    struct role *r = argument;
    r->is_main = is_main(s);
    r->is_public =
        !s->inlined && s->function && !s->linkage && strncmp(s->function, "gc_", 3) == 0;
}

struct stack {
    const uintptr_t *return_addresses;
    const uint16_t *modules; /* NULL: of what is loaded */
    size_t count;
};

static struct place place_at(const struct stack *s, size_t i)
{
    return (struct place){s->return_addresses[i],
                          s->modules ? s->modules[i] : (uint16_t)MODULE_NONE};
}

/* How many of the innermost frames are the library's own.  There are some only where it is
 * linked into the program; then they end with the last function of a public name.  Nobody asks what
 * is called beyond main: the C library's debugging information is large, and often compressed. */
static size_t count_own(const struct stack *s)
{
    size_t own = 0;
    struct role r = {false, false};
    for (size_t i = 0; i < s->count && i < OWN_MOST && !r.is_main; i++) {
        symbolize_place(place_at(s, i), note_role, &r);
        own = r.is_public ? i + 1 : own;
    }
    return own;
}

struct walk {
    void (*visit)(void *argument, const struct symbol *s);
    void *argument;
    bool in_main;
};

static void visit_frame(void *argument, const struct symbol *s)
{
    struct walk *w = argument;
    w->visit(w->argument, s);
    w->in_main = is_main(s);
}

struct showing {
    struct stack stack;
    struct walk walk;
};

static void show(void *argument)
{
    struct showing *s = argument;
    for (size_t i = count_own(&s->stack); i < s->stack.count && !s->walk.in_main; i++)
        symbolize_place(place_at(&s->stack, i), visit_frame, &s->walk);
}

void symbolize_stack(const uintptr_t *return_addresses, const uint16_t *modules,
                     size_t count, void (*visit)(void *argument, const struct symbol *s),
                     void *argument)
{
    struct showing s = {{return_addresses, modules, count}, {visit, argument, false}};
    systemstack_run(show, &s);
}

void symbolize_recorded(uint32_t stack,
                        void (*visit)(void *argument, const struct symbol *s),
                        void *argument)
{
    const uintptr_t *frames;
    size_t count = depot_get(stack, &frames);
    symbolize_stack(frames, depot_modules(stack), count, visit, argument);
}
