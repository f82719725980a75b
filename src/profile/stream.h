/* A file that is written to by mapping it: what is stored is in the file, whatever becomes of the process.
 *
 * Its memory is set aside piece by piece, before it is written to, so that a disk that is full ends the
 * recording and not the program.  There is one of them, and it is under the lock of the recording. */
#ifndef GCALLOC_PROFILE_STREAM_H
#define GCALLOC_PROFILE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/recording.h"

/* Begins the file that option profile names.  What is there already is left alone: it is another
 * process's, or this process's before exec, and the name gets the number of the process.  false: it
 * cannot be written, which the log explains. */
bool stream_open(void);

/* Whether there is room for a record.  false: the file cannot be written any more, which the log explains
 * once. */
bool stream_has_room(void);

/* The file has been begun, by this process or its parent, and nothing has failed. */
bool stream_is_open(void);

/* Nothing is written any more; the file stays as it is, as it is a parent's. */
void stream_forget(void);

/* Cuts the file to what was written. */
void stream_close(void);

/* A record that is being written.  Its tag is stored when it is complete, so that the file never has part of one. */
struct writer {
    uint8_t *begin, *at;
};

struct writer stream_begin(void);
void stream_end(struct writer w, enum recording_tag tag);

/* Bytes that a record may have. */
enum { STREAM_RECORD_MOST = 16384 };

static inline void writer_put(struct writer *w, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        *w->at++ = (uint8_t)(n | 0x80);
    *w->at++ = (uint8_t)n;
}

void writer_put_bytes(struct writer *w, const void *bytes, size_t count);

#endif
