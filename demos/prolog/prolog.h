/* Terms, and what the parts of the system offer each other.
 *
 * A term is one word, whose low three bits say what it is; where it points, it points into an
 * object of the collected heap:
 *
 *     REFERENCE   to a cell: a word that holds a term, or is unbound
 *     STRUCTURE   to a struct functor * and the arguments behind it
 *     LIST        to a head and a tail
 *     ATOM        to a struct atom
 *     INTEGER     61 bits
 *     BOX         to a struct box: a float, a big integer, a string, a stream, a clause
 *     UNBOUND     only as the content of a cell: when the variable was made
 *     NUMBERED    only in clauses as they are stored: a variable's number
 */
#ifndef PROLOG_H
#define PROLOG_H

#include <gmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <gcalloc/gcalloc.h>
#include <gcalloc/inline.h>

typedef uintptr_t term;
typedef uintptr_t word;

enum tag { REFERENCE, STRUCTURE, LIST, ATOM, INTEGER, BOX, UNBOUND, NUMBERED };

static inline enum tag tag_of(term t)
{
    return (enum tag)(t & 7);
}

static inline void *address(term t)
{
    return (void *)(t & ~(term)7);
}

static inline term tagged(const void *pointer, enum tag tag)
{
    return (term)pointer | (term)tag;
}

/* ---- Atoms and functors ------------------------------------------------------------ */

enum fixity { PREFIX, INFIX, POSTFIX };

struct operator
{
    short priority;   /* 0: it is none */
    char left, right; /* how much less than that the operands' priorities are to be */
};

struct atom {
    char *text; /* atomic: UTF-8, and a NUL */
    size_t length;
    uint64_t hash;
    struct functor *functors;
    struct operator operators[3];
};

struct functor {
    struct atom *name;
    size_t arity;
    struct predicate *predicate; /* NULL: never called nor defined */
    struct functor *next;        /* of this name */
};

/* Atoms that C code names. */
/* clang-format off */
#define ATOMS(X)                                                                     \
    X(nil, "[]") X(dot, ".") X(curly, "{}") X(comma, ",") X(semicolon, ";")          \
    X(arrow, "->") X(soft_arrow, "*->") X(neck, ":-") X(not, "\\+") X(cut, "!")      \
    X(yes, "true") X(no, "false") X(fail, "fail") X(minus, "-") X(plus, "+")         \
    X(equal, "=") X(slash, "/") X(error, "error") X(call, "call") X(bar, "|")        \
    X(caret, "^") X(end_of_file, "end_of_file") X(var, "$VAR") X(empty, "")          \
    X(less, "<") X(greater, ">") X(user_input, "user_input")                         \
    X(user_output, "user_output") X(user_error, "user_error") X(codes, "codes")      \
    X(chars, "chars") X(atom, "atom") X(string, "string") X(name, "$name")           \
    X(append, "append") X(read, "read") X(write, "write") X(is, "is") X(star, "*")   \
    X(unknown, "unknown") X(double_quotes, "double_quotes")                          \
    X(interrupt, "$interrupt") X(query, "?-")
/* clang-format on */

#define ATOM_MEMBER(name, text) struct atom *name;
extern struct atoms {
    ATOMS(ATOM_MEMBER)
} atoms;

void atoms_init(void);
struct atom *atom_of_bytes(const char *text, size_t length);
struct atom *atom_of(const char *text);
struct functor *functor_of(struct atom *name, size_t arity);
/* The atom stays, whether anything has it or not. */
void atom_keep(struct atom *atom);
extern struct kept_atom {
    struct atom *atom;
    struct kept_atom *next;
} * kept_atoms;
size_t atoms_count(void);

/* ---- Memory ------------------------------------------------------------------------ */

_Noreturn void fail_memory(void);

static inline void *check_memory(void *object)
{
    if (__builtin_expect(!object, 0))
        fail_memory();
    return object;
}

