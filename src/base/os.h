/* The operating system: address space and its memory.  Only os*.c knows the system calls.
 *
 * Address space is reserved once, then committed (made readable and writable, still
 * without memory), used, and decommitted (its memory given back, still usable: the next
 * touch brings zeroed memory).  All sizes and addresses are multiples of OS_PAGE.
 * Functions that return bool or NULL set errno and have changed nothing on failure. */
#ifndef GCALLOC_BASE_OS_H
#define GCALLOC_BASE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

/* The granularity of memory here.  The kernel's pages may be larger (AArch64: 64 KiB),
 * which os_page_bytes tells; then decommitting rounds inwards. */
#define OS_PAGE 4096u
#define OS_HUGE_PAGE (2u << 20)

/* The size of the kernel's pages. */
size_t os_page_bytes(void);

/* The process's limit on address space, or SIZE_MAX if there is none. */
size_t os_address_space_limit(void);

/* These reserve address space at a multiple of `alignment`, release it, and commit it. */
void *os_reserve(size_t bytes, size_t alignment);
void os_release(void *address, size_t bytes);
bool os_commit(void *address, size_t bytes);

/* Has core files leave out a reservation, and put in what has been committed of it.  Only advice.  gdb's command
 * to make a core file writes all that is not left out: a terabyte that is only set aside. */
void os_leave_out(void *address, size_t bytes);
void os_put_in(void *address, size_t bytes);

/* Takes a range out of what the program has locked with all its memory: there reserved
 * space counts for the limit of that, and committing it would take its memory at once. */
void os_unlock(void *address, size_t bytes);

/* Decommits a range.  Returns how many bytes went back. */
size_t os_decommit(void *address, size_t bytes);

/* Puts new memory in the place of what is there, whatever its pages have become:
 * inaccessible, guards, somebody's file.  The pages are whole, and read as zero then.
 * Returns false if there is no memory, and what was there may be gone altogether. */
bool os_renew(void *address, size_t bytes);

/* A stretch of memory. */
struct os_part {
    uintptr_t low, high;
};

/* Opens what tells which pages of memory the process has, and closes it.  os_pages_open
 * returns -1 if nothing does. */
int os_pages_open(void);
void os_pages_close(int file);

/* Has pages of a file read that are to be used soon, and does not wait for them.  Only advice. */
void os_pages_want(uintptr_t low, uintptr_t high);

/* Copies memory that may not be readable.  Returns false if it is not, or not all of it. */
bool os_copy(void *to, uintptr_t from, size_t bytes);

/* Finds what may hold anything but zeros in private memory, nobody's file, from *low on: pages that
 * are there, or in swap space.  At most `most` parts, in order; *low becomes where the search has
 * come to, `high` at last.  What is not told counts as one part that is there. */
size_t os_pages_find(int file, uintptr_t *low, uintptr_t high, struct os_part *parts,
                     size_t most);

/* Finds pages of shared memory from *low on that are in memory, whoever brought them there: a child of
 * fork has no entries for them yet, nor has another mapping of the file.  Stores the parts, in order, and
 * moves *low to where it has looked up to.  Where the kernel does not tell, all pages are.  What is in swap space is not. */
size_t os_pages_cached(uintptr_t *low, uintptr_t high, struct os_part *parts,
                       size_t most);

/* Whether anything of this machine is in swap space; true where the kernel does not tell. */
bool os_swaps(void);

/* Makes private memory zero: pages that are not there, or are in swap space, come to be zeroed at
 * their next touch, and take no memory before; the others are filled, or all are given back. */
void os_zero(void *address, size_t bytes, bool give_back);

/* Whether the system might give so much memory.  Returns false with errno ENOMEM if it
 * gives nobody so much at once, as it is obviously more than there is.  (Address space
 * that was reserved does not tell.) */
bool os_can_promise(size_t bytes);

/* Asks for the memory of a committed range now, rather than at its first touch.  Only advice. */
void os_populate(void *address, size_t bytes);

/* Whether the system may give huge pages to who asks: it does not say that it never does. */
bool os_has_huge_pages(void);

