/* The C library's list of streams is read without its lock: a stream is put in, and taken out, by one store of a
 * pointer, before its memory is given back. */
#include "roots/streams.h"

#include <stdint.h>
#include <stdio.h>

#include "base/debugger.h"
#include "base/lock.h"
#include "world/faults.h"

#ifdef __GLIBC__
extern FILE *_IO_list_all __attribute__((weak));

enum {
    STREAMS_MOST = 1 << 20, /* a list that is longer is broken */
    /* Behind the structure there is a pointer to functions; then a stream of fopencookie has its cookie, and one
     * of open_memstream two functions and the program's two variables. */
    WORDS_BEHIND = 5,
    COOKIE_BEHIND = sizeof(void *),
};

DEBUGGER_TABLE = {
    DEBUGGER_PLACE("streams.first", &_IO_list_all),
    DEBUGGER_FIELD(_IO_FILE, _chain),
    DEBUGGER_SIZE(_IO_FILE),
    DEBUGGER_NUMBER(WORDS_BEHIND),
    DEBUGGER_NUMBER(COOKIE_BEHIND),
};

/* The least address that a system gives to programs, and those above are no addresses of programs. */
static const uintptr_t ADDRESS_LEAST = 1 << 16, ADDRESS_MOST = (uintptr_t)1 << 47;

struct reading {
    const FILE *stream, *next;
    uintptr_t cookie;
};

static void read_stream(void *argument)
{
    struct reading *r = argument;
    r->next = r->stream->_chain;
    r->cookie = *(const uintptr_t *)((uintptr_t)(r->stream + 1) + COOKIE_BEHIND);
}

static void add(struct range_list *l, uintptr_t low, size_t words)
{
    struct range r = {low, low + words * sizeof(uintptr_t)};
    if (!range_list_has(l, r))
        range_list_add(l, r.low, r.high);
}

/* The cookie of a stream of fmemopen is a structure of the C library's, of which the first word is the buffer. */
static void add_cookie(struct range_list *l, uintptr_t cookie)
{
    if (cookie >= ADDRESS_LEAST && cookie < ADDRESS_MOST &&
        cookie % sizeof(uintptr_t) == 0)
        add(l, cookie, 1);
}

void streams_add(struct range_list *l)
{
    lock_check_held(RANK_WORLD);
    struct reading r = {.next = &_IO_list_all ? _IO_list_all : NULL};
    for (size_t i = 0; r.next && i < STREAMS_MOST; i++) {
        r.stream = r.next;
        uintptr_t low = (uintptr_t)r.stream;
        size_t words = sizeof *r.stream / sizeof(uintptr_t) + WORDS_BEHIND;
        if (!faults_try(read_stream, &r, low, low + words * sizeof(uintptr_t)))
            return;
        add(l, low, words);
        add_cookie(l, r.cookie);
    }
}

#else

void streams_add(struct range_list *l)
{
    (void)l;
}

#endif
