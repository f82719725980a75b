/* Hash tables. */
#include "number.h"
#include "primitive.h"

#include <sched.h>
#include <stdlib.h>

struct entry {
    value key, value; /* key NULL: empty; CLAIMED and DELETED are no keys */
};

/* The entries of a hash table, with open addressing. */
struct slots {
    size_t capacity; /* a power of two */
    size_t used;     /* entries that are not empty */
    size_t deleted;  /* of these, those whose key was removed */
    struct entry entries[];
};

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

/* ---- Entries, which threads change at the same time ------------------------------ */

/* A slot is empty, then claimed by one thread, then has its key, and then, perhaps, the mark of a removed one: it gets
 * no second key.  So a key stands with its own value and no other's. */

/* The slot's key; waits while another thread is about to write it, which takes that thread a few instructions. */
static value key_at(const struct entry *entry)
{
    value key;
    while ((key = __atomic_load_n(&entry->key, __ATOMIC_ACQUIRE)) == CLAIMED)
        sched_yield();
    return key;
}

static bool replace_key(struct entry *entry, value old, value new)
{
    return __atomic_compare_exchange_n(&entry->key, &old, new, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* Whether the slot still has this key; its value. */
static bool read_content(const struct entry *entry, value key, value *content)
{
    *content = __atomic_load_n(&entry->value, __ATOMIC_ACQUIRE);
    return key_at(entry) == key;
}

/* Whether the slot has a key; the key and its value. */
static bool read_entry(const struct entry *entry, value *key, value *content)
{
    *key = key_at(entry);
    return *key && *key != DELETED && read_content(entry, *key, content);
}

static void set_content(struct entry *entry, value content)
{
    __atomic_store_n(&entry->value, content, __ATOMIC_RELEASE);
}

/* Gives an empty slot a key and its value.  Returns false if another thread has claimed it before. */
static bool fill(struct slots *slots, struct entry *entry, value key, value content)
{
    if (!replace_key(entry, NULL, CLAIMED))
        return false;
    __atomic_fetch_add(&slots->used, 1, __ATOMIC_RELAXED);
    set_content(entry, content);
    __atomic_store_n(&entry->key, key, __ATOMIC_RELEASE);
    return true;
}

/* Removes the key, unless another thread has; then the value, which nobody reads as the key's. */
static void empty(struct slots *slots, struct entry *entry, value key)
{
    if (!replace_key(entry, key, DELETED))
        return;
    __atomic_fetch_add(&slots->deleted, 1, __ATOMIC_RELEASE);
    set_content(entry, FALSE);
}

/* ---- Hash tables ----------------------------------------------------------------- */

#define FIRST_CAPACITY 8

static struct slots *slots_new(size_t capacity)
{
    struct slots *slots = allocate(sizeof *slots + capacity * sizeof *slots->entries);
    slots->capacity = capacity;
    return slots;
}

static size_t count_keys(const struct slots *slots)
{
    size_t deleted = __atomic_load_n(&slots->deleted, __ATOMIC_ACQUIRE);
    return slots->used - deleted;
}

/* Who sees them sees all of them. */
static struct slots *slots_of(const struct table *table)
{
    return __atomic_load_n(&table->slots, __ATOMIC_ACQUIRE);
}

static void set_slots(struct table *table, struct slots *slots)
{
    __atomic_store_n(&table->slots, slots, __ATOMIC_RELEASE);
}

static void table_clear(struct table *table)
{
    set_slots(table, slots_new(FIRST_CAPACITY));
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

/* The entry with this key, or the empty one where it would go; NULL: there is neither, as threads have filled the slots
 * at the same time.  `*there` is the key that was found, or NULL; a thread may have changed it since. */
static struct entry *find(struct slots *slots, const struct table *table, value key,
                          value *there)
{
    size_t mask = slots->capacity - 1, first = hash_of(table, key) & mask, i = first;
    do {
        *there = key_at(&slots->entries[i]);
        if (!*there || same_key(table, *there, key))
            return &slots->entries[i];
        i = (i + 1) & mask;
    } while (i != first);
    return NULL;
}

/* Gives the key this value.  Returns false if the key is not there, and no slot for it. */
static bool put(struct slots *slots, const struct table *table, value key, value content)
{
    for (;;) {
        value there;
        struct entry *entry = find(slots, table, key, &there);
        if (entry && there) {
            set_content(entry, content);
            return true;
        }
        if (!entry || (slots->used + 1) * 4 > slots->capacity * 3)
            return false;
        if (fill(slots, entry, key, content))
            return true;
    }
}

/* The table's slots made anew, without those of removed keys and with room for as many keys again. */
static struct slots *larger_slots(const struct table *table, const struct slots *old)
{
    size_t capacity = FIRST_CAPACITY, keys = count_keys(old);
    while (capacity < keys * 3)
        capacity *= 2;
    struct slots *new = slots_new(capacity);
    for (size_t i = 0; i < old->capacity; i++) {
        value key, content;
        if (read_entry(&old->entries[i], &key, &content))
            put(new, table, key, content);
    }
    return new;
}

size_t table_count(const struct table *table)
{
    return count_keys(slots_of(table));
}

/* Whether the key is there, and its value. */
static bool get(const struct table *table, value key, value *content)
{
    value there;
    const struct entry *entry = find(slots_of(table), table, key, &there);
    return entry && there && read_content(entry, there, content);
}

value table_get(struct table *table, value key, value otherwise)
{
    value content;
    return get(table, key, &content) ? content : otherwise;
}

void table_put(struct table *table, value key, value content)
{
    struct slots *slots = slots_of(table);
    while (!put(slots, table, key, content)) {
        slots = larger_slots(table, slots);
        set_slots(table, slots);
    }
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
    if (table->weak) {
        weak_table_delete(table, args[1]);
        return UNSPECIFIED;
    }
    struct slots *slots = slots_of(table);
    value there;
    struct entry *entry = find(slots, table, args[1], &there);
    if (entry && there)
        empty(slots, entry, there);
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
    return fixnum((intptr_t)(table->weak ? gc_weakmap_count(table->weak)
                                         : count_keys(slots_of(table))));
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
    const struct slots *slots = slots_of(table);
    for (size_t i = 0; i < slots->capacity; i++) {
        value key, content;
        if (read_entry(&slots->entries[i], &key, &content))
            list = cons(part(key, content), list);
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
