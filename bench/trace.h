/* The format of a trace: operations one after the other, of numbers in base 128, the low
 * seven bits first, the high bit set in all bytes of a number but the last.  The first
 * number of an operation is value << TRACE_OP_BITS | operation.
 *
 *   ALLOC    size
 *   FREE     object
 *   REALLOC  object, then the new size
 *   ALIGNED  size, then the power of two of the alignment
 *
 * Objects are numbered from 1 in the order of their allocation; a realloc keeps the
 * number.  They are named by distance: the last number given, less theirs. */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

enum trace_op {
    TRACE_ALLOC,
    TRACE_FREE,
    TRACE_REALLOC,
    TRACE_ALIGNED,
};

enum { TRACE_OP_BITS = 2 };

#endif
