/* Libraries: define-library and import.  A library is declared when its form is met, and instantiated,
 * once, when something imports it. */
#include "control.h"
#include "hold.h"
#include "port.h"
#include "primitive.h"
#include "syntax.h"

#include <stdlib.h>
#include <string.h>

struct library {
    value name;
    value form;           /* its declaration, */
    struct source source; /* and where that is from */
    value exports; /* a list of (name . global variable); FALSE: it is not instantiated */
    struct library *outer; /* while it is being instantiated: what imports it */
};

/* From names, which are lists, to libraries. */
static struct table *libraries;

/* What a library's declaration consists of, sorted; the lists are reversed. */
struct parts {
    value imports; /* declarations (import ...) */
    value exports; /* (inner . outer) names */
    value body;
};

/* ---- Declarations --------------------------------------------------------------------------- */

static void check_name(value name)
{
    form_length(name, 1, MANY);
    for (value part = name; is_pair(part); part = cdr(part)) {
        if (!is_symbol(car(part)) && !(is_fixnum(car(part)) && fixnum_of(car(part)) >= 0))
            fail_syntax("bad name of a library", name);
    }
}

void library_declare(value form)
{
    form_length(form, 2, MANY);
    value name = original_datum(car(cdr(form)));
    check_name(name);
    if (standard_library(name) != FALSE)
        fail_syntax("a standard library cannot be defined", name);
    struct library *library = allocate(sizeof *library);
    library->name = name;
    library->form = form;
    library->source = source;
    library->exports = FALSE;
    table_put(libraries, name, (value)library);
}

static void add_export(value specification, struct parts *parts)
{
    value inner = specification, outer = specification;
    if (is_pair(specification)) {
        form_length(specification, 3, 3);
        if (car(specification) != symbol("rename"))
            fail_syntax("bad export", specification);
        inner = car(cdr(specification));
        outer = car(cdr(cdr(specification)));
    }
    if (!is_symbol(inner) || !is_symbol(outer))
        fail_syntax("bad export", specification);
    parts->exports = cons(cons(inner, outer), parts->exports);
}

static void add_declarations(value declarations, struct parts *parts);

static void add_body(value forms, struct parts *parts)
{
    for (; is_pair(forms); forms = cdr(forms))
        parts->body = cons(car(forms), parts->body);
}

static void add_files(value names, bool fold_case, void (*add)(value, struct parts *),
                      struct parts *parts)
{
    for (; is_pair(names); names = cdr(names))
        add(read_included(car(names), fold_case), parts);
}

static void add_declaration(value form, struct parts *parts)
{
    form_length(form, 1, MANY);
    locate(form);
    value kind = car(form);
    if (kind == symbol("export")) {
        for (value e = cdr(form); is_pair(e); e = cdr(e))
            add_export(car(e), parts);
    } else if (kind == symbol("import")) {
        parts->imports = cons(form, parts->imports);
    } else if (kind == symbol("begin")) {
        add_body(cdr(form), parts);
    } else if (kind == symbol("include")) {
        add_files(cdr(form), false, add_body, parts);
    } else if (kind == symbol("include-ci")) {
        add_files(cdr(form), true, add_body, parts);
    } else if (kind == symbol("include-library-declarations")) {
        add_files(cdr(form), false, add_declarations, parts);
    } else if (kind == symbol("cond-expand")) {
        add_declarations(cond_expand_forms(form), parts);
    } else {
        fail_syntax("not a declaration of a library", form);
    }
}

static void add_declarations(value declarations, struct parts *parts)
{
    check_depth();
    for (; is_pair(declarations); declarations = cdr(declarations))
        add_declaration(car(declarations), parts);
}

/* ---- Instantiation ------------------------------------------------------------------------------ */

static value exported(const struct parts *parts, struct environment *environment)
{
    value exports = NIL;
    for (value e = parts->exports; is_pair(e); e = cdr(e)) {
        struct symbol *global = environment_find(environment, car(car(e)));
        if (!global)
            fail_syntax("the library exports what it does not define", car(car(e)));
        exports = cons(cons(cdr(car(e)), &global->object), exports);
    }
    return exports;
}