/* Asks for huge pages, of OS_HUGE_PAGE bytes, wherever whole ones lie in the range and no
 * memory is there yet.  Only advice. */
void os_huge_pages(void *address, size_t bytes);

/* Asks for small pages, for what whole huge pages lie in the range or cross its ends.
 * Huge pages that are there already stay.  Only advice. */
void os_small_pages(void *address, size_t bytes);

/* How many bytes of whole pages are there in memory; 0 where the system does not say. */
size_t os_resident(const void *address, size_t bytes);

/* Moves what lies in the range to huge pages, whole ones, where an eighth of one's memory is
 * there.  Only advice, and takes as long as copying it. */
void os_collapse(void *address, size_t bytes);

/* Maps zeroed memory at once, for the library's own tables. */
void *os_map(size_t bytes);

/* Moves the memory under `from` to `to`, both committed; `from` then reads as zero.
 * Returns false if that is not possible here, and then nothing has changed. */
bool os_move(void *to, void *from, size_t bytes);

/* Moves the memory as os_move does, for whoever copies it if that is not possible: os_fail counts no such call. */
bool os_try_move(void *to, void *from, size_t bytes);

/* A backend: where the units of a heap come from.  Each function is given the backend itself. */
struct os_space {
    const char *name;
    bool ahead; /* advice for what is not usable yet will hold when it is */
    bool gaps;  /* what is usable may have gaps, which belong to others */
    /* It is other processes' memory, too: the heap's numbers may change at any time, and memory
     * becomes zero by being filled. */
    bool shared;
    /* Reserves address space for so many bytes.  Returns NULL if it is not to be had. */
    void *(*reserve)(const struct os_space *self, size_t bytes, size_t alignment);
    /* Makes `bytes` usable, at `end`, where what is usable so far ends, or at a higher
     * multiple of `alignment` if somebody else has taken the space between.  Returns
     * where they are, or NULL if there are none. */
    void *(*extend)(const struct os_space *self, void *end, size_t bytes,
                    size_t alignment);
    /* Gives back what was reserved, of which `used` bytes have been made usable.  Where there may
     * be gaps, what is usable goes back before, each stretch between two gaps by itself. */
    void (*release)(const struct os_space *self, void *start, size_t used,
                    size_t reserved);
    /* Reserves address space for the tables beside the units, apart from it.  It is made
     * usable piece by piece, and reads as zero then.  Returns NULL, or false, if it is
     * not to be had. */
    void *(*reserve_tables)(const struct os_space *self, size_t bytes, size_t alignment);
    bool (*commit_tables)(const struct os_space *self, void *start, size_t bytes);
    void (*release_tables)(const struct os_space *self, void *start, size_t bytes);
    /* Sets memory aside for units that are about to be used, which have been made usable.  NULL: that
     * is not done before they are touched.  Returns false if there is none. */
    bool (*back)(const struct os_space *self, void *start, size_t bytes);
    /* Gives back memory of units or of tables, which reads as zero then.  Returns how many bytes
     * went. */
    size_t (*decommit)(const struct os_space *self, void *address, size_t bytes);
};

SHARED_DATA const struct os_space os_mmap, os_sbrk;

/* What backends of private memory have in common: functions of the process's own memory. */
void *os_space_reserve(const struct os_space *self, size_t bytes, size_t alignment);
bool os_space_commit(const struct os_space *self, void *start, size_t bytes);
void os_space_release(const struct os_space *self, void *start, size_t bytes);
size_t os_space_decommit(const struct os_space *self, void *address, size_t bytes);

/* The number of processors that the calling thread may run on. */
size_t os_processors(void);

/* The time of the monotonic clock, in nanoseconds. */
uint64_t os_now(void);

/* The processor time that the process has used, in nanoseconds. */
uint64_t os_processor_time(void);

/* For tests: the Nth call from now on that asks the system for something fails with
 * ENOMEM, and, with `onwards`, all later ones too.  0 stands for none. */
void os_fail(unsigned long nth, bool onwards);

/* For tests: how many calls have asked the system for something. */
unsigned long os_calls(void);

/* For backends: counts a call that asks the system for something, and says whether it is
 * to fail; errno is set then. */
bool os_refused(void);

#endif
