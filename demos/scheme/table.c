/* Hash tables. */
#include "number.h"
#include "primitive.h"

#include <stdlib.h>

/* ---- Hashing --------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t data)
{
    hash = (hash ^ data) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

static uint64_t hash_bytes(const unsigned char *bytes, size_t length)
{
    uint64_t hash = length;
    for (size_t i = 0; i < length; i++)
        hash = mix(hash, bytes[i]);
    return hash;
}

static bool is_number_object(value v)
{
    return is_flonum(v) || has_type(v, TYPE_BIGNUM) || is_ratnum(v);
}

static uint64_t hash_number(value v)
{
    if (is_fixnum(v))
        return mix(0, bits(v));
    if (is_flonum(v))
        return hash_bytes((unsigned char *)&((struct flonum *)v)->number, sizeof(double));
    if (is_ratnum(v))
        return mix(hash_number(rational_numerator(v)),
                   hash_number(rational_denominator(v)));
    const struct bignum *b = (const struct bignum *)v;
    uint64_t hash = (uint64_t)b->size;
    for (int i = 0; i < abs(b->size); i++)
        hash = mix(hash, b->limbs[i]);
    return hash;
}

static uint64_t hash_atom(value v)
{
    if (is_number_object(v))
        return hash_number(v);
    if (has_type(v, TYPE_STRING))
        return hash_bytes((unsigned char *)string_of(v)->chars,
                          string_of(v)->length * sizeof(uint32_t));
    if (has_type(v, TYPE_BYTEVECTOR))
        return hash_bytes(bytevector_of(v)->bytes, bytevector_of(v)->length);
    return bits(v);
}

/* Looks at `budget` parts at most, so that large, deep and circular data take no longer. */
static uint64_t hash_structure(value v, int *budget)
{
    uint64_t hash = 0;
    for (; is_pair(v) && *budget > 0; v = cdr(v)) {
        --*budget;
        hash = mix(hash, hash_structure(car(v), budget));
    }
    if (has_type(v, TYPE_VECTOR)) {
        const struct vector *vector = vector_of(v);
        for (size_t i = 0; i < vector->length && --*budget > 0; i++)
            hash = mix(hash, hash_structure(vector->items[i], budget));
        return mix(hash, vector->length);
    }
    return is_pair(v) ? hash : mix(hash, hash_atom(v));
}

/* Objects never move, so an address serves as hash where identity counts. */
static uint64_t hash_of(const struct table *table, value key)
{
    int budget = 64;
    if (table->by_equal)
        return hash_structure(key, &budget);
    return mix(0, is_number_object(key) ? hash_number(key) : bits(key));
}

/* ---- Hash tables ----------------------------------------------------------------- */

#define FIRST_CAPACITY 8

static struct slots *slots_new(size_t capacity)
{
    struct slots *slots = allocate(sizeof *slots + capacity * sizeof *slots->entries);
    slots->capacity = capacity;
    return slots;
}

static void table_clear(struct table *table)
{
    table->count = table->used = 0;
    table->slots = slots_new(FIRST_CAPACITY);
}

struct table *table_new(bool by_equal)
{
    struct table *table = allocate_object(sizeof *table, TYPE_TABLE);
    table->by_equal = by_equal;
    table_clear(table);
    return table;
}

static bool same_key(const struct table *table, value a, value b)
{
    return a == b || (a != DELETED && (table->by_equal ? equal(a, b) : eqv(a, b)));
}

/* What is read after the key, such as its value, is not older than it. */
static value key_at(const struct entry *entry)
{
    return __atomic_load_n(&entry->key, __ATOMIC_ACQUIRE);
}

/* The entry with this key, or the empty one where it would go; NULL: there is neither, as threads have changed the
 * table at the same time. */
static struct entry *find_in(struct slots *slots, const struct table *table, value key)
{
    size_t mask = slots->capacity - 1, first = hash_of(table, key) & mask, i = first;
    do {
        value there = key_at(&slots->entries[i]);
        if (!there || same_key(table, there, key))
            return &slots->entries[i];
        i = (i + 1) & mask;
    } while (i != first);
    return NULL;
}

static struct entry *find(const struct table *table, value key)
{
    return find_in(table->slots, table, key);
}

/* An entry that has a key has its value, for other threads, too. */
static void fill_in(struct entry *entry, value key, value content)
{
    entry->value = content;
    __atomic_store_n(&entry->key, key, __ATOMIC_RELEASE);
}

static size_t count_keys(const struct slots *slots)
{
    size_t count = 0;
    for (size_t i = 0; i < slots->capacity; i++) {
        value key = key_at(&slots->entries[i]);
        count += key && key != DELETED;
    }
    return count;
}

/* Rebuilds the table, without deleted entries, with room for as many again. */
static void table_grow(struct table *table)
{
    const struct slots *old = table->slots;
    size_t capacity = FIRST_CAPACITY, keys = count_keys(old), count = 0;
    while (capacity < keys * 3)
        capacity *= 2;
    struct slots *new = slots_new(capacity);
    for (size_t i = 0; i < old->capacity; i++) {
        value key = key_at(&old->entries[i]);
        struct entry *entry = key && key != DELETED ? find_in(new, table, key) : NULL;
        if (!entry)
            continue;
        fill_in(entry, key, old->entries[i].value);
        count++;
    }
    table->count = table->used = count;
    table->slots = new;
}

