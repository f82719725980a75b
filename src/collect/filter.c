/* The filters.  The library is built for any processor of its architecture: these
 * functions alone use more, each where the processor was asked. */
#include "collect/filter.h"

#include "base/bits.h"

#if defined __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

/* Each word is copied, but stays only if it is counted, so that there is no branch that
 * would be hard to predict. */
READS_ANYTHING size_t filter_scalar(const uintptr_t *words, size_t count, uintptr_t base,
                                    size_t bytes, uintptr_t *found)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        uintptr_t word = words[i];
        found[n] = word;
        n += word - base < bytes;
    }
    return n;
}

#if defined __x86_64__

#define AVX512 __attribute__((target("avx512f,popcnt")))
#define AVX2 __attribute__((target("avx2,popcnt")))

/* __builtin_cpu_init is needed, as this may be called before the compiler's own constructor. */
static bool has_avx512(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("popcnt");
}

static bool has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
}

enum {
    WORDS512 = 8, /* words in a vector of 512 bits */
    WORDS256 = 4, /* words in one of 256 */
    /* So many vectors of which none has a word in range are passed at once: a branch for each
     * would be hard to predict. */
    GROUP = 4,
};

/* Stores the words that are `in`, and returns how many.  What is stored behind them lies
 * no further than the words read. */
AVX512 INLINE size_t keep8(__m512i words, __mmask8 in, uintptr_t *found)
{
    _mm512_storeu_si512(found, _mm512_maskz_compress_epi64(in, words));
    return (size_t)_mm_popcnt_u32(in);
}

/* Words that are left out of a load become zero, and are not read. */
AVX512 READS_ANYTHING INLINE size_t rest8(const uintptr_t *words, size_t count,
                                          __m512i low, __m512i limit, uintptr_t *found)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i += WORDS512) {
        unsigned lanes = count - i >= WORDS512 ? 0xff : (1u << (count - i)) - 1;
        __m512i w = _mm512_maskz_loadu_epi64((__mmask8)lanes, words + i);
        __m512i offsets = _mm512_sub_epi64(w, low);
        n += keep8(w, _mm512_mask_cmplt_epu64_mask((__mmask8)lanes, offsets, limit),
                   found + n);
    }
    return n;
}

AVX512 READS_ANYTHING static size_t avx512(const uintptr_t *words, size_t count,
                                           uintptr_t base, size_t bytes, uintptr_t *found)
{
    const __m512i low = _mm512_set1_epi64((long long)base);
    const __m512i limit = _mm512_set1_epi64((long long)bytes);
    const uintptr_t *w = words;
    size_t n = 0;
    for (; count >= GROUP * WORDS512; count -= GROUP * WORDS512, w += GROUP * WORDS512) {
        __m512i a = _mm512_loadu_si512(w);
        __m512i b = _mm512_loadu_si512(w + WORDS512);
        __m512i c = _mm512_loadu_si512(w + 2 * WORDS512);
        __m512i d = _mm512_loadu_si512(w + 3 * WORDS512);
        __mmask8 in_a = _mm512_cmplt_epu64_mask(_mm512_sub_epi64(a, low), limit);
        __mmask8 in_b = _mm512_cmplt_epu64_mask(_mm512_sub_epi64(b, low), limit);
        __mmask8 in_c = _mm512_cmplt_epu64_mask(_mm512_sub_epi64(c, low), limit);
        __mmask8 in_d = _mm512_cmplt_epu64_mask(_mm512_sub_epi64(d, low), limit);
        if ((in_a | in_b | in_c | in_d) == 0)
            continue;
        n += keep8(a, in_a, found + n);
        n += keep8(b, in_b, found + n);
        n += keep8(c, in_c, found + n);
        n += keep8(d, in_d, found + n);
    }
    return n + rest8(w, count, low, limit, found + n);
}

#define QUAD(a, b, c, d)                                                       \
    {                                                                          \
        2 * a, 2 * a + 1, 2 * b, 2 * b + 1, 2 * c, 2 * c + 1, 2 * d, 2 * d + 1 \
    }

/* For every set of lanes, which halves of the four words come first. */
static const uint32_t order[16][8] __attribute__((aligned(32))) = {
    QUAD(0, 0, 0, 0), QUAD(0, 0, 0, 0), QUAD(1, 0, 0, 0), QUAD(0, 1, 0, 0),
    QUAD(2, 0, 0, 0), QUAD(0, 2, 0, 0), QUAD(1, 2, 0, 0), QUAD(0, 1, 2, 0),
    QUAD(3, 0, 0, 0), QUAD(0, 3, 0, 0), QUAD(1, 3, 0, 0), QUAD(0, 1, 3, 0),
    QUAD(2, 3, 0, 0), QUAD(0, 2, 3, 0), QUAD(1, 2, 3, 0), QUAD(0, 1, 2, 3),
};
#undef QUAD

