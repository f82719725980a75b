/* In chunks of the library's own memory.  The loader's strings go when another thread unloads
 * their library, libdw's names of functions with its tables of symbols: so reports keep copies. */
#include "report/strings.h"

#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "base/meta.h"

enum { CHUNK_LEAST = 1 << 16 };

struct strings_chunk {
    struct strings_chunk *next;
    size_t bytes, used; /* of `text` */
    char text[];
};

static struct strings_chunk *add_chunk(struct strings *s, size_t bytes)
{
    size_t most = max_size(bytes, CHUNK_LEAST - sizeof *s->last);
    struct strings_chunk *c = meta_alloc(ACCOUNT_REPORTS, sizeof *c + most);
    if (!c)
        return NULL;
    c->next = s->last;
    c->bytes = most;
    return s->last = c;
}

const char *strings_keep(struct strings *s, const char *text)
{
    size_t bytes = text ? strlen(text) + 1 : 0;
    struct strings_chunk *c = s->last;
    if (!text || ((!c || c->bytes - c->used < bytes) && !(c = add_chunk(s, bytes))))
        return NULL;
    char *copy = memcpy(c->text + c->used, text, bytes);
    c->used += bytes;
    return copy;
}

void strings_clear(struct strings *s)
{
    for (struct strings_chunk *c = s->last, *next; c; c = next) {
        next = c->next;
        meta_free(c, sizeof *c + c->bytes);
    }
    s->last = NULL;
}