/* Whether the key is there, and its value. */
static bool get(const struct table *table, value key, value *content)
{
    const struct entry *entry = find(table, key);
    if (!entry || !key_at(entry))
        return false;
    *content = entry->value;
    return true;
}

value table_get(struct table *table, value key, value otherwise)
{
    value content;
    return get(table, key, &content) ? content : otherwise;
}

void table_put(struct table *table, value key, value content)
{
    struct entry *entry = find(table, key);
    if (entry && key_at(entry)) {
        entry->value = content;
        return;
    }
    if (!entry || (table->used + 1) * 4 > table->slots->capacity * 3) {
        table_grow(table);
        entry = find(table, key);
    }
    if (!entry)
        return;
    fill_in(entry, key, content);
    table->count++;
    table->used++;
}

static struct table *want_table(value v)
{
    return (struct table *)want(v, TYPE_TABLE);
}

SIMPLE(p_is_table, boolean(has_type(args[0], TYPE_TABLE)))
SIMPLE(p_make_equal_table, &table_new(true)->object)
SIMPLE(p_make_eqv_table, &table_new(false)->object)
SIMPLE(p_make_weak_table, &weak_table_new()->object)

/* Whether the key is there, and its value. */
static bool look_up(const struct table *table, value key, value *content)
{
    if (table->weak) {
        value association = weak_table_find(table, key);
        *content = is_pair(association) ? cdr(association) : NULL;
        return is_pair(association);
    }
    return get(table, key, content);
}

/* (hash-table-ref table key [otherwise]): calls `otherwise` when the key is missing. */
PRIMITIVE(p_table_ref)
{
    value content;
    if (look_up(want_table(args[0]), args[1], &content))
        return content;
    if (argc < 3)
        fail("hash-table-ref: no such key: %v", args[1]);
    vm.callee = want_procedure(args[2]);
    vm.argc = 0;
    return TAIL_CALL;
}

PRIMITIVE(p_table_ref_default)
{
    value content;
    return look_up(want_table(args[0]), args[1], &content) ? content : args[2];
}

PRIMITIVE(p_table_set)
{
    struct table *table = want_table(args[0]);
    if (table->weak)
        weak_table_put(table, args[1], args[2]);
    else
        table_put(table, args[1], args[2]);
    return UNSPECIFIED;
}

PRIMITIVE(p_table_delete)
{
    struct table *table = want_table(args[0]);
    struct entry *entry = table->weak ? NULL : find(table, args[1]);
    if (table->weak) {
        weak_table_delete(table, args[1]);
    } else if (entry && key_at(entry)) {
        entry->key = DELETED;
        entry->value = FALSE;
        table->count--;
    }
    return UNSPECIFIED;
}

PRIMITIVE(p_table_contains)
{
    value content;
    return boolean(look_up(want_table(args[0]), args[1], &content));
}

PRIMITIVE(p_table_count)
{
    const struct table *table = want_table(args[0]);
    return fixnum((intptr_t)(table->weak ? gc_weakmap_count(table->weak) : table->count));
}

PRIMITIVE(p_table_clear)
{
    struct table *table = want_table(args[0]);
    if (table->weak)
        weak_table_clear(table);
    else
        table_clear(table);
    return UNSPECIFIED;
}

static value key_of(value key, value content)
{
    (void)content;
    return key;
}

static value value_of(value key, value content)
{
    (void)key;
    return content;
}

static value collect(value v, value (*part)(value key, value content))
{
    const struct table *table = want_table(v);
    value list = NIL;
    if (table->weak) {
        for (value l = weak_table_list(table); is_pair(l); l = cdr(l))
            list = cons(part(car(car(l)), cdr(car(l))), list);
        return list;
    }
    const struct slots *slots = table->slots;
    for (size_t i = 0; i < slots->capacity; i++) {
        value key = key_at(&slots->entries[i]);
        if (key && key != DELETED)
            list = cons(part(key, slots->entries[i].value), list);
    }
    return list;
}

value table_list(const struct table *table)
{
    return collect((value)&table->object, cons);
}

SIMPLE(p_table_keys, collect(args[0], key_of))
SIMPLE(p_table_values, collect(args[0], value_of))
SIMPLE(p_table_to_alist, collect(args[0], cons))

static const struct definition definitions[] = {
    {"hash-table?", p_is_table, 1, 1},
    {"make-hash-table", p_make_equal_table, 0, 0},
    {"make-equal-hash-table", p_make_equal_table, 0, 0},
    {"make-eqv-hash-table", p_make_eqv_table, 0, 0},
    {"make-weak-hash-table", p_make_weak_table, 0, 0},
    {"hash-table-ref", p_table_ref, 2, 3},
    {"hash-table-ref/default", p_table_ref_default, 3, 3},
    {"hash-table-set!", p_table_set, 3, 3},
    {"hash-table-delete!", p_table_delete, 2, 2},
    {"hash-table-contains?", p_table_contains, 2, 2},
    {"hash-table-count", p_table_count, 1, 1},
    {"hash-table-clear!", p_table_clear, 1, 1},
    {"hash-table-keys", p_table_keys, 1, 1},
    {"hash-table-values", p_table_values, 1, 1},
    {"hash-table->alist", p_table_to_alist, 1, 1},
};

void define_tables(void)
{
    DEFINE_PRIMITIVES(definitions);
}
