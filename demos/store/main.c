/* gcstore: documents in a file that survives whatever happens to the processes that use it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

enum status { DONE, NOT_FOUND, WRONG_USAGE, FAILED };

struct command {
    const char *name, *key, *what;
    int (*run)(gc_region *store, const char *key);
};

static int fails(const char *what)
{
    fprintf(stderr, "gcstore: %s: %s\n", what, store_error());
    return FAILED;
}

static int has_none(const char *key)
{
    fprintf(stderr, "gcstore: %s: there is no such document\n", key);
    return NOT_FOUND;
}

/* ---- One document ----------------------------------------------------------------------------------- */

/* All of standard input, in memory of the caller's; NULL with errno. */
static char *read_all(size_t *size)
{
    size_t room = 4096;
    char *bytes = malloc(room), *more;
    for (*size = 0; bytes; bytes = more) {
        size_t count = fread(bytes + *size, 1, room - *size, stdin);
        *size += count;
        if (*size < room)
            break;
        more = realloc(bytes, room *= 2);
        if (!more)
            free(bytes);
    }
    if (!bytes || !ferror(stdin))
        return bytes;
    free(bytes);
    return NULL;
}

/* The version is the acknowledgement: from then on the document is there. */
static int say(uint64_t version)
{
    printf("%llu\n", (unsigned long long)version);
    return fflush(stdout) == 0 ? DONE : FAILED;
}

static int put(gc_region *store, const char *key)
{
    size_t size;
    char *bytes = read_all(&size);
    if (!bytes)
        return perror("gcstore: standard input"), FAILED;
    uint64_t version;
    bool done = store_put(store, key, bytes, size, &version);
    free(bytes);
    return done ? say(version) : fails(key);
}

static int get(gc_region *store, const char *key)
{
    size_t size;
    char *bytes;
    if (!store_get(store, key, &bytes, &size))
        return fails(key);
    if (!bytes)
        return has_none(key);
    fwrite(bytes, 1, size, stdout);
    free(bytes);
    return fflush(stdout) == 0 ? DONE : FAILED;
}

static int delete (gc_region *store, const char *key)
{
    bool found;
    uint64_t version;
    if (!store_delete(store, key, &version, &found))
        return fails(key);
    return found ? say(version) : has_none(key);
}

/* ---- All of them ------------------------------------------------------------------------------------ */

static int list(gc_region *store, const char *unused)
{
    struct store_list l;
    (void)unused;
    bool good = store_list(store, &l);
    for (size_t i = 0; i < l.count && good; i++)
        printf("%10zu  %s\n", l.items[i].size, l.items[i].key);
    store_free_list(&l);
    return good && fflush(stdout) == 0 ? DONE : fails("list");
}

static bool is_line(const struct store_item *item)
{
    return *item->key && !strpbrk(item->key, " \n") &&
           strlen(item->bytes) == item->size && !strchr(item->bytes, '\n');
}

/* Nothing is written if not all of it could be read again. */
static int export_lines(const struct store_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (!is_line(&l->items[i])) {
            fprintf(
                stderr,
                "gcstore: %s: no line: its key has a space, or its document more than "
                "one line or a byte 0; `get` writes it\n",
                l->items[i].key);
            return FAILED;
        }
    for (size_t i = 0; i < l->count; i++)
        printf("put %s %s\n", l->items[i].key, l->items[i].bytes);
    return fflush(stdout) == 0 ? DONE : FAILED;
}

static int export(gc_region *store, const char *unused)
{
    struct store_list l;
    (void)unused;
    int status = store_list(store, &l) ? export_lines(&l) : fails("export");
    store_free_list(&l);
    return status;
}

static int refuse(const char *why)
{
    fprintf(stderr, "gcstore: %s\n", why);
    return WRONG_USAGE;
}

/* "put KEY TEXT" or "delete KEY". */
static int do_line(gc_region *store, char *line)
{
    char *rest = line;
    const char *what = strsep(&rest, " "), *key = strsep(&rest, " ");
    bool found, done;
    uint64_t version;
    if (!key || !*key || (strcmp(what, "put") != 0) == (strcmp(what, "delete") != 0))
        return refuse("a line is \"put KEY TEXT\" or \"delete KEY\"");
    if (*what == 'p')
        done = store_put(store, key, rest ? rest : "", rest ? strlen(rest) : 0, &version);
    else
        done = store_delete(store, key, &version, &found);
    return done ? say(version) : fails(key);
}

static int load(gc_region *store, const char *unused)
{
    char *line = NULL;
    size_t room = 0;
    int status = DONE;
    (void)unused;
    for (ssize_t length; status == DONE && (length = getline(&line, &room, stdin)) > 0;) {
        if (line[length - 1] == '\n')
            line[--length] = '\0';
        if (strlen(line) == (size_t)length)
            status = do_line(store, line);
        else
            status = refuse("a line has a byte 0; `put` takes any document");
    }
    free(line);
    if (ferror(stdin))
        return perror("gcstore: standard input"), FAILED;
    return status;
}

static int sync_all(gc_region *store, const char *unused)
{
    (void)unused;
    return gc_region_sync(store) == 0 ? DONE : fails("sync");
}

/* ---- The command line ------------------------------------------------------------------------------- */

static const struct command commands[] = {
    {"put", "KEY", "standard input becomes the document of that key", put},
    {"get", "KEY", "the document", get},
    {"delete", "KEY", "there is none any more", delete},
    {"list", NULL, "sizes and keys", list},
    {"load", NULL, "does what lines \"put KEY TEXT\", \"delete KEY\" say", load},
    {"export", NULL, "the documents, as lines for load", export},
    {"sync", NULL, "a power cut before the next change finds all that was put", sync_all},
};

static int usage(void)
{
    fputs("usage: gcstore FILE COMMAND [KEY]\n\n", stderr);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(stderr, "  %-6s %-4s %s\n", commands[i].name,
                commands[i].key ? commands[i].key : "", commands[i].what);
    fputs(
        "\nWho changes anything is told the number of the version that has the change.\n",
        stderr);
    return WRONG_USAGE;
}

static const struct command *find_command(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[2], commands[i].name) == 0 && argc == 3 + !!commands[i].key)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct command *command = find_command(argc, argv);
    if (!command)
        return usage();
    gc_region *store = store_open(argv[1]);
    if (!store)
        return fails(argv[1]);
    int status = command->run(store, argc > 3 ? argv[3] : NULL);
    gc_region_close(store);
    return status;
}
