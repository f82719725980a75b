/* Looks where distributions put the files (gdb's manual, "Separate Debug Files"): by build-id
 * below /usr/lib/debug, by debug link beside the module, and by the path of a file that is
 * common to several.  It reads no environment, and whether a file fits is for the caller to say. */
#include "report/debugfile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"

enum { ID_BYTES_LEAST = 2, ID_BYTES_MOST = 64 };

static const char root[] = "/usr/lib/debug";

/* A path that does not fit is none. */
static int try(const struct debugfile *wanted, const char *path, int length)
{
    if (length <= 0 || length >= PATH_MAX)
        return -1;
    int file = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (file < 0 || wanted->fits(file, wanted->argument))
        return file;
    sys_close(file);
    return -1;
}

static int by_id(const struct debugfile *wanted, char *path)
{
    size_t bytes = wanted->id_bytes;
    if (bytes < ID_BYTES_LEAST || bytes > ID_BYTES_MOST)
        return -1;
    int n = snprintf(path, PATH_MAX, "%s/.build-id/%02x/", root, wanted->id[0]);
    for (size_t i = 1; i < bytes; i++)
        n += snprintf(path + n, PATH_MAX - (size_t)n, "%02x", wanted->id[i]);
    n += snprintf(path + n, PATH_MAX - (size_t)n, ".debug");
    return try(wanted, path, n);
}

/* Length of the path of the folder, with the slash. */
static int folder_of(const char *path)
{
    return (int)(strrchr(path, '/') - path) + 1;
}

/* The link is the name of a file in the module's folder, in the folder .debug there, or in the
 * folder of this path below the root. */
static int by_link(const struct debugfile *wanted, char *path)
{
    const char *module = wanted->module, *link = wanted->link;
    int folder = folder_of(module), file = -1;
    const char *before[] = {"", "", root}, *between[] = {"", ".debug/", ""};
    for (int i = 0; i < 3 && file < 0; i++) {
        int n = snprintf(path, PATH_MAX, "%s%.*s%s%s", before[i], folder, module,
                         between[i], link);
        if (strcmp(path, module) != 0)
            file = try(wanted, path, n);
    }
    return file;
}

int debugfile_open(const struct debugfile *wanted, char *found)
{
    const char *module = wanted->module, *link = wanted->link;
    int file = by_id(wanted, found);
    if (file < 0 && module && module[0] == '/' && link && !strchr(link, '/'))
        file = by_link(wanted, found);
    return file;
}

/* A path that does not begin at the root begins where the file lies that has it, not where
 * a symbolic link to that file does. */
static int by_path(const struct debugfile *wanted)
{
    char module[PATH_MAX], path[PATH_MAX];
    const char *link = wanted->link;
    int n = 0;
    if (link[0] == '/')
        n = snprintf(path, sizeof path, "%s", link);
    else if (wanted->module && realpath(wanted->module, module))
        n = snprintf(path, sizeof path, "%.*s%s", folder_of(module), module, link);
    return try(wanted, path, n);
}

int debugfile_open_common(const struct debugfile *wanted)
{
    char path[PATH_MAX];
    int file = by_id(wanted, path);
    return file < 0 ? by_path(wanted) : file;
}
