/* Making values, the symbol table, and equality. */
#include "machine.h"
#include "port.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory ---------------------------------------------------------------------- */

void *allocate(size_t size)
{
    void *p = gc_alloc(size);
    if (!p)
        fail_memory();
    return p;
}

void *allocate_atomic(size_t size)
{
    void *p = gc_alloc_atomic(size);
    if (!p)
        fail_memory();
    return p;
}

void *allocate_object(size_t size, enum type type)
{
    struct object *object = allocate(size);
    object->type = type;
    return object;
}

void text_add(struct text *text, uint32_t c)
{
    if (text->length == text->capacity) {
        size_t capacity = text->capacity ? text->capacity * 2 : 32;
        uint32_t *chars = allocate_atomic(capacity * sizeof *chars);
        if (text->length)
            memcpy(chars, text->chars, text->length * sizeof *chars);
        text->chars = chars;
        text->capacity = capacity;
    }
    text->chars[text->length++] = c;
}

/* ---- Constructors ---------------------------------------------------------------- */

value cons(value a, value d)
{
    struct pair *pair = allocate(sizeof *pair);
    pair->car = a;
    pair->cdr = d;
    return (value)((uintptr_t)pair + PAIR_TAG);
}

value flonum(double number)
{
    struct flonum *f = allocate_atomic(sizeof *f);
    f->object.type = TYPE_FLONUM;
    f->number = number;
    return &f->object;
}

value box(value content)
{
    struct box *b = allocate_object(sizeof *b, TYPE_BOX);
    b->content = content;
    return &b->object;
}

value string_new(size_t length)
{
    struct string *s = allocate_atomic(sizeof *s + length * sizeof *s->chars);
    s->object.type = TYPE_STRING;
    s->length = length;
    return &s->object;
}

value string_from(const uint32_t *chars, size_t length)
{
    value s = string_new(length);
    if (length)
        memcpy(string_of(s)->chars, chars, length * sizeof *chars);
    return s;
}

value string_from_utf8(const char *bytes, size_t length)
{
    struct port *port = port_on_bytes(bytes, length);
    struct text text = {0};
    for (int32_t c; (c = port_next(port)) >= 0;)
        text_add(&text, (uint32_t)c);
    return string_from(text.chars, text.length);
}

char *string_utf8(value string)
{
    struct port *port = port_new(-1, true);
    for (size_t i = 0; i < string_of(string)->length; i++)
        port_put(port, string_of(string)->chars[i]);
    port_put(port, 0);
    return port->data;
}

value vector_new(size_t length, value fill)
{
    struct vector *v;
    if (length > (SIZE_MAX >> 4) / sizeof *v->items)
        fail_memory();
    v = allocate_object(sizeof *v + length * sizeof *v->items, TYPE_VECTOR);
    v->length = length;
    for (size_t i = 0; i < length; i++)
        v->items[i] = fill;
    return &v->object;
}

value list_reverse(value list)
{
    value reversed = NIL;
    for (; is_pair(list); list = cdr(list))
        reversed = cons(car(list), reversed);
    return reversed;
}

intptr_t list_length(value list)
{
    intptr_t length = 0;
    value slow = list;
    for (; is_pair(list); list = cdr(list)) {
        if (++length % 2 == 0) {
            slow = cdr(slow);
            if (slow == cdr(list))
                return -1; /* it is circular */
        }
    }
    return list == NIL ? length : -1;
}

/* ---- Symbols --------------------------------------------------------------------- */

/* From names to symbols, which the map does not keep: programs may make as many as they like.  A symbol
 * keeps its name, by which it is found. */
static gc_weakmap *symbols;

static struct symbol *_Atomic kept_symbols;

static uint64_t hash_name(const void *name, void *unused)
{
    const struct string *s = name;
    uint64_t hash = 14695981039346656037u;
    (void)unused;
    for (size_t i = 0; i < s->length; i++)
        hash = (hash ^ s->chars[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

static int names_equal(const void *a, const void *b, void *unused)
{
    (void)unused;
    return equal((value)(uintptr_t)a, (value)(uintptr_t)b);
}

void symbols_init(void)
{
    symbols = gc_weakmap_new(GC_WEAK_VALUES, hash_name, names_equal, NULL);
    if (!symbols) {
        perror("gcscheme: no memory for symbols");
        exit(EXIT_FAILURE);
    }
}

value symbol_new(value name)
{
    struct symbol *s = allocate_object(sizeof *s, TYPE_SYMBOL);
    s->name = string_of(name);
    s->global = UNDEFINED;
    s->syntax = FALSE;
    return &s->object;
}

value intern(value name)
{
    value known = gc_weakmap_get(symbols, name);
    if (known)
        return known;
    /* Of a copy, as the program may change its string.  Another thread may have come first by now. */
    void *new = symbol_new(string_from(string_of(name)->chars, string_of(name)->length));
    struct string *own_name = symbol_of(new)->name;
    symbol_of(new)->fleeting = true;
    if (gc_weakmap_get_or_put(symbols, own_name, &new) < 0)
        fail_memory();
    return new;
}

void symbol_keep(struct symbol *symbol)
{
    bool fleeting = true;
    if (!atomic_compare_exchange_strong(&symbol->fleeting, &fleeting, false))
        return;
    symbol->next = kept_symbols;
    while (!atomic_compare_exchange_weak(&kept_symbols, &symbol->next, symbol))
        continue;
}

void symbols_visit(void (*visit)(const struct symbol *symbol, void *data), void *data)
{
    for (const struct symbol *s = kept_symbols; s; s = s->next) {
        if (s->global != UNDEFINED || s->syntax != FALSE)
            visit(s, data);
    }
}

struct symbol *symbol_kept(void)
{
    return kept_symbols;
}

value symbol(const char *name)
{
    return intern(string_from_utf8(name, strlen(name)));
}

bool is_procedure(value v)
{
    return has_type(v, TYPE_CLOSURE) || has_type(v, TYPE_PRIMITIVE) ||
           has_type(v, TYPE_CONTINUATION) || has_type(v, TYPE_CASE_LAMBDA);
}

/* ---- The C stack ----------------------------------------------------------------- */

void check_depth(void)
{
    size_t spare = vm.reporting ? vm.c_stack_spare / 2 : vm.c_stack_spare;
    if ((uintptr_t)__builtin_frame_address(0) < vm.c_stack_end + spare)
        fail("nesting too deep");
}

void check_depth_init(size_t size)
{
    vm.c_stack_end = (uintptr_t)__builtin_frame_address(0) - size;
    vm.c_stack_spare = size / 8;
}