static inline void *allocate(size_t bytes)
{
    return check_memory(gc_alloc(bytes));
}

static inline void *allocate_atomic(size_t bytes)
{
    return check_memory(gc_alloc_atomic(bytes));
}

/* A stack of words outside of the heap, for walks through terms.  All that is on it is
 * reached from elsewhere. */
struct worklist {
    word *words;
    size_t count, capacity;
};

void worklist_grow(struct worklist *list);

static inline void push(struct worklist *list, word w)
{
    if (__builtin_expect(list->count == list->capacity, 0))
        worklist_grow(list);
    list->words[list->count++] = w;
}

static inline word pop(struct worklist *list)
{
    return list->words[--list->count];
}

/* ---- Terms ------------------------------------------------------------------------- */

enum box_type { FLOAT, BIG, STRING, STREAM, CLAUSE, CURSOR, BAG };

struct box {
    enum box_type type;
};

struct number {
    struct box box;
    union {
        double real;
        mpz_t big;
    };
};

/* An atomic object: UTF-8, and a NUL. */
struct string {
    struct box box;
    size_t length;
    char text[];
};

enum { ARITY_MAX = 255 };

#define INTEGER_MAX ((int64_t)1 << 60)

static inline term integer(int64_t n)
{
    return (term)n << 3 | INTEGER;
}

static inline int64_t integer_of(term t)
{
    return (int64_t)t >> 3;
}

static inline term atom(struct atom *a)
{
    return tagged(a, ATOM);
}

static inline struct atom *atom_at(term t)
{
    return address(t);
}

static inline struct string *string_at(term t)
{
    return address(t);
}

static inline struct functor *functor_at(term structure)
{
    return *(struct functor **)address(structure);
}

/* The arguments of a structure or a list. */
static inline term *arguments(term t)
{
    return (term *)address(t) + (tag_of(t) == STRUCTURE);
}

static inline bool is_compound(term t)
{
    return tag_of(t) == STRUCTURE || tag_of(t) == LIST;
}

static inline bool is_box(term t, enum box_type type)
{
    return tag_of(t) == BOX && ((struct box *)address(t))->type == type;
}

static inline bool is_integer(term t)
{
    return tag_of(t) == INTEGER || is_box(t, BIG);
}

static inline bool is_number(term t)
{
    return is_integer(t) || is_box(t, FLOAT);
}

static inline bool is_callable(term t)
{
    return tag_of(t) == ATOM || is_compound(t);
}

static inline bool is_atom(term t, const struct atom *a)
{
    return t == tagged(a, ATOM);
}

static inline term deref(term t)
{
    while (tag_of(t) == REFERENCE) {
        term content = *(term *)t;
        if (tag_of(content) == UNBOUND)
            break;
        t = content;
    }
    return t;
}

static inline term argument(term t, size_t i)
{
    return deref((term)(arguments(t) + i));
}

struct functor *functor_of_term(term callable_or_atom); /* of a list, too */
bool is_structure(term t, const struct atom *name, size_t arity);
term variable(void);
term structure_new(struct functor *functor); /* its arguments are to be filled in */
term structure(struct atom *name, size_t arity, const term *arguments);
term cons(term head, term tail);
term list_of(const term *items, size_t count, term tail);
term string_of_bytes(const char *text, size_t length);
bool unify(term a, term b);
bool unify_with_occurs_check(term a, term b);
int compare(term a, term b);
term copy(term t); /* with new variables */
/* With NUMBERED variables, of which there are *count then. */
term copy_numbered(term t, size_t *count);
/* Of a stored term, with `variables` for its NUMBERED ones; those that are 0 are made. */
term instantiate(term stored, term *variables);
bool is_ground(term t);
bool is_acyclic(term t);
term variables_of(term t);
/* The items of a proper list, in an object of the heap; throws for other terms. */
term *list_items(term list, size_t *count);
/* After an error: what a walk had begun is undone. */
void walks_reset(void);

/* ---- Numbers ----------------------------------------------------------------------- */

