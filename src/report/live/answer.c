#include "report/live/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/meta.h"

enum { ANSWER_MOST = 64 << 20 };

/* Nothing is kept for the next one: a report of leaks may be large, and is seldom asked for. */
void answer_clear(struct answer_text *a)
{
    meta_free(a->text, a->capacity);
    *a = (struct answer_text){0};
}

static bool make_room(struct answer_text *a, size_t count)
{
    if (count > ANSWER_MOST - a->used)
        return false;
    while (a->capacity - a->used < count) {
        char *text =
            meta_grow(ACCOUNT_REPORTS, a->text, a->capacity, &a->capacity, sizeof *text);
        if (!text)
            return false;
        a->text = text;
    }
    return true;
}

void answer_add(void *answer, const char *bytes, size_t count)
{
    struct answer_text *a = answer;
    if (a->cut || !make_room(a, count)) {
        a->cut = true;
        return;
    }
    memcpy(a->text + a->used, bytes, count);
    a->used += count;
}

void answer_print(struct answer_text *a, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n > 0)
        answer_add(a, text, min_size((size_t)n, sizeof text - 1));
}
