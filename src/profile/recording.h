/* The form of a recording: what option profile has the library write, and `gcalloc report` reads.
 *
 *   magic | record, record, ...           record: tag (one byte, not 0) | numbers and strings
 *
 * Numbers are unsigned, seven bits in each byte, the lowest first; all bytes but the last have the
 * highest bit set.  A signed number n is the unsigned 2n, or -2n - 1 where it is negative.  A string is
 * its length and its bytes.  Addresses of objects are told as the signed distance from the last one
 * that was told, in granules of 16 bytes; the first distance is from 0.
 *
 * The file is mapped, and longer than what is written: what follows is zero, and so is the tag of
 * a record that is not complete.  So whatever ends the process, the file can be read up to the last
 * record.  The tag END says that there are no more; a process that was killed has not written it. */
#ifndef GCALLOC_PROFILE_RECORDING_H
#define GCALLOC_PROFILE_RECORDING_H

#define RECORDING_MAGIC "gcalloc\x01"

enum {
    RECORDING_MAGIC_BYTES = 8,
    RECORDING_VERSION = 1,
    RECORDING_GRANULE = 16,
    RECORDING_TYPES_MOST = 1 << 17, /* the numbers of types are below */
    RECORDING_STEPS_FIRST = 20,     /* steps of a long way that are told from its root, */
    RECORDING_STEPS_MOST = 24,      /* and with its last ones */
};

enum recording_tag {
    RECORDING_NONE,
    /* version, process, parent, microseconds since 1970, mean bytes between two samples (0: each
     * object is recorded), frames of a stack at most; path of the program, command line */
    RECORDING_BEGIN,
    /* number (not 0), what its addresses are relative to, where it begins and ends, relative to that;
     * build-id, path.  A library that is loaded anew at another place is another module. */
    RECORDING_MODULE,
    /* frames, then each, innermost first: module (0: none), return address relative to it.  Stacks
     * are numbered from 1 as they come. */
    RECORDING_STACK,
    /* number of the thread, which did what follows */
    RECORDING_THREAD,
    /* stack (0: not known), bytes that were asked for, bytes more that it has, signed address.  In a
     * sampled recording it stands for 1 / (1 - exp(-bytes / mean)) objects, `bytes` being all that it
     * has. */
    RECORDING_ALLOCATED,
    RECORDING_FREED, /* signed address */
    /* signed address: it was freed, and the thread that allocated it has allocated nothing since.
     * In sampled recordings only, as in others this can be seen. */
    RECORDING_TEMPORARY,
    RECORDING_DEAD, /* signed address: a collection has found it unreachable */
    RECORDING_RESIZED, /* signed address, bytes that were asked for, bytes more that it has */
    /* microseconds since the last of this tag, or since the beginning; heap and resident memory, in
     * pages of 4 KiB; collections, and the microseconds of their pauses, since the last */
    RECORDING_TIME,
    RECORDING_END,
    /* signed address, and that of its owner: nothing reaches the object at the end of the program, which has not freed
     * it.  The owner is the leaked object that alone keeps it; or it is itself the owner: then nothing points to it, or
     * several do. */
    RECORDING_LEAKED,
    /* number, kind (enum recording_kind), name: of a layout or slab, and empty if it has none.  Objects without a
     * layout have a type for each kind. */
    RECORDING_TYPE,
    /* number of the type that objects have which are allocated from here on */
    RECORDING_TYPED,
    /* What holds an object that is alive at the end of the program: root (enum recording_root); its module (0: none) and its
     * address, relative to that; thread (0: none); steps that are left out, steps that follow.  Then of each, from the root
     * to the object: 1 + the offset of the pointer in the object before it (0: not known, or a root's), the offset that it
     * points to in this object, its bytes, its stack (0: not known). */
    RECORDING_HELD,
};

enum recording_root {
    RECORDING_ROOT_DATA,     /* static data, or other memory that is searched */
    RECORDING_ROOT_NAMED,    /* what a root callback has named */
    RECORDING_ROOT_STACK,    /* of a thread */
    RECORDING_ROOT_REGISTER, /* of a thread */
    RECORDING_ROOT_LOCAL,    /* thread-local data */
    RECORDING_ROOT_THREAD,   /* argument, result or alternate signal stack of a thread */
    RECORDING_ROOT_TIMER,    /* what a timer passes on */
    RECORDING_ROOT_POLLED,   /* what epoll has with a descriptor */
    RECORDING_ROOT_STREAM,   /* a stream of stdio */
    RECORDING_ROOT_VARIABLE, /* the array of the environment's variables */
    RECORDING_ROOTS,
};

enum recording_kind {
    RECORDING_SCANNED,
    RECORDING_ATOMIC,        /* without pointers */
    RECORDING_MANUAL,        /* as malloc gives them */
    RECORDING_MANUAL_ATOMIC, /* manual, and without pointers */
    RECORDING_LAID_OUT,      /* with a layout: where the pointers are is known */
    RECORDING_KINDS,
};

#endif
