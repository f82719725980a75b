/* A descriptor of the library's own, among those of the program: it is out of the way,
 * and it may be closed by the program, and its number be another file's.  So it is known
 * by the file that it was opened for, by device and inode, and asked for before each use.
 * Nothing here waits or takes a lock, and nothing is a cancellation point. */
#ifndef GCALLOC_BASE_DESCRIPTOR_H
#define GCALLOC_BASE_DESCRIPTOR_H

#include <stdbool.h>
#include <sys/types.h>

/* Threads may use a descriptor while one changes it, as all of it is atomic.  Who sees
 * part of a change finds that the number is another file's. */
struct descriptor {
    int number; /* -1: none */
    dev_t device;
    ino_t inode;
};

/* Takes a number for the file that it is now; the number stays what it is. */
void descriptor_take(struct descriptor *d, int number);

/* Gives an open file another number, which the program's own files hardly come to, and
 * closes the old one.  Returns the old number where there is no other. */
int descriptor_move_away(int number);

/* The number, or -1 if it is closed, or another file's by now. */
int descriptor_number(const struct descriptor *d);

/* Forgets the number.  Returns it if it is still that file's, else -1; the caller closes it. */
int descriptor_drop(struct descriptor *d);

#endif