void numbers_init(void);
term real(double d);
term integer_of_64(int64_t n);
term negated(term number);
term big_result(const mpz_t z);
void to_big(mpz_t z, term integer);
struct number *number_at(term t);
double real_of(term t);
int number_compare(term a, term b);
term evaluate(term expression);
struct functor;
/* What evaluates a functor; NULL: nothing does. */
typedef term evaluator(term a, term b);
evaluator *evaluator_of(const struct functor *functor);
/* The number, or 0; *text is moved behind it. */
term integer_parse(const char *digits, int base);
char *number_text(term number); /* an atomic object */

/* ---- Errors ------------------------------------------------------------------------ */

_Noreturn void throw_term(term ball);
_Noreturn void throw_error(term formal);
_Noreturn void type_error(const char *type, term culprit);
_Noreturn void domain_error(const char *domain, term culprit);
_Noreturn void instantiation_error(void);
_Noreturn void existence_error(const char *kind, term culprit);
_Noreturn void permission_error(const char *action, const char *type, term culprit);
_Noreturn void representation_error(const char *limit);
_Noreturn void evaluation_error(const char *what);
_Noreturn void resource_error(const char *resource);
_Noreturn void syntax_error(const char *what);

/* Arguments as they are wanted; throw otherwise. */
term want_bound(term t);
int64_t want_integer(term t);
struct atom *want_atom(term t);
term want_callable(term t);

/* ---- Streams ----------------------------------------------------------------------- */

struct stream {
    struct box box;
    FILE *file;                  /* NULL: it is read from memory */
    const char *text, *text_end; /* what is left of that */
    bool input, binary, closed, past_end, interactive;
    char eof_action; /* 'e'rror, 'c'ode, 'r'eset */
    int line, column;
    int ahead[4], ahead_count; /* characters that were looked at; the next one last */
    struct atom *alias, *name, *mode;
    char *memory; /* of a stream that writes to memory; open_memstream's */
    size_t memory_size;
};

extern struct stream *standard_input, *standard_output, *standard_error;
extern struct stream *current_input, *current_output;
void streams_init(void);
int stream_get(struct stream *stream);
int stream_peek(struct stream *stream);
/* Puts back what was got, which was no line feed: three characters at most. */
void stream_unget(struct stream *stream, int character);
void stream_put(struct stream *stream, int character);
void stream_puts(struct stream *stream, const char *text, size_t length);
struct stream *want_stream(term t, bool input);
struct stream *want_text_input(term t);
int utf8_decode(const char **text);
char *utf8_encode(int character, char *out);

/* ---- Reading and writing ------------------------------------------------------------ */

struct variable_name {
    struct atom *name;
    term variable;
    int count;
};

struct reader {
    struct stream *stream;
    struct variable_name *names;
    size_t count, capacity;
    int line; /* where the term began */
};

term read_term(struct reader *reader); /* end_of_file at the end */
/* As number_codes/2 reads it; 0: it is none. */
term text_to_number(const char *text, size_t length);
bool is_symbol_char(int c);

/* NAMES: a term $name(Atom) is written as a variable of that name. */
enum write_flag { QUOTED = 1, IGNORE_OPS = 2, NUMBER_VARS = 4, NAMES = 8 };

void write_term(struct stream *stream, term t, int flags, int priority);

/* ---- Built-in predicates ------------------------------------------------------------- */

typedef bool builtin(term *arguments);

void define(const char *name, size_t arity, builtin *function);
void define_terms(void);
void define_text(void);
void define_term_io(void);
void define_repl(void);
void define_streams(void);
void define_character_io(void);
void define_database(void);
extern struct flags {
    struct atom *double_quotes, *unknown;
    bool library; /* what is added may be replaced by programs */
    bool booting;
} flags;
/* What of the system is written in Prolog: the files of library/. */
extern const struct library_file {
    const char *name, *text;
} library[]; /* with name NULL at the end */

#endif
