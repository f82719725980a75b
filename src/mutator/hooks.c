/* The hooks as they are before anybody has filled them in: a bad pointer is said in the
 * log, and that is all.  What other layers do instead is not known here. */
#include "mutator/hooks.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/options.h"
#include "mutator/fault.h"
#include "world/next.h"

/* These files are in every program, also in one that is linked statically and calls none
 * of their functions. */
LINKS(badfree);
LINKS(debugger);
LINKS(fault);
LINKS(live);
LINKS(recorded);
LINKS(stats);

static void say_bad_pointer(const char *function, const void *address)
{
    log_line("%s(%p): not the start of an object", function, address);
    if (OPTION_NOW(on_bad_free) == BAD_FREE_ABORT)
        abort();
}

static void say_fault(const struct fault *f)
{
    log_line("%p: spoilt", (void *)f->address);
    if (OPTION_NOW(on_bad_free) == BAD_FREE_ABORT)
        abort();
}

static void say_nothing(void)
{
}

static void say_no_stack(uint32_t stack)
{
    (void)stack;
}

static void forget(const struct cell *o)
{
    (void)o;
}

static void forget_moved(const struct cell *from, void *to)
{
    (void)from, (void)to;
}

static void forget_rest(const struct cell *o, size_t size)
{
    (void)o, (void)size;
}

struct object_hooks object_hooks PRIVATE_DATA = {forget, forget_moved, forget_rest, NULL};
struct call_names call_names PRIVATE_DATA = {"gc_free", "gc_realloc"};

__thread uint8_t call_family;

const char *call_name_of_free(void)
{
    static const char *const names[] = {
        [FAMILY_NEW] = "operator delete", [FAMILY_NEW_ARRAY] = "operator delete[]"};
    return call_family == FAMILY_MALLOC ? call_names.free : names[call_family];
}

struct report_hooks report_hooks PRIVATE_DATA = {say_bad_pointer, say_fault, say_nothing,
                                                 say_nothing, say_no_stack};
