/* The sanitizers have address space and resident memory of their own: what a test measures
 * or limits of these means nothing with them.  ThreadSanitizer is through with a thread
 * before the last round of its exit hooks. */
#ifndef TESTS_SANITIZER_H
#define TESTS_SANITIZER_H

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif

#if defined __SANITIZE_ADDRESS__
#define UNDER_ASAN 1
#endif

#if defined __SANITIZE_THREAD__
#define UNDER_TSAN 1
#endif

#if !defined UNDER_TSAN
#define UNDER_TSAN 0
#endif

#if !defined UNDER_ASAN
#define UNDER_ASAN 0
#endif

#define HAS_SHADOW (UNDER_ASAN || UNDER_TSAN)

#endif
