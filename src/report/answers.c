/* Answers in a hash table by place, their symbols in an array, and copies of the strings. */
#include "report/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/meta.h"
#include "report/demangle.h"

enum { SLOTS_LEAST = 1024 };

struct answers answers PRIVATE_DATA;

static bool is_at(const struct answer *a, struct place p)
{
    return a->place.return_address == p.return_address && a->place.module == p.module;
}

/* The slot that has the place's answer, or is to have it. */
static struct answer *slot_of(struct answer *slots, size_t count, struct place p)
{
    uint64_t key = p.return_address ^ (uint64_t)p.module << 48;
    size_t at = hash_place(key, count);
    while (slots[at].place.return_address && !is_at(&slots[at], p))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static bool grow(void)
{
    size_t slots = max_size(2 * answers.slots, SLOTS_LEAST);
    struct answer *larger = meta_alloc(ACCOUNT_REPORTS, slots * sizeof *larger);
    if (!larger)
        return false;
    for (size_t i = 0; i < answers.slots; i++) {
        const struct answer *a = &answers.answers[i];
        if (a->place.return_address)
            *slot_of(larger, slots, a->place) = *a;
    }
    if (answers.answers)
        meta_free(answers.answers, answers.slots * sizeof *larger);
    answers.answers = larger;
    answers.slots = slots;
    return true;
}

const char *answers_plain_name(const char *name)
{
    lock_check_held(RANK_REPORT);
    char *plain = demangle(name);
    const char *kept = strings_keep(&answers.strings, plain ? plain : name);
    free(plain);
    return kept;
}

static void keep_symbol(void *argument, const struct symbol *s)
{
    (void)argument;
    struct symbol *symbols =
        meta_grow(ACCOUNT_REPORTS, answers.symbols, answers.symbol_count,
                  &answers.symbol_capacity, sizeof *symbols);
    if (!symbols) {
        answers.incomplete = true;
        return;
    }
    answers.symbols = symbols;
    struct symbol *kept = &symbols[answers.symbol_count++];
    *kept = *s;
    kept->function = answers_plain_name(s->function);
    kept->linkage = kept->function && strcmp(kept->function, s->function) != 0
                        ? strings_keep(&answers.strings, s->function)
                        : NULL;
    kept->module = strings_keep(&answers.strings, s->module);
}

const struct answer *answers_find(struct place p, ask_about *ask)
{
    lock_check_held(RANK_REPORT);
    if (2 * (answers.count + 1) > answers.slots && !grow())
        return NULL;
    struct answer *a = slot_of(answers.answers, answers.slots, p);
    if (a->place.return_address)
        return a;
    size_t first = answers.symbol_count;
    answers.incomplete = false;
    ask(p, keep_symbol, NULL);
    if (answers.incomplete) {
        answers.symbol_count = first;
        return NULL;
    }
    *a = (struct answer){p, first, answers.symbol_count - first};
    answers.count++;
    return a;
}

void answers_clear(void)
{
    if (GC_CHECKING)
        answers_check();
    if (answers.answers)
        meta_free(answers.answers, answers.slots * sizeof *answers.answers);
    if (answers.symbols)
        meta_free(answers.symbols, answers.symbol_capacity * sizeof *answers.symbols);
    strings_clear(&answers.strings);
    memset(&answers, 0, sizeof answers);
}

void answers_check(void)
{
    size_t found = 0, symbols = 0;
    CHECK(2 * answers.count <= answers.slots);
    CHECK(answers.symbol_count <= answers.symbol_capacity);
    for (size_t i = 0; i < answers.slots; i++) {
        const struct answer *a = &answers.answers[i];
        if (!a->place.return_address)
            continue;
        CHECK(slot_of(answers.answers, answers.slots, a->place) == a);
        CHECK(a->first <= answers.symbol_count &&
              a->count <= answers.symbol_count - a->first);
        found++;
        symbols += a->count;
    }
    CHECK(found == answers.count && symbols == answers.symbol_count);
}
