/* Suppressions for what a report lists, in memcheck's syntax: given back, each leaves out the groups that it was
 * made of, which are those of one class whose frames have the same names.  Under the lock of reports. */
#include <string.h>

#include "base/meta.h"
#include "base/utf8.h"
#include "report/leak.h"
#include "report/out.h"
#include "report/symbolize.h"
#include "trace/modules.h"

enum { PIECE_MOST = 255, UTF8_MOST = 4 };

/* A suppression is written piece by piece. */
struct writing {
    void (*put)(void *argument, const char *text);
    void *argument;
    bool named; /* the name stands there, which the first frame gives */
    enum leak_class class;
};

static void put(const struct writing *w, const char *text)
{
    w->put(w->argument, text);
}

/* Not in the midst of a character, if they are characters. */
static size_t piece_of(const char *text, size_t length)
{
    size_t end = length > PIECE_MOST ? PIECE_MOST : length;
    size_t least = end - (end > UTF8_MOST ? UTF8_MOST : end);
    if (end == length)
        return end;
    while (end > least && utf8_goes_on(text[end]))
        end--;
    return end > least ? end : PIECE_MOST;
}

/* A character that means something in a pattern stands for itself behind a backslash. */
static void put_literally(const struct writing *w, const char *text)
{
    while (*text) {
        char piece[PIECE_MOST + 1];
        size_t plain = piece_of(text, strcspn(text, "*?\\"));
        memcpy(piece, text, plain);
        piece[plain] = '\0';
        put(w, piece);
        text += plain;
        if (*text && strchr("*?\\", *text)) {
            put(w, (char[]){'\\', *text, '\0'});
            text++;
        }
    }
}

/* memcheck has the function that allocated in front, which can be any. */
static void put_head(struct writing *w, const struct symbol *s)
{
    static const char *const classes[] = {"definite", "indirect", "possible"};
    const char *name = s->function ? s->function : last_part(s->module);
    put(w, "{\n   leak in ");
    put(w, name ? name : "???");
    put(w, "\n   Memcheck:Leak\n   match-leak-kinds: ");
    put(w, classes[w->class]);
    put(w, "\n   fun:*\n");
    w->named = true;
}

static void put_frame(void *argument, const struct symbol *s)
{
    struct writing *w = argument;
    const char *function = s->linkage ? s->linkage : s->function;
    if (!w->named)
        put_head(w, s);
    put(w, function ? "   fun:" : "   obj:");
    if (function || s->module)
        put_literally(w, function ? function : s->module);
    else
        put(w, "*");
    put(w, "\n");
}

void leak_suppression_write(const struct leak_group *g,
                            void (*to)(void *argument, const char *text), void *argument)
{
    struct writing w = {to, argument, false, g->class};
    symbolize_recorded(g->stack, put_frame, &w);
    if (w.named)
        put(&w, "}\n");
}

/* ---- All of a report ------------------------------------------------------------------------------- */

static void add_to_hash(void *argument, const char *text)
{
    uint64_t *hash = argument;
    *hash = *hash * UINT64_C(0x9e3779b97f4a7c15) + modules_hash(text, strlen(text));
}

static bool is_among(const uint64_t *hashes, size_t count, uint64_t hash)
{
    for (size_t i = 0; i < count; i++)
        if (hashes[i] == hash)
            return true;
    return false;
}

static void print(void *argument, const char *text)
{
    (void)argument;
    for (size_t length = strlen(text), at = 0; at < length; at += PIECE_MOST)
        out_print("%.*s", PIECE_MOST, text + at);
}

/* Those of groups whose frames have the same names are one. */
void leak_print_suppressions(const struct leak_report *r)
{
    uint64_t *hashes = meta_alloc(ACCOUNT_REPORTS, (r->listed + 1) * sizeof *hashes);
    size_t count = 0;
    for (size_t i = 0; i < r->listed; i++) {
        uint64_t hash = 0;
        leak_suppression_write(&r->groups[i], add_to_hash, &hash);
        if (hash == 0 || (hashes && is_among(hashes, count, hash)))
            continue;
        if (hashes)
            hashes[count++] = hash;
        leak_suppression_write(&r->groups[i], print, NULL);
    }
    meta_free(hashes, (r->listed + 1) * sizeof *hashes);
}
