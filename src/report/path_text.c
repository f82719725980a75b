/* The way to an object as text.  Of a long one the middle is left out. */
#include "mutator/fence.h"
#include "report/out.h"
#include "report/path.h"
#include "report/symbolize.h"
#include "trace/modules.h"

enum { FIRST_STEPS = 16, LAST_STEPS = 4 };

static void print_data(uintptr_t at)
{
    struct variable v;
    if (!symbolize_variable(at, &v))
        out_print("  memory at %p that is searched for pointers\n", (void *)at);
    else if (v.name)
        out_print("  static variable %s+%zu of %s\n", v.name, v.offset,
                  last_part(v.module));
    else
        out_print("  static data of %s, at offset 0x%zx\n", last_part(v.module),
                  v.offset);
}

static void print_root(const struct path *p)
{
    switch (p->root) {
    case ROOT_DATA:
        return print_data(p->steps[0].at);
    case ROOT_NAMED:
        return out_print("  a root callback of the program's\n");
    case ROOT_STACK:
        if (!p->thread)
            return out_print("  a stack, at %p\n", (void *)p->steps[0].at);
        return out_print("  the stack of thread %d, %zu bytes above its stack pointer\n",
                         p->thread, p->distance);
    case ROOT_REGISTER:
        return out_print("  a register of thread %d\n", p->thread);
    case ROOT_LOCAL:
        return out_print("  thread-local data of thread %d, at %p\n", p->thread,
                         (void *)p->steps[0].at);
    case ROOT_RECORD:
        return out_print(
            "  the argument, the result or the alternate signal stack of a thread\n");
    case ROOT_TIMER:
        return out_print("  what a timer passes on\n");
    case ROOT_POLLED:
        return out_print("  a descriptor that epoll watches\n");
    case ROOT_STREAM:
        return out_print("  a stream of stdio\n");
    case ROOT_VARIABLE:
        return out_print("  a variable of the environment\n");
    }
}

static void print_stack(uint32_t stack)
{
    if (stack)
        out_stack(stack);
}

/* Where the pointer lies in the object before it, and where it points to. */
static void print_step(const struct path *p, size_t i)
{
    const struct path_step *s = &p->steps[i];
    if (i > 0 && s->at)
        out_print("  +%zu", s->at - s[-1].address);
    else
        out_print("  ");
    if (i == 0 && p->result == PATH_FROM_LEAK)
        out_print("a leaked object of %zu byte%s at %p\n", s->bytes, plural(s->bytes),
                  (void *)s->address);
    else if (s->pointer != s->address)
        out_print(" -> byte %zu of %zu at %p\n", s->pointer - s->address, s->bytes,
                  (void *)s->address);
    else
        out_print(" -> %zu byte%s at %p\n", s->bytes, plural(s->bytes),
                  (void *)s->address);
    print_stack(s->stack);
}

static void print_way(const struct path *p)
{
    size_t count = p->count;
    for (size_t i = 0; i < count; i++) {
        if (i == FIRST_STEPS && count > FIRST_STEPS + LAST_STEPS) {
            i = count - LAST_STEPS;
            out_print("  ... %zu more\n", i - FIRST_STEPS);
        }
        print_step(p, i);
    }
}

static void print_object(const struct path *p, uintptr_t address)
{
    size_t offset = address - p->of.address;
    out_print("%p is ", (void *)address);
    if (offset)
        out_print("%zu byte%s into ", offset, plural(offset));
    out_print("an object of %zu byte%s", p->of.bytes, plural(p->of.bytes));
    if (offset)
        out_print(" at %p", (void *)p->of.address);
}

static void print_freed(const struct path *p, uintptr_t address)
{
    out_print("%p is no object any more: the one there was %s\n", (void *)address,
              p->freed ? "freed" : "freed or collected");
    if (p->freed) {
        out_print("  freed by\n");
        out_stack(p->freed);
    }
    out_print("  allocated by\n");
    out_stack(p->of.stack);
}

static void print_fenced(uintptr_t address)
{
    struct fenced o;
    if (fence_find((void *)address, &o))
        out_print("%p is fenced (option fence), %s; what leads there is not known\n",
                  (void *)address, o.lives ? "and alive" : "and was freed");
    else
        out_print("%p is not in the heap\n", (void *)address);
}

static void print_path(const struct path *p, uintptr_t address)
{
    switch (p->result) {
    case PATH_UNKNOWN:
        return out_print("%p: nothing could be looked at: a thread does not stop, or "
                         "there is no memory\n",
                         (void *)address);
    case PATH_FROM_ROOT:
        print_object(p, address);
        out_print(", and in use:\n");
        print_root(p);
        return print_way(p);
    case PATH_FROM_LEAK:
        print_object(p, address);
        out_print(", and only what has leaked leads to it:\n");
        return print_way(p);
    case PATH_NONE:
        print_object(p, address);
        out_print(p->manual ? ", and nothing leads to it: it has leaked\n"
                            : ", and nothing leads to it: it is garbage\n");
        return print_stack(p->of.stack);
    case PATH_FREED:
        return print_freed(p, address);
    case PATH_FREE:
        return out_print("%p is free memory of the heap\n", (void *)address);
    case PATH_OUTSIDE:
        return print_fenced(address);
    }
}

void path_report(uintptr_t address)
{
    struct path p;
    path_find(&p, address);
    modules_look();
    print_path(&p, address);
    path_free(&p);
    out_close();
    symbolize_end();
}