static void instantiate(struct library *library)
{
    struct source saved = source;
    struct parts parts = {NIL, NIL, NIL};
    struct environment *environment = environment_new(false, true);
    library->outer = source.loading;
    source = library->source;
    source.loading = library;
    add_declarations(cdr(cdr(library->form)), &parts);
    for (value i = list_reverse(parts.imports); is_pair(i); i = cdr(i))
        import_sets(car(i), environment);
    for (value b = list_reverse(parts.body); is_pair(b); b = cdr(b))
        vm_apply(evaluate_lazily(car(b), environment), 0, NULL);
    locate(library->form);
    library->exports = exported(&parts, environment);
    library->form = NIL;
    library->source.positions = NULL;
    source = saved;
}

/* Other threads that import a library meanwhile wait.  The front end's lock is not held while this thread does. */
static void instantiate_once(struct library *library)
{
    static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    struct hold hold, *outer = vm.run ? vm.run->holds : NULL;
    front_end_pause(outer);
    hold_begin(&hold, &lock);
    front_end_resume(outer);
    if (library->exports == FALSE)
        instantiate(library);
    hold_end(&hold);
}

static bool is_loading(const struct library *library)
{
    const struct library *l = source.loading;
    while (l && l != library)
        l = l->outer;
    return l;
}

/* ---- Finding libraries ----------------------------------------------------------------------------- */

static value directories = NIL; /* where options say to look, reversed */
static const char *program_file;

void library_path_add(const char *directory)
{
    directories = cons(string_from_utf8(directory, strlen(directory)), directories);
}

void library_program(const char *file)
{
    program_file = file;
}

/* The name's parts, joined by slashes, and the extension. */
static const char *relative_path(value name, const char *extension)
{
    struct port *out = port_new(-1, true);
    for (; is_pair(name); name = cdr(name)) {
        print(out, car(name), false);
        port_puts(out, cdr(name) == NIL ? extension : "/");
    }
    port_put(out, 0);
    return out->data;
}

/* Opens the file in the directory, if it is there, and sets *file to its name. */
static struct port *open_in(const char *directory, size_t length, const char *path,
                            const char **file)
{
    char *joined = allocate_atomic(length + strlen(path) + 2);
    memcpy(joined, directory, length);
    joined[length] = '/';
    strcpy(joined + length + 1, path);
    *file = joined;
    return source_open(joined);
}

/* Looks through directories that colons separate. */
static struct port *open_in_path(const char *path, const char *name, const char **file)
{
    while (path && *path) {
        size_t length = strcspn(path, ":");
        struct port *port = open_in(path, length, name, file);
        if (port)
            return port;
        path += length + (path[length] == ':');
    }
    return NULL;
}

static struct port *open_library(const char *name, const char **file)
{
    *file = path_beside(program_file, name);
    struct port *port = source_open(*file);
    for (value d = list_reverse(directories); is_pair(d) && !port; d = cdr(d)) {
        const char *directory = string_utf8(car(d));
        port = open_in(directory, strlen(directory), name, file);
    }
    if (!port)
        port = open_in_path(getenv("GCSCHEME_PATH"), name, file);
    return port ? port : open_in_path(GCSCHEME_LIBRARIES, name, file);
}

static struct port *open_library_file(value name, const char **file)
{
    struct port *port = open_library(relative_path(name, ".sld"), file);
    return port ? port : open_library(relative_path(name, ".scm"), file);
}

/* Has the declarations of a file carried out. */
static void declare_file(struct port *port, const char *file)
{
    struct source saved = source;
    source.file = source.own_file = file;
    for (;;) {
        source.positions = table_new(false);
        value form = read_datum(port, file, source.positions);
        if (form == END_OF_FILE)
            break;
        if (!is_pair(form) || car(form) != symbol("define-library"))
            fail_syntax("a library's file should have define-library only", form);
        locate(form);
        library_declare(form);
    }
    source = saved;
}

static struct library *find_library(value name)
{
    const char *file;
    value known = table_get(libraries, name, FALSE);
    if (known != FALSE)
        return (struct library *)known;
    struct port *port = open_library_file(name, &file);
    if (!port)
        return NULL;
    declare_file(port, file);
    known = table_get(libraries, name, FALSE);
    if (known == FALSE)
        fail_at(file, 1, 1, "the file does not define the library %v", name);
    return (struct library *)known;
}

bool library_exists(value name)
{
    const char *file;
    return standard_library(name) != FALSE ||
           table_get(libraries, name, FALSE) != FALSE || open_library_file(name, &file);
}

