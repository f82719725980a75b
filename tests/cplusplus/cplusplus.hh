// What the tests of <gcalloc/gcalloc.hpp> share: the ways in which the collector runs, victims in C++, and
// faults.  The victims' addresses are hidden, and whatever handles them bare runs by deeply()
// (tests/roots/place.h), so that each test is exact.
#ifndef GCALLOC_TESTS_CPLUSPLUS_CPLUSPLUS_HH
#define GCALLOC_TESTS_CPLUSPLUS_CPLUSPLUS_HH

#include <cstring>
#include <gcalloc/gcalloc.hpp>
#include <new>

extern "C" {
#include "../roots/place.h"
}

enum { MODES = 3, COUNT = 300 };

// As it is, collecting at each refill, compared with the naive marker.
inline void set_mode(int mode)
{
    ck_assert_int_eq(gc_option_set("stress", mode == 1 ? "1" : "0"), 0);
    ck_assert_int_eq(gc_option_set("verify", mode == 2 ? "1" : "0"), 0);
}

// Calls a closure far down the stack.
template <class Work> void below(Work work)
{
    deeply([](void *closure) { (*static_cast<Work *>(closure))(); }, &work);
}

inline bool is_living(const std::uintptr_t &hidden)
{
    return count_living(&hidden, 1) == 1;
}

// How many were ready and have run.
inline std::size_t run_finalizers()
{
    std::size_t count = 0;
    below([&] { count = gc_finalizers_run(); });
    return count;
}

// Static data hold nothing any more, also where the compiler sees that nobody will read them.
template <class T> void drop(T &data)
{
    data = {};
    asm volatile("" : : "r"(&data) : "memory");
}

template <class T, std::size_t N> void drop(T (&data)[N])
{
    for (T &item : data)
        drop(item);
}

// Static memory for one object, which leaves no words behind.
template <class T> class place_for
{
  public:
    template <class... Arguments> void make(Arguments &&...arguments)
    {
        below([&] {
            object = ::new (static_cast<void *>(memory))
                T(std::forward<Arguments>(arguments)...);
        });
    }

    void end()
    {
        below([&] { object->~T(); });
        forget();
    }

    // No destructor.
    void forget()
    {
        std::memset(memory, 0, sizeof memory);
    }

    T &operator*()
    {
        return *object;
    }

    T *operator->()
    {
        return object;
    }

  private:
    T *object = nullptr;
    alignas(T) unsigned char memory[sizeof(T)] = {};
};

// The next calls of these functions fail as if there was no memory (faults.cc).
extern bool no_finalizers, no_manual_objects, no_weak_references;

TCase *containers_case();
TCase *objects_case();
TCase *making_case();
TCase *references_case();

#endif
