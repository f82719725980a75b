/* The frames of x86-64, cleared by what the system says of them. */
#include "world/frame.h"

#include <stdint.h>
#include <string.h>

#if defined __x86_64__
#include <cpuid.h>
#endif

#include "base/bits.h"

#if defined __x86_64__

/* Intel 64 and IA-32 Architectures Software Developer's Manual 1, 13.4: a frame of the system is
 * in the standard format.  Its header behind the legacy area tells which components are stored. */
enum {
    COMPONENTS = 64,
    LEGACY = 2, /* components 0 and 1, with places of their own */
    CPUID_LEAF = 0xd,
    UNUSED_AT = 416,
    TOLD_AT = 464, /* where the system tells of the frame, by struct _fpx_sw_bytes */
    HEADER_AT = 512,
    MAGIC = 0x46505853,
    MAGIC_BYTES = 4, /* behind the components */
    /* The bytes of the system's struct ucontext, and of the struct siginfo behind it.
     * The frame's other part comes after a gap, and another gap is in front of the red
     * zone of what was interrupted. */
    CONTEXT_BYTES = 304,
    INFORMATION_BYTES = 128,
    GAP_MOST = 128,
    RED_ZONE = 128,
};

struct told {
    uint32_t magic, bytes;
    uint64_t features;
    uint32_t xsave_bytes;
};

struct place {
    uint32_t at, bytes;
};

static struct place places[COMPONENTS] PRIVATE_DATA;

/* The components that a frame may have.  Where the processor is a virtual one each question
 * takes microseconds, so that only these are asked about. */
static uint64_t possible(void)
{
    unsigned low = 0, high = 0, c, d;
    if (!__get_cpuid_count(CPUID_LEAF, 0, &low, &c, &d, &high))
        return 0;
    return ((uint64_t)high << 32 | low) & ~(UINT64_C(1) << (COMPONENTS - 1));
}

void frame_begin(void)
{
    places[0] = (struct place){32, 8 * 16};
    places[1] = (struct place){160, 16 * 16};
    for (uint64_t left = possible() >> LEGACY << LEGACY; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left), bytes, at, c, d;
        __cpuid_count(CPUID_LEAF, i, bytes, at, c, d);
        places[i] = (struct place){at, bytes};
    }
}

static void clear_gap(uintptr_t low, uintptr_t high)
{
    if (low < high && high - low < GAP_MOST)
        memset((void *)low, 0, high - low);
}

void frame_clear(ucontext_t *context)
{
    char *frame = (char *)context->uc_mcontext.fpregs;
    struct told told;
    uint64_t stored;
    memset(context->uc_mcontext.__reserved1, 0, sizeof context->uc_mcontext.__reserved1);
    if (!frame)
        return;
    memset(frame + UNUSED_AT, 0, TOLD_AT - UNUSED_AT);
    clear_gap((uintptr_t)context + CONTEXT_BYTES + INFORMATION_BYTES, (uintptr_t)frame);
    memcpy(&told, frame + TOLD_AT, sizeof told);
    memcpy(&stored, frame + HEADER_AT, sizeof stored);
    if (told.magic != MAGIC)
        return;
    for (uint64_t left = told.features & ~stored; left; left &= left - 1) {
        struct place p = places[__builtin_ctzll(left)];
        if (p.at + p.bytes <= told.xsave_bytes)
            memset(frame + p.at, 0, p.bytes);
    }
    clear_gap((uintptr_t)frame + told.xsave_bytes + MAGIC_BYTES,
              (uintptr_t)context->uc_mcontext.gregs[REG_RSP] - RED_ZONE);
}

#else

/* On other processors each register has its place, or is not stored at all. */
void frame_begin(void)
{
}

void frame_clear(ucontext_t *context)
{
    (void)context;
}

#endif
