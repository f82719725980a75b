/* The options table, and reading values for it. */
#include "base/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/sys.h"

struct option {
    const char *key;
    enum option_type type;
    enum option_time time;
    size_t offset; /* of its value in struct options */
    const char *meaning;
};

struct options options PRIVATE_DATA = {
#define OPTION_INITIAL(key, type, time, initial, meaning) \
    .key = OPTION_START_##type(initial),
    OPTIONS(OPTION_INITIAL)
#undef OPTION_INITIAL
};

static const struct option table[] = {
#define OPTION_ROW(key, type, time, initial, meaning) \
    {#key, OPTION_##type, OPTION_##time, offsetof(struct options, key), meaning},
    OPTIONS(OPTION_ROW)
#undef OPTION_ROW
};

enum { OPTION_TOTAL = sizeof table / sizeof table[0] };

static void *value_of(const struct option *o)
{
    return (char *)&options + o->offset;
}

static const struct option *find(const char *key)
{
    for (size_t i = 0; i < OPTION_TOTAL; i++)
        if (strcmp(table[i].key, key) == 0)
            return &table[i];
    return NULL;
}

/* The shift that a unit letter stands for; -1 if it is none. */
static int unit_shift(char letter)
{
    switch (letter) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    case 't':
    case 'T':
        return 40;
    default:
        return -1;
    }
}

/* Finds the place of a name among those that `names` begins with: "a|b|c: meaning".
 * Returns false if it is none of them. */
static bool parse_choice(const char *text, const char *names, size_t *result)
{
    for (size_t place = 0;; place++) {
        size_t length = strcspn(names, "|:");
        if (strlen(text) == length && strncmp(text, names, length) == 0)
            return *result = place, true;
        if (names[length] == ':')
            return false;
        names += length + 1;
    }
}

static bool parse(const char *text, enum option_type type, size_t *result)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    int saved_errno = errno;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    bool overflow = errno == ERANGE;
    errno = saved_errno;
    if (overflow)
        return false;
    if (type == OPTION_SIZE && *end) {
        int shift = unit_shift(*end++);
        if (shift < 0 || n > SIZE_MAX >> shift)
            return false;
        n <<= shift;
    }
    if (*end || (type == OPTION_FLAG && n > 1) || (type == OPTION_STATUS && n > 255))
        return false;
    *result = n;
    return true;
}

/* The directory where the program started, if the environment has options; else "". */
static char start_directory[sizeof options.report.text] PRIVATE_DATA;

static void get_directory(char *directory, size_t bytes)
{
    int saved_errno = errno;
    if (syscall(SYS_getcwd, directory, bytes) < 0)
        directory[0] = '\0';
    errno = saved_errno;
}

/* Notes where the program starts.  A heap that is the program's malloc may be used before
 * this, which is no other place. */
__attribute__((constructor)) static void start(void)
{
    if (!start_directory[0] && secure_getenv("GCALLOC_OPTIONS"))
        get_directory(start_directory, sizeof start_directory);
}

/* Sets the path from the root, as the program may change its directory before a file is
 * opened, or opened again.  It stays as it is where the directory has no such path. */
static int set_path(struct option_path *path, const char *value, const char *directory)
{
    struct option_path whole = {""};
    bool joined = value[0] && value[0] != '/' && directory[0] == '/';
    int n = snprintf(whole.text, sizeof whole.text, "%s%s%s", joined ? directory : "",
                     joined ? "/" : "", value);
    if (n < 0 || (size_t)n >= sizeof whole.text)
        return EINVAL;
    if (path == &options.log_file && !log_open(whole.text))
        return EINVAL;
    *path = whole;
    return 0;
}

static int set(const char *key, const char *value, bool started, const char *directory)
{
    const struct option *o = find(key);
    if (!o)
        return ENOENT;
    if (started && o->time == OPTION_AT_START)
        return EBUSY;
    if (o->type == OPTION_PATH)
        return set_path(value_of(o), value, directory);
    size_t number;
    bool valid = o->type == OPTION_CHOICE ? parse_choice(value, o->meaning, &number)
                                          : parse(value, o->type, &number);
    if (!valid)
        return EINVAL;
    __atomic_store_n((size_t *)value_of(o), number, __ATOMIC_RELAXED);
    return 0;
}

int options_set(const char *key, const char *value, bool started)
{
    char directory[sizeof start_directory];
    get_directory(directory, sizeof directory);
    return set(key, value, started, directory);
}

static void set_from_environment(char *setting)
{
    char *equals = strchr(setting, '=');
    if (!equals) {
        log_line("GCALLOC_OPTIONS: '%s' is not of the form key=value; left out", setting);
        return;
    }
    *equals = '\0';
    const char *value = equals + 1;
    switch (set(setting, value, false, start_directory)) {
    case 0:
        break;
    case ENOENT:
        log_line("GCALLOC_OPTIONS: there is no option '%s'; help=1 lists them", setting);
        break;
    default:
        log_line("GCALLOC_OPTIONS: %s cannot be '%s'; left as it was", setting, value);
    }
}

void options_read_environment(void)
{
    const char *settings = secure_getenv("GCALLOC_OPTIONS");
    start();
    while (settings && *settings) {
        char setting[256];
        size_t length = strcspn(settings, ":");
        if (length < sizeof setting) {
            memcpy(setting, settings, length);
            setting[length] = '\0';
            if (length)
                set_from_environment(setting);
        } else {
            log_line("GCALLOC_OPTIONS: a setting of %zu bytes is too long; left out",
                     length);
        }
        settings += length + (settings[length] == ':');
    }
    options_forked();
}

void options_forked(void)
{
    if (options.process == 0 || options.process == (size_t)getpid())
        return;
    options.leaks = LEAKS_NONE;
    options.canary = options.poison = options.mismatch = options.quarantine =
        options.fence = 0;
    options.profile.text[0] = '\0';
    options.stacks = options.log = options.stats = options.control = 0;
}

bool options_unaligned(void)
{
    return options.unaligned == UNALIGNED_YES ||
           (options.unaligned == UNALIGNED_AUTO && options.collect);
}

void options_expand(const struct option_path *pattern, char *path, size_t size)
{
    const char *mark = strstr(pattern->text, "%p");
    if (mark)
        snprintf(path, size, "%.*s%d%s", (int)(mark - pattern->text), pattern->text,
                 getpid(), mark + 2);
    else
        snprintf(path, size, "%s", pattern->text);
}

void options_list(void)
{
    for (size_t i = 0; i < OPTION_TOTAL; i++) {
        const struct option *o = &table[i];
        const void *value = value_of(o);
        if (o->type == OPTION_PATH)
            log_line("  %s=%s  %s", o->key, ((const struct option_path *)value)->text,
                     o->meaning);
        else if (o->type == OPTION_CHOICE)
            log_line("  %s=NAME  %s", o->key, o->meaning);
        else
            log_line("  %s=%zu  %s", o->key, *(const size_t *)value, o->meaning);
    }
}
