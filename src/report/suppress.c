/* Stacks are matched with suppressions.  Which leaks are, leak.c decides. */
#include "report/suppress.h"

#include <string.h>

#include "base/check.h"
#include "base/lock.h"
#include "base/meta.h"
#include "report/glob.h"
#include "report/out.h"
#include "report/symbolize.h"

struct suppressions suppressions PRIVATE_DATA;

/* The stack that is being matched, innermost first.  Without memory some of it is missing. */
static struct {
    struct symbol *frames;
    size_t count, capacity;
} stack_now PRIVATE_DATA;

static void add_frame(void *argument, const struct symbol *s)
{
    (void)argument;
    struct symbol *frames = meta_grow(ACCOUNT_REPORTS, stack_now.frames, stack_now.count,
                                      &stack_now.capacity, sizeof *frames);
    if (!frames)
        return;
    stack_now.frames = frames;
    frames[stack_now.count++] = *s;
}

/* ---- Names ----------------------------------------------------------------------------------------- */

static bool fits(const struct frame_pattern *p, const char *name)
{
    return name && glob_matches(p->glob, name);
}

/* As memcheck calls what has no name. */
static const char *or_unknown(const char *name)
{
    return name ? name : "???";
}

/* Of C++ both forms of the name count. */
static bool fits_function(const struct frame_pattern *p, const struct symbol *s)
{
    return fits(p, or_unknown(s->function)) || fits(p, s->linkage);
}

static bool fits_source(const struct frame_pattern *p, const struct symbol *s)
{
    return (fits(p, s->file) || fits(p, last_part(s->file))) &&
           (!p->line || p->line == s->line);
}

static bool fits_frame(const struct frame_pattern *p, const struct symbol *s)
{
    switch (p->part) {
    case FRAME_FUNCTION:
        return fits_function(p, s);
    case FRAME_MODULE:
        return fits(p, or_unknown(s->module));
    case FRAME_SOURCE:
        return fits_source(p, s);
    default:
        return fits(p, s->function) || fits(p, s->linkage) || fits(p, s->file) ||
               fits(p, s->module);
    }
}

enum { ALLOCATORS = 18 };

static const char *const allocators[ALLOCATORS] = {
    "malloc",
    "calloc",
    "realloc",
    "memalign",
    "posix_memalign",
    "aligned_alloc",
    "valloc",
    "pvalloc",
    "_Znwm",
    "_Znam",
    "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t",
    "_ZnwmSt11align_val_t",
    "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t",
    "_ZnamSt11align_val_tRKSt9nothrow_t",
    "operator new(unsigned long)",
    "operator new[](unsigned long)",
};

bool suppress_is_allocator(const struct frame_pattern *p)
{
    static const char *const modules[] = {
        "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so",
        "/usr/lib/valgrind/vgpreload_memcheck-arm64-linux.so",
    };
    if (p->part == FRAME_MODULE)
        return fits(p, modules[0]) || fits(p, modules[1]);
    for (size_t i = 0; p->part == FRAME_FUNCTION && i < ALLOCATORS; i++)
        if (fits(p, allocators[i]))
            return true;
    return false;
}

/* The program may have such functions of its own, which call others. */
static bool has_allocators_name(const struct symbol *s)
{
    const char *name = s->linkage ? s->linkage : or_unknown(s->function);
    for (size_t i = 0; i < ALLOCATORS; i++)
        if (strcmp(name, allocators[i]) == 0)
            return true;
    return false;
}

/* ---- Stacks ---------------------------------------------------------------------------------------- */

static bool fits_anywhere(const struct suppression *s)
{
    for (size_t i = 0; i < stack_now.count; i++)
        if (fits_frame(&suppressions.frames[s->first], &stack_now.frames[i]))
            return true;
    return false;
}

/* As glob_matches does it, with frames for characters; what is beyond the last pattern may be anything. */
static bool fits_frames(const struct suppression *s, size_t innermost)
{
    const struct frame_pattern *p = suppressions.frames + s->first, *end = p + s->count;
    const struct frame_pattern *behind = NULL;
    size_t at = innermost, taken = 0;
    while (p < end) {
        if (p->part == FRAME_SOME) {
            behind = ++p;
            taken = at;
        } else if (at < stack_now.count && fits_frame(p, &stack_now.frames[at])) {
            p++;
            at++;
        } else if (behind && taken < stack_now.count) {
            p = behind;
            at = ++taken;
        } else {
            return false;
        }
    }
    return true;
}

static size_t count_allocators(void)
{
    size_t count = 0;
    while (count < stack_now.count && has_allocators_name(&stack_now.frames[count]))
        count++;
    return count;
}

/* A leak whose class is not known is for those that ask for none. */
static bool is_for(const struct suppression *s, int class)
{
    return s->classes == SUPPRESS_ANY_CLASS || s->classes & class;
}

size_t suppress_stack(uint32_t stack, int class)
{
    lock_check_held(RANK_REPORT);
    if (!suppressions.count)
        return SUPPRESS_NONE;
    stack_now.count = 0;
    symbolize_recorded(stack, add_frame, NULL);
    size_t innermost = count_allocators();
    for (size_t i = 0; i < suppressions.count; i++) {
        const struct suppression *s = &suppressions.list[i];
        if (is_for(s, class) && (s->line ? fits_frames(s, innermost) : fits_anywhere(s)))
            return i;
    }
    return SUPPRESS_NONE;
}

bool suppress_asks_for_class(void)
{
    for (size_t i = 0; i < suppressions.count; i++)
        if (suppressions.list[i].classes != SUPPRESS_ANY_CLASS)
            return true;
    return false;
}

/* ---- What they have left out ----------------------------------------------------------------------- */

void suppress_count(size_t suppression, size_t bytes)
{
    suppressions.list[suppression].objects++;
    suppressions.list[suppression].bytes += bytes;
}

void suppress_each(void (*visit)(void *argument, const struct suppression *s),
                   void *argument)
{
    for (size_t i = 0; i < suppressions.count; i++)
        visit(argument, &suppressions.list[i]);
}

static void check_frame(const struct frame_pattern *p)
{
    CHECK(p->part < FRAME_PARTS && (p->part == FRAME_SOME) == !p->glob);
    CHECK(p->line == 0 || (p->part == FRAME_SOURCE && p->line > 0));
}

void suppress_check(void)
{
    size_t frames = 0;
    CHECK(suppressions.count <= suppressions.capacity);
    CHECK(suppressions.frame_count <= suppressions.frame_capacity);
    for (size_t i = 0; i < suppressions.count; i++) {
        const struct suppression *s = &suppressions.list[i];
        CHECK(s->name && s->first == frames);
        CHECK(s->line > 0 || (s->line == 0 && s->count == 1));
        CHECK(s->objects > 0 || s->bytes == 0);
        frames += s->count;
    }
    CHECK(frames == suppressions.frame_count);
    for (size_t i = 0; i < frames; i++)
        check_frame(&suppressions.frames[i]);
}
