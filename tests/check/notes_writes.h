/* Whether the kernel tells which pages are written, as tests find out for themselves: the numbers of its
 * interface, apart from the library's. */
#ifndef GCALLOC_TESTS_CHECK_NOTES_WRITES_H
#define GCALLOC_TESTS_CHECK_NOTES_WRITES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline bool kernel_notes_writes(void)
{
    uint64_t api[3] = {0xAA, 1 << 13 | 1 << 15, 0};
    int file = (int)syscall(SYS_userfaultfd, 1);
    bool notes = file >= 0 && ioctl(file, _IOWR(0xAA, 0x3F, uint64_t[3]), api) == 0;
    if (file >= 0)
        close(file);
    return notes;
}

#endif
