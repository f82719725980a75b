/* A process keeps the file open to which it records; by its descriptors the file is found whatever it is called, and
 * where. */
#include "follow.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

enum { PART_BYTES = 1 << 20 }; /* that are read at a time; more than a record has */

/* ---- Looking for it ------------------------------------------------------------------ */

/* Opens a file that another process has open, if it is one of a kind that this does nothing to.  -1: it is not. */
static int open_file(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
        return -1;
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* The file is the recording of this process: a child of fork has its parent's open, too, until its own begins. */
static bool is_of(struct follower *f, int file, pid_t process)
{
    ssize_t n = pread(file, f->bytes, PART_BYTES, 0);
    struct recording r = {0};
    if (n <= 0 || !recording_go_on(&r, f->bytes, f->bytes, (size_t)n))
        return false;
    bool found = r.process == (uint64_t)process;
    recording_close(&r);
    return found;
}

/* A descriptor, or -1. */
static int find(struct follower *f, pid_t process)
{
    char path[64 + sizeof((struct dirent *)0)->d_name];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    DIR *all = opendir(path);
    int found = -1;
    for (struct dirent *d; all && found < 0 && (d = readdir(all));) {
        snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)process, d->d_name);
        int file = open_file(path);
        if (file >= 0 && is_of(f, file, process))
            found = file;
        else if (file >= 0)
            close(file);
    }
    if (all)
        closedir(all);
    return found;
}

/* ---- Reading on ---------------------------------------------------------------------- */

bool follow_begin(struct follower *f, pid_t process)
{
    *f = (struct follower){.bytes = malloc(2 * (size_t)PART_BYTES)};
    if (!f->bytes)
        exit(fail(FAILED, "out of memory"));
    f->file = find(f, process);
    if (f->file >= 0)
        return true;
    free(f->bytes);
    return false;
}

/* How many bytes were read to both places. */
static size_t read_twice(const struct follower *f, unsigned char *tags)
{
    ssize_t before = pread(f->file, tags, PART_BYTES, f->place);
    ssize_t n = before > 0 ? pread(f->file, f->bytes, (size_t)before, f->place) : 0;
    return n > 0 ? (size_t)n : 0;
}

void follow_on(struct follower *f)
{
    unsigned char *tags = f->bytes + PART_BYTES;
    struct recording *r = &f->recording;
    for (size_t n; !r->ended && (n = read_twice(f, tags)) > 0;) {
        if (!recording_go_on(r, f->bytes, tags, n))
            return;
        replay_go_on(&f->replay, r);
        if (r->end == 0)
            return;
        f->place += (off_t)r->end;
    }
}

void follow_end(struct follower *f)
{
    replay_end(&f->replay);
    recording_close(&f->recording);
    close(f->file);
    free(f->bytes);
}
