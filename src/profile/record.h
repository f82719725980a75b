/* A recording: records, as profile/recording.h has them, written to the file of profile/stream.h.  A child of fork
 * begins a file of its own with its first record.
 *
 * Each call is one record or a few that belong together, under the lock of the recording; it
 * may be made in a critical section and in a pause. */
#ifndef GCALLOC_PROFILE_RECORD_H
#define GCALLOC_PROFILE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "heap/types.h"
#include "profile/recording.h"

/* Begins the recording that option profile names.  false: it cannot be written, which the log
 * explains. */
bool record_open(void);

/* An object that was allocated. */
struct record_object {
    uintptr_t address;
    size_t requested, slack; /* bytes that it has beyond those */
    uint32_t stack;          /* in the depot; 0: not known */
    uint32_t layout;         /* 0: none */
    enum recording_kind kind;
};

void record_allocated(const struct heap *h, const struct record_object *o);
void record_resized(uintptr_t address, size_t requested, size_t slack);

/* The tag is RECORDING_FREED, RECORDING_TEMPORARY or RECORDING_DEAD. */
void record_gone(enum recording_tag tag, uintptr_t address);

/* The program has come to its end: of what is recorded from here on, and of the process meanwhile, no time is told.
 * false: this process has no recording, or it has ended. */
bool record_last_time(void);

/* Nothing reaches the object any more; `owner` alone keeps it, or is the object. */
void record_leaked(uintptr_t address, uintptr_t owner);

/* An object on the way from a root to another one. */
struct record_step {
    bool has_offset;
    size_t offset; /* of the pointer in the object before it */
    size_t inside; /* of what the pointer points to, in this object */
    size_t bytes;
    uint32_t stack; /* in the depot; 0: not known */
};

/* The shortest way to an object that is alive at the end, at most RECORDING_STEPS_MOST of its steps. */
struct record_way {
    enum recording_root root;
    uintptr_t at; /* where its word lies */
    pid_t thread; /* whose it is; 0: nobody's */
    size_t left_out, count;
    const struct record_step *steps;
};

void record_held(const struct record_way *way);

/* Ends this process's recording. */
void record_close(void);

#endif