/* ---- Import ------------------------------------------------------------------------------------------ */

static value library_exports(value name)
{
    check_name(name);
    value standard = standard_library(name);
    if (standard != FALSE)
        return standard;
    struct library *library = find_library(name);
    if (!library)
        fail_syntax("there is no such library", name);
    if (is_loading(library))
        fail_syntax("a library imports itself", name);
    if (library->exports == FALSE)
        instantiate_once(library);
    return library->exports;
}

static value find_export(value name, value exports)
{
    for (; is_pair(exports); exports = cdr(exports)) {
        if (car(car(exports)) == name)
            return car(exports);
    }
    fail_syntax("the library does not export this name", name);
}

static bool is_listed(value name, value names)
{
    while (is_pair(names) && car(names) != name)
        names = cdr(names);
    return is_pair(names);
}

static value import_only(value names, value exports)
{
    value result = NIL;
    for (; is_pair(names); names = cdr(names))
        result = cons(find_export(car(names), exports), result);
    return result;
}

static value import_except(value names, value exports)
{
    value result = NIL;
    for (value n = names; is_pair(n); n = cdr(n))
        find_export(car(n), exports);
    for (; is_pair(exports); exports = cdr(exports)) {
        if (!is_listed(car(car(exports)), names))
            result = cons(car(exports), result);
    }
    return result;
}

static value import_prefix(value prefix, value exports)
{
    value result = NIL;
    if (!is_symbol(prefix))
        fail_syntax("a prefix should be a symbol", prefix);
    for (; is_pair(exports); exports = cdr(exports)) {
        struct port *out = port_new(-1, true);
        print(out, prefix, false);
        print(out, car(car(exports)), false);
        value name = intern(string_from_utf8(out->data, out->end));
        result = cons(cons(name, cdr(car(exports))), result);
    }
    return result;
}

/* `renames` has pairs (old new). */
static value import_rename(value renames, value exports)
{
    value result = NIL, old = NIL;
    for (; is_pair(renames); renames = cdr(renames)) {
        form_length(car(renames), 2, 2);
        old = cons(car(car(renames)), old);
        value export = find_export(car(old), exports);
        result = cons(cons(car(cdr(car(renames))), cdr(export)), result);
    }
    for (; is_pair(exports); exports = cdr(exports)) {
        if (!is_listed(car(car(exports)), old))
            result = cons(car(exports), result);
    }
    return result;
}

/* What the import set brings: a list of (name . global variable). */
static value import_set(value set)
{
    check_depth();
    form_length(set, 1, MANY);
    if (!is_pair(cdr(set)) || !is_pair(car(cdr(set))))
        return library_exports(set);
    value kind = car(set), rest = cdr(cdr(set)), inner = import_set(car(cdr(set)));
    if (kind == symbol("only"))
        return import_only(rest, inner);
    if (kind == symbol("except"))
        return import_except(rest, inner);
    if (kind == symbol("rename"))
        return import_rename(rest, inner);
    if (kind != symbol("prefix"))
        fail_syntax("bad import set", set);
    form_length(set, 3, 3);
    return import_prefix(car(rest), inner);
}

void import_sets(value form, struct environment *environment)
{
    form_length(form, 1, MANY);
    for (value sets = cdr(original_datum(form)); is_pair(sets); sets = cdr(sets)) {
        locate(car(sets));
        for (value list = import_set(car(sets)); is_pair(list); list = cdr(list)) {
            value name = car(car(list));
            if (!environment_import(environment, name, symbol_of(cdr(car(list)))))
                fail_syntax("a name is imported with two meanings", name);
        }
    }
}

/* (library-exports name): the names that it exports */
PRIMITIVE(p_library_exports)
{
    value names = NIL;
    struct hold hold;
    front_end_enter(&hold);
    for (value list = library_exports(args[0]); is_pair(list); list = cdr(list))
        names = cons(car(car(list)), names);
    hold_end(&hold);
    return names;
}

void define_libraries(void)
{
    static const struct definition definitions[] = {
        {"library-exports", p_library_exports, 1, 1},
    };
    DEFINE_PRIMITIVES(definitions);
    libraries = table_new(true);
    define_special("import", expand_misplaced);
    define_special("define-library", expand_misplaced);
}