/* Stores those of four words that are in range: `in` has all bits of these set. */
AVX2 INLINE size_t keep4(__m256i words, __m256i in, uintptr_t *found)
{
    unsigned lanes = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(in));
    __m256i first = _mm256_load_si256((const __m256i *)(const void *)order[lanes]);
    _mm256_storeu_si256((__m256i *)(void *)found,
                        _mm256_permutevar8x32_epi32(words, first));
    return (size_t)_mm_popcnt_u32(lanes);
}

AVX2 READS_ANYTHING INLINE __m256i load4(const uintptr_t *words)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)words);
}

/* Comparisons are signed, so both sides are lowered by 2^63 first. */
AVX2 READS_ANYTHING static size_t avx2(const uintptr_t *words, size_t count,
                                       uintptr_t base, size_t bytes, uintptr_t *found)
{
    const uintptr_t sign = (uintptr_t)1 << 63;
    const __m256i low = _mm256_set1_epi64x((long long)(base + sign));
    const __m256i limit = _mm256_set1_epi64x((long long)(bytes - sign));
    const uintptr_t *w = words;
    size_t n = 0;
    for (; count >= GROUP * WORDS256; count -= GROUP * WORDS256, w += GROUP * WORDS256) {
        __m256i a = load4(w), in_a = _mm256_cmpgt_epi64(limit, _mm256_sub_epi64(a, low));
        __m256i b = load4(w + WORDS256);
        __m256i in_b = _mm256_cmpgt_epi64(limit, _mm256_sub_epi64(b, low));
        __m256i c = load4(w + 2 * WORDS256);
        __m256i in_c = _mm256_cmpgt_epi64(limit, _mm256_sub_epi64(c, low));
        __m256i d = load4(w + 3 * WORDS256);
        __m256i in_d = _mm256_cmpgt_epi64(limit, _mm256_sub_epi64(d, low));
        __m256i any =
            _mm256_or_si256(_mm256_or_si256(in_a, in_b), _mm256_or_si256(in_c, in_d));
        if (_mm256_testz_si256(any, any))
            continue;
        n += keep4(a, in_a, found + n);
        n += keep4(b, in_b, found + n);
        n += keep4(c, in_c, found + n);
        n += keep4(d, in_d, found + n);
    }
    return n + filter_scalar(w, count, base, bytes, found + n);
}

#elif defined __aarch64__

static bool has_neon(void)
{
    return true;
}

/* Eight words of which none is in range are passed at once. */
READS_ANYTHING static size_t neon(const uintptr_t *words, size_t count, uintptr_t base,
                                  size_t bytes, uintptr_t *found)
{
    enum { LANES = 8 };
    const uint64x2_t low = vdupq_n_u64(base), limit = vdupq_n_u64(bytes);
    size_t n = 0, i = 0;
    for (; i + LANES <= count; i += LANES) {
        const uint64_t *w = (const uint64_t *)(words + i);
        uint64x2_t a = vcltq_u64(vsubq_u64(vld1q_u64(w), low), limit);
        uint64x2_t b = vcltq_u64(vsubq_u64(vld1q_u64(w + 2), low), limit);
        uint64x2_t c = vcltq_u64(vsubq_u64(vld1q_u64(w + 4), low), limit);
        uint64x2_t d = vcltq_u64(vsubq_u64(vld1q_u64(w + 6), low), limit);
        uint64x2_t any = vorrq_u64(vorrq_u64(a, b), vorrq_u64(c, d));
        if (vmaxvq_u32(vreinterpretq_u32_u64(any)) != 0)
            n += filter_scalar(words + i, LANES, base, bytes, found + n);
    }
    return n + filter_scalar(words + i, count - i, base, bytes, found + n);
}

#endif

static bool anywhere(void)
{
    return true;
}

const struct filter filters[] = {
#if defined __x86_64__
    {"avx512", has_avx512, avx512},
    {"avx2", has_avx2, avx2},
#elif defined __aarch64__
    {"neon", has_neon, neon},
#endif
    {"scalar", anywhere, filter_scalar},
};

filter_function *filter_best(void)
{
    const struct filter *f = filters;
    while (!f->supported())
        f++;
    return f->run == filter_scalar ? NULL : f->run;
}
