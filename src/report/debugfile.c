/* Looks where distributions put the files (gdb's manual, "Separate Debug Files"): by build-id
 * below /usr/lib/debug, and by debug link beside the module.  It reads no environment, and
 * whether a file fits is for the caller to say. */
#include "report/debugfile.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"

enum { ID_BYTES_LEAST = 2, ID_BYTES_MOST = 64 };

static const char root[] = "/usr/lib/debug";

struct search {
    bool (*fits)(int file, void *argument);
    void *argument;
};

static int try(const struct search *s, const char *path)
{
    int file = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (file < 0 || s->fits(file, s->argument))
        return file;
    sys_close(file);
    return -1;
}

static int by_id(const struct search *s, const unsigned char *id, size_t bytes)
{
    char path[sizeof root + 2 * ID_BYTES_MOST + 32];
    if (bytes < ID_BYTES_LEAST || bytes > ID_BYTES_MOST)
        return -1;
    int n = snprintf(path, sizeof path, "%s/.build-id/%02x/", root, id[0]);
    for (size_t i = 1; i < bytes; i++)
        n += snprintf(path + n, sizeof path - (size_t)n, "%02x", id[i]);
    snprintf(path + n, sizeof path - (size_t)n, ".debug");
    return try(s, path);
}

/* The link is the name of a file in the module's folder, in the folder .debug there, or in the
 * folder of this path below the root. */
static int by_link(const struct search *s, const char *module, const char *link)
{
    char path[PATH_MAX];
    int folder = (int)(strrchr(module, '/') - module) + 1, file = -1;
    const char *before[] = {"", "", root}, *between[] = {"", ".debug/", ""};
    for (int i = 0; i < 3 && file < 0; i++) {
        int n = snprintf(path, sizeof path, "%s%.*s%s%s", before[i], folder, module,
                         between[i], link);
        if (n > 0 && (size_t)n < sizeof path && strcmp(path, module) != 0)
            file = try(s, path);
    }
    return file;
}

int debugfile_open(const char *module, const unsigned char *id, size_t id_bytes,
                   const char *link, bool (*fits)(int file, void *argument),
                   void *argument)
{
    struct search s = {fits, argument};
    int file = id ? by_id(&s, id, id_bytes) : -1;
    if (file < 0 && module && module[0] == '/' && link && !strchr(link, '/'))
        file = by_link(&s, module, link);
    return file;
}
