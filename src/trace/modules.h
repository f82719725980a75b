/* The modules: the program and the libraries that are or were loaded since stacks are recorded.
 *
 * Each has a number for good, which tells its code from that of another which was, or will be,
 * at the same address.  A library that is loaded again, where it was, has its number again. */
#ifndef GCALLOC_TRACE_MODULES_H
#define GCALLOC_TRACE_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

enum {
    MODULE_NONE = 0,          /* code that lies in no library, or was not looked up */
    MODULE_LOST = UINT16_MAX, /* in one that there was no memory to note */
    MODULE_ID_MOST = 32,      /* bytes of a build-id; linkers make 8, 16 or 20 */
};

struct module {
    const char *folder; /* where the process was, for a relative name; else NULL */
    const char *name;   /* as the loader has it: a path */
    uintptr_t base;     /* what its addresses are relative to */
    uintptr_t low, high;
    uint64_t head; /* modules_hash of the file's first bytes, the build-id among them */
    size_t head_bytes;
    unsigned char id[MODULE_ID_MOST]; /* its build-id */
    uint8_t id_bytes;                 /* 0: it has none that is known */
    bool loaded;                      /* as of the last look */
};

/* Looks what is loaded, if that changed since the last look.  May take the loader's lock:
 * neither in a pause nor in a critical section. */
void modules_look(void);

/* Before a dlopen of the program's: what the C library has unloaded by itself is found out
 * before another library has its place. */
void modules_opening(void);

/* Around a dlclose of the program's. */
void modules_closing(void);
void modules_closed(void);

/* Child of a fork: the other threads' calls of dlclose will not return. */
void modules_forked(void);

/* Changes whenever something may have been unloaded: who keeps what it learned of code by its
 * address looks then, and forgets it if modules_unloads has changed, too. */
SHARED_DATA uint32_t modules_changes;

/* Until modules_closed each look may find something else, though modules_changes stays. */
bool modules_are_closing(void);

/* How many looks found that something is gone. */
uint32_t modules_unloads(void);

/* How many looks there have been that found the table out of date, or incomplete. */
uint32_t modules_epoch(void);

/* The last look was made when so many objects had ever been loaded and unloaded. */
bool modules_known(uint64_t added, uint64_t removed);

/* Somebody has come to know these numbers: if they are others, the next stack to be recorded
 * waits for a look.  Takes no lock. */
void modules_notice(uint64_t added, uint64_t removed);

/* The numbers of the modules in which these return addresses lie, as of the last look. */
void modules_of(const uintptr_t *frames, uint16_t *numbers, size_t count);

/* false: there is none of this number.  Its strings stay. */
bool module_get(uint16_t number, struct module *m);

/* Where the module was loaded from.  false: its path is not known, or too long. */
bool module_path(const struct module *m, char *path, size_t bytes);

/* What is loaded is listed by address, and no two modules overlap.  The world is stopped. */
void modules_check(void);

uint64_t modules_hash(const void *bytes, size_t count);

#endif
