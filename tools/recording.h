/* A recording that `gcalloc profile` has had written (src/profile/recording.h), as it is read.  What is
 * wrong with a file ends it: all before that counts, and it is said. */
#ifndef GCALLOC_TOOLS_RECORDING_H
#define GCALLOC_TOOLS_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/recording.h"

struct module {
    uint64_t number; /* that frames have */
    uint64_t base, low, high;
    unsigned char *id;
    size_t id_bytes;
    char *path;
};

/* Type n is the element n. */
struct type {
    enum recording_kind kind;
    char *name; /* what its objects are called; NULL: there is no such type */
};

extern const char *const kind_names[RECORDING_KINDS];

struct frame {
    uint32_t module;  /* among the modules, from 1; 0: none */
    uint64_t address; /* a return address, relative to the module's base */
};

/* Stack n is the element n; number 0 has no frames. */
struct stack {
    size_t first, count; /* among the frames, innermost first */
};

/* An object on the way from a root to one that is alive at the end. */
struct step {
    uint64_t offset; /* 1 + that of the pointer in the object before; 0: not known */
    uint64_t inside; /* what the pointer points to, in this object */
    uint64_t bytes;
    uint32_t stack; /* 0: not known */
};

struct way {
    enum recording_root root;
    struct frame at;     /* the root's word, and not a return address */
    uint64_t thread;     /* 0: none */
    uint64_t left_out;   /* steps behind the first RECORDING_STEPS_FIRST */
    size_t first, count; /* among the steps, the object's own the last */
};

struct recording {
    const char *path;
    const unsigned char *bytes; /* of the file, or of a part of it (recording_go_on) */
    const unsigned char *tags;  /* the same bytes, as they were before */
    size_t size;
    size_t begin; /* of the records behind the first */
    size_t end;   /* of those that can be read */
    bool mapped;
    bool ended;   /* the program has ended it */
    bool damaged; /* what follows the last record is none */
    uint64_t process, parent, started, every, depth;
    char *program, *command;
    struct module *modules;
    size_t module_count, module_room;
    struct type *types;
    size_t type_count, type_room;
    struct way *ways; /* to the objects with most bytes first */
    size_t way_count, way_room;
    struct step *steps;
    size_t step_count, step_room;
    struct frame *frames;
    size_t frame_count, frame_room;
    struct stack *stacks;
    size_t stack_count, stack_room;
};

/* Opens the file and reads what tells of stacks and modules.  DONE, or it is said what is wrong. */
int recording_open(struct recording *r, const char *path);
void recording_close(struct recording *r);

/* Goes on with the next part of a recording that is being written, all of which was read twice: a record counts whose
 * tag was there when `tags` was read, as then all of it was when `bytes` was.  The part's events are those between
 * r->begin and r->end, where the next part begins; the caller keeps the bytes until then.  `r` is zero before the first
 * part.  false: this is no recording, or not yet. */
bool recording_go_on(struct recording *r, const unsigned char *bytes,
                     const unsigned char *tags, size_t size);

/* Whether the dynamic loader itself has allocated, whose memory nothing seems to reach.  musl's is the C library. */
bool recording_is_loaders(const struct recording *r, size_t stack);

/* What happens. */
struct event {
    enum recording_tag tag;
    uint64_t address;
    uint32_t stack, type;
    uint64_t requested, slack;
    uint64_t thread;
    uint64_t microseconds, heap, resident, collections, pause;
    uint64_t owner; /* address, of a leaked object */
};

struct cursor {
    const struct recording *recording;
    size_t at;
    uint64_t address, thread;
    uint32_t type;
};

struct cursor recording_begin(const struct recording *r);

/* The next event, without modules, stacks, types and ways.  false: there is none. */
bool recording_next(struct cursor *c, struct event *e);

/* Room for one element more than `count`, or the end of the command. */
void *grown(void *table, size_t count, size_t *room, size_t element_bytes);

#endif
