/* A file by the name that the loader had for it is the module's only if it begins as that did
 * in memory: with the build-id, and with sizes and names that tell most files without one
 * apart.  A file that was written anew meanwhile is never taken. */
#include "report/unloaded.h"

#include <sys/stat.h>

#include "base/meta.h"
#include "base/sys.h"

static bool begins_so(int file, const struct module *m)
{
    unsigned char *head = meta_alloc(ACCOUNT_REPORTS, m->head_bytes);
    size_t count = 0;
    ssize_t more = head ? 1 : 0;
    while (more > 0 && count < m->head_bytes) {
        more = sys_read(file, head + count, m->head_bytes - count);
        count += more > 0 ? (size_t)more : 0;
    }
    bool equal = head && count == m->head_bytes && modules_hash(head, count) == m->head;
    meta_free(head, m->head_bytes);
    return equal;
}

int unloaded_open(const struct module *m, const char *path)
{
    struct stat status;
    int file = m->head_bytes ? sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) : -1;
    if (file < 0)
        return -1;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && begins_so(file, m))
        return file;
    sys_close(file);
    return -1;
}
