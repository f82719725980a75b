/* The library is looked for from the place of this command, so that both may be moved together, as they are
 * by DESTDIR. */
#include "preload.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define LIBRARY "libgcalloc-malloc.so"

/* ---- Where it is ------------------------------------------------------------------------------------ */

/* The folder of this command; false: /proc does not say. */
static bool own_folder(char folder[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length <= 0)
        return false;
    folder[length] = '\0';
    *strrchr(folder, '/') = '\0';
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), of_end = strlen(end);
    return length >= of_end && strcmp(text + length - of_end, end) == 0;
}

static char *path_from(const char *folder, const char *way)
{
    char *path;
    return asprintf(&path, "%s%s/" LIBRARY, folder, way) < 0 ? NULL : path;
}

/* LIBDIR as it lies to BINDIR, from the folder where the command is now. */
static char *installed(const char *folder)
{
    const char *bin = BINDIR, *lib = LIBDIR;
    size_t common = 0;
    for (size_t i = 0; bin[i] == lib[i] && bin[i]; i++)
        common = bin[i] == '/' ? i : common;
    char way[PATH_MAX] = "";
    for (const char *c = bin + common; *c; c++)
        if (*c == '/' && strlen(way) + sizeof "/.." + strlen(lib) < sizeof way)
            strcat(way, "/..");
    return path_from(folder, strcat(way, lib + common));
}

/* Where it is wanted; it need not be there.  Libtool has put a command that is not installed into
 * tools/.libs. */
static char *place(void)
{
    const char *named = getenv("GCALLOC_MALLOC");
    char folder[PATH_MAX];
    if (named && *named)
        return strdup(named);
    if (!own_folder(folder))
        return strdup(LIBDIR "/" LIBRARY);
    return ends_with(folder, "/tools/.libs") ? path_from(folder, "/../../.libs")
                                             : installed(folder);
}

/* The program may start in another folder, so that the path begins at the root; without dots, as far as it
 * is there. */
static char *whole_path(char *path)
{
    char *whole = realpath(path, NULL);
    if (!whole)
        return path;
    free(path);
    return whole;
}

char *preload_find(void)
{
    char *wanted = place();
    char *path = wanted ? whole_path(wanted) : NULL;
    if (!path)
        fail(OUT_OF_ORDER, "out of memory");
    else if (access(path, R_OK) != 0)
        fail(OUT_OF_ORDER,
             "the library %s is missing: install gcalloc again, or name the library in "
             "GCALLOC_MALLOC",
             path);
    else if (strpbrk(path, ": $"))
        fail(OUT_OF_ORDER,
             "the library %s cannot be preloaded: its path may have no space, colon or "
             "dollar",
             path);
    else
        return path;
    free(path);
    return NULL;
}

/* ---- The environment -------------------------------------------------------------------------------- */

/* Whether one of the paths in LD_PRELOAD is the library. */
static bool has_path(const char *paths, const char *library)
{
    size_t length = strlen(library);
    for (const char *p = paths; *p; p += strspn(p, ": ")) {
        size_t of_path = strcspn(p, ": ");
        if (of_path == length && strncmp(p, library, length) == 0)
            return true;
        p += of_path;
    }
    return false;
}

static int set_joined(const char *name, const char *first, const char *second)
{
    char *joined;
    if (asprintf(&joined, "%s%s%s", first, *first && *second ? ":" : "", second) < 0)
        return fail(OUT_OF_ORDER, "out of memory");
    int failed = setenv(name, joined, 1);
    free(joined);
    return failed ? fail(OUT_OF_ORDER, "out of memory") : DONE;
}

static const char *present(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

int preload_set(const char *library, const char *options)
{
    const char *paths = present("LD_PRELOAD");
    int status =
        has_path(paths, library) ? DONE : set_joined("LD_PRELOAD", library, paths);
    return status == DONE
               ? set_joined("GCALLOC_OPTIONS", present("GCALLOC_OPTIONS"), options)
               : status;
}
