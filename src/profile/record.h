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

/* Ends this process's recording. */
void record_close(void);

#endif
