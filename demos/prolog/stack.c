/* The machine's stacks: environments, choice points and the trail. They lie in memory that the
 * collector does not know, and are shown to it as far as they are in use. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Address space for each of the stacks; pages that are never reached cost nothing. */
#define STACK_BYTES ((size_t)1 << 30)

static word *environments;
static char *choices, *choices_end;
static struct trail_entry *trail_base, *trail_end;

static size_t choice_size(size_t count)
{
    return sizeof(struct choice) + count * sizeof(term);
}

static char *choice_end(const struct choice *c)
{
    return (char *)c + choice_size(c->count);
}

/* Of the stacks only what is in use keeps objects. */
static void mark_stacks(void *data)
{
    (void)data;
    if (!vm.choice)
        return;
    gc_mark_range(environments, later(vm.top, vm.choice->top));
    gc_mark_range(choices, choice_end(vm.choice));
    gc_mark_range(trail_base, vm.trail);
}

static void *stack_new(void)
{
    void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) {
        perror("gcprolog: no memory for the stacks");
        exit(EXIT_FAILURE);
    }
    return stack;
}

void trail(term *cell, term content)
{
    if (vm.trail == trail_end)
        resource_error("trail");
    *vm.trail++ = (struct trail_entry){cell, content};
}

void undo_to(struct trail_entry *mark)
{
    while (vm.trail > mark) {
        vm.trail--;
        *vm.trail->cell = vm.trail->content;
    }
}

struct choice *choice_push(const word *alternative, word *environment,
                           const word *continuation, word *top, size_t count)
{
    struct choice *c = (struct choice *)choice_end(vm.choice);
    if ((char *)c + choice_size(count) > choices_end)
        resource_error("choice_points");
    c->previous = vm.choice;
    c->alternative = alternative;
    c->environment = environment;
    c->continuation = continuation;
    c->trail = vm.trail;
    c->top = later(top, vm.choice->top);
    c->count = count;
    vm.fresh += 8;
    c->stamp = vm.barrier = vm.fresh;
    memcpy(c->arguments, vm.x, count * sizeof(term));
    vm.choice = c;
    return c;
}

void cut_to(struct choice *to)
{
    struct choice *oldest = vm.choice;
    if (oldest == to)
        return;
    while (oldest->previous != to)
        oldest = oldest->previous;
    vm.choice = to;
    vm.barrier = to->stamp;
    struct trail_entry *kept = oldest->trail;
    for (struct trail_entry *t = kept; t < vm.trail; t++) {
        if (t->content < vm.barrier || tag_of(t->content) != UNBOUND)
            *kept++ = *t;
    }
    vm.trail = kept;
}

word level_of(const struct choice *c)
{
    return (word)integer((const char *)c - choices);
}

struct choice *choice_at(word level)
{
    return (struct choice *)(choices + integer_of(level));
}

void stacks_init(void)
{
    environments = stack_new();
    vm.top_limit = environments + STACK_BYTES / sizeof(word);
    choices = stack_new();
    choices_end = choices + STACK_BYTES;
    trail_base = vm.trail = stack_new();
    trail_end = trail_base + STACK_BYTES / sizeof *trail_base;
    vm.top = environments;
    vm.fresh = vm.barrier = UNBOUND;
    gc_root_callback_add(mark_stacks, NULL);
}

struct choice *stacks_reset(const word *failure, const word *success)
{
    struct choice *base = (struct choice *)choices;
    *base = (struct choice){.alternative = failure,
                            .environment = environments,
                            .continuation = success,
                            .trail = trail_base,
                            .stamp = vm.barrier,
                            .top = environments};
    return vm.choice = base;
}
