/* Files below /proc.  They are opened and read by system calls made directly, so that reading
 * them is no cancellation point and works in a pause. */
#include "base/proc.h"

#include <errno.h>

#include "base/sys.h"

int proc_open(const char *path, int flags)
{
    int proc = sys_open("/proc", O_PATH | O_DIRECTORY);
    if (proc < 0)
        return -1;
    int file = sys_open_at(proc, path, O_RDONLY | flags);
    int error = errno;
    sys_close(proc);
    errno = error;
    return file;
}

ssize_t proc_read(const char *path, char *text, size_t bytes)
{
    size_t length = 0;
    ssize_t n = 0;
    int file = proc_open(path, 0);
    if (file < 0)
        return -1;
    while (length < bytes - 1) {
        n = sys_read(file, text + length, bytes - 1 - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        length += (size_t)n;
    }
    int error = errno;
    sys_close(file);
    text[length] = '\0';
    return n < 0 ? (errno = error, -1) : (ssize_t)length;
}
