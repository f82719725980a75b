// gcalloc for C++17: allocators for the standard containers, objects whose destructors are finalizers,
// roots and weak references as values.
//
// It is a header only: everything here is made of the functions in <gcalloc/gcalloc.h>,
// <gcalloc/finalizer.h> and <gcalloc/weak.h>, whose rules hold here, too.  Above all: an object lives as
// long as a pointer to it, or into it, can be found in a register, on the stack, in static or thread-local
// data, or in another living object.  Memory of plain `new` and of malloc is not looked at; what lies
// there holds objects by gcalloc::root, or is allocated by gcalloc::allocator instead.
//
// Errors.  Where memory cannot be had std::bad_alloc is thrown, where a size overflows
// std::bad_array_new_length.  A program compiled with -fno-exceptions gets std::terminate instead.
//
// Threads.  All functions may be called by any thread.  A root or a weak reference is a value as a
// std::shared_ptr is: two threads may use two of them, and one of them only if neither changes it.
#ifndef GCALLOC_GCALLOC_HPP
#define GCALLOC_GCALLOC_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <gcalloc/finalizer.h>
#include <gcalloc/gcalloc.h>
#include <gcalloc/weak.h>

namespace gcalloc
{

// Whether the destructor is to run when an object made by gcalloc::make has become unreachable.  A program
// may specialize it as std::false_type for a type whose destructor only gives back memory of this heap, as that
// of a vector with gcalloc::allocator does: then the collector does it alone, and no finalizer is needed.
template <class T>
struct needs_destructor : std::bool_constant<!std::is_trivially_destructible_v<T>> {
};

namespace detail
{

template <class Error> [[noreturn]] inline void fail(const Error &error)
{
#ifdef __cpp_exceptions
    throw error;
#else
    static_cast<void>(error);
    std::terminate();
#endif
}

// Every object of the heap is aligned so.
inline constexpr std::size_t usual_alignment = 16;

// Room for so many of T; `flags` 0 or GC_ATOMIC.  Only what is scanned is zero.
template <class T> void *allocate(std::size_t count, unsigned flags)
{
    if (count > static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(T))
        fail(std::bad_array_new_length());
    const std::size_t size = count * sizeof(T);
    void *memory;
    if constexpr (alignof(T) > usual_alignment)
        memory = gc_alloc_with(size, alignof(T), flags ? GC_ATOMIC | GC_NO_ZERO : 0u);
    else
        memory = flags ? gc_alloc_atomic(size) : gc_alloc(size);
    if (!memory)
        fail(std::bad_alloc());
    return memory;
}

template <class T> void destruct(T *first, std::size_t count) noexcept
{
    while (count > 0)
        first[--count].~T();
}

// A finalizer: the last of the array's elements goes first, as with delete[].
template <class T> void finalize(void *object, void *count)
{
    destruct(static_cast<T *>(object), reinterpret_cast<std::uintptr_t>(count));
}

// What is done so far of an array, undone unless it is kept.
template <class T> class building
{
  public:
    building(std::size_t count, unsigned flags)
        : objects(static_cast<T *>(allocate<T>(count, flags)))
    {
    }

    building(const building &) = delete;
    building &operator=(const building &) = delete;

    ~building()
    {
        if (!objects)
            return;
        destruct(objects, built);
        gc_free(objects);
    }

    template <class... Arguments> void add(Arguments &&...arguments)
    {
        ::new (static_cast<void *>(objects + built))
            T(std::forward<Arguments>(arguments)...);
        built++;
    }

    T *keep(unsigned order)
    {
        if constexpr (needs_destructor<T>::value)
            if (built > 0 &&
                gc_finalizer_set_with(objects, finalize<T>,
                                      reinterpret_cast<void *>(built), order) ==
                    reinterpret_cast<gc_finalizer *>(UINTPTR_MAX))
                fail(std::bad_alloc());
        return std::exchange(objects, nullptr);
    }

  private:
    T *objects;
    std::size_t built = 0;
};

template <class T, class... Arguments>
T *make(unsigned flags, unsigned order, Arguments &&...arguments)
{
    building<std::remove_cv_t<T>> object(1, flags);
    object.add(std::forward<Arguments>(arguments)...);
    return object.keep(order);
}

template <class T> T *make_array(std::size_t count, unsigned flags)
{
    building<std::remove_cv_t<T>> objects(count, flags);
    for (std::size_t i = 0; i < count; i++)
        objects.add();
    return objects.keep(GC_UNORDERED);
}

} // namespace detail

// ---- Allocators ---------------------------------------------------------------------

// For containers whose elements may hold pointers into the heap: std::vector<T, gcalloc::allocator<T>>.
// What a container holds is scanned, and so lives as long as the container is reachable.  A container
// gives back its memory as usual; one that is merely forgotten is collected with all that it has.
template <class T> class allocator
{
  public:
    using value_type = T;
    using is_always_equal = std::true_type;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;

    constexpr allocator() noexcept = default;

    template <class U> constexpr allocator(const allocator<U> &) noexcept
    {
    }

    [[nodiscard]] T *allocate(std::size_t count)
    {
        return static_cast<T *>(detail::allocate<T>(count, 0));
    }

    void deallocate(T *elements, std::size_t) noexcept
    {
        gc_free(elements);
    }
};

// For containers of data without pointers, of which the collector never looks at the memory.  It is not for
// containers made of nodes (list, map, set, unordered_map, deque): their nodes are linked by pointers, which
// the collector would not see.  It is for vector and basic_string.
template <class T> class atomic_allocator
{
  public:
    using value_type = T;
    using is_always_equal = std::true_type;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;

    constexpr atomic_allocator() noexcept = default;

    template <class U> constexpr atomic_allocator(const atomic_allocator<U> &) noexcept
    {
    }

    [[nodiscard]] T *allocate(std::size_t count)
    {
        static_assert(
            !std::is_pointer_v<T>,
            "the collector would not see these pointers: use gcalloc::allocator");
        return static_cast<T *>(detail::allocate<T>(count, GC_ATOMIC));
    }

    void deallocate(T *elements, std::size_t) noexcept
    {
        gc_free(elements);
    }
};

template <class T, class U>
constexpr bool operator==(const allocator<T> &, const allocator<U> &) noexcept
{
    return true;
}

template <class T, class U>
constexpr bool operator!=(const allocator<T> &, const allocator<U> &) noexcept
{
    return false;
}

template <class T, class U>
constexpr bool operator==(const atomic_allocator<T> &,
                          const atomic_allocator<U> &) noexcept
{
    return true;
}

template <class T, class U>
constexpr bool operator!=(const atomic_allocator<T> &,
                          const atomic_allocator<U> &) noexcept
{
    return false;
}

// ---- Objects ------------------------------------------------------------------------

// A new T(arguments...) on the heap.  Once it is unreachable it is collected; if its destructor is not
// trivial (needs_destructor) that is its finalizer, and runs where finalizers do: in
// gc_finalizers_run, or on the library's thread with option finalizers=thread.
//
// The finalizer has no order (GC_UNORDERED): of all objects that have become unreachable the
// destructors run, in any order, and all that they reach is still there as memory.  So a destructor may not
// use another object of which the destructor may have run.  With an order an object that leads to itself
// would never be destroyed, and many do without showing it: those with a std::list, std::map or short
// std::string among their members.  Where it matters, see make_ordered.
//
// When the constructor throws, the memory is given back.  When there is no memory for the finalizer, the
// object is destroyed and std::bad_alloc thrown.
template <class T, class... Arguments> [[nodiscard]] T *make(Arguments &&...arguments)
{
    return detail::make<T>(0, GC_UNORDERED, std::forward<Arguments>(arguments)...);
}

// As make, but the destructor runs before those of what the object points to, which it may use; of a chain
// one object is destroyed after each collection.  An object that its own contents lead back to is never
// destroyed, which the log says: none of the members named above, and no circles.
template <class T, class... Arguments>
[[nodiscard]] T *make_ordered(Arguments &&...arguments)
{
    return detail::make<T>(0, 0, std::forward<Arguments>(arguments)...);
}

// As make, for an object without pointers into the heap: the collector never looks inside.
template <class T, class... Arguments>
[[nodiscard]] T *make_atomic(Arguments &&...arguments)
{
    return detail::make<T>(GC_ATOMIC, GC_UNORDERED,
                           std::forward<Arguments>(arguments)...);
}

// As make and make_atomic, for an array of `count` elements, each of them T().  The destructors run from
// the last to the first, as they do for those that exist when a constructor throws.
template <class T> [[nodiscard]] T *make_array(std::size_t count)
{
    return detail::make_array<T>(count, 0);
}

template <class T> [[nodiscard]] T *make_atomic_array(std::size_t count)
{
    return detail::make_array<T>(count, GC_ATOMIC);
}

// Ends the life of an object, or of an array, of the functions above, now: its destructor runs, and its
// memory is given back.  It is the destructor of what was made, whatever T is: `object` may point to a
// base class, virtual or not, or to a member.  NULL is ignored.  So is an object whose destructor has run as its
// finalizer, or is about to: in the destructor of another object, which became unreachable with it.
//
// An object without a finalizer, as needs_destructor<T> says that it has none, is just freed: T is then
// to be the type that was made.
template <class T> void destroy(T *object) noexcept
{
    const volatile void *address = object;
    void *start = gc_base(const_cast<const void *>(address));
    void *data = nullptr;
    if (!object)
        return;
    if (!start) {
        gc_free(const_cast<void *>(address)); // says what is wrong
        return;
    }
    gc_finalizer_get(start, &data);
    gc_finalizer *function = gc_finalizer_set(start, nullptr, nullptr);
    if (function == reinterpret_cast<gc_finalizer *>(UINTPTR_MAX))
        return; // in a root callback, where nothing of this may be done
    if (function)
        function(start, data);
    if (function || !needs_destructor<std::remove_cv_t<T>>::value)
        gc_free(start);
}

// ---- Roots ---------------------------------------------------------------------------

// A pointer that keeps its object reachable wherever it lies itself: in memory of malloc and `new`, or
// in a container of the standard allocator.  It is a small manual object of the heap that holds the
// pointer, so that making, moving and destroying one costs no more than an allocation.
//
// On the stack, in static data and in objects of the heap a plain pointer does as well.  A root inside of
// an object that it keeps alive, whichever way, keeps both for ever.
template <class T> class root
{
  public:
    constexpr root() noexcept = default;

    constexpr root(std::nullptr_t) noexcept
    {
    }

    explicit root(T *to)
    {
        reset(to);
    }

    root(const root &other) : root(other.get())
    {
    }

    root(root &&other) noexcept
        : object(std::exchange(other.object, nullptr)),
          cell(std::exchange(other.cell, nullptr))
    {
    }

    template <class U, class = std::enable_if_t<std::is_convertible_v<U *, T *>>>
    root(const root<U> &other) : root(static_cast<T *>(other.get()))
    {
    }

    ~root()
    {
        gc_free(cell);
    }

    root &operator=(const root &other)
    {
        reset(other.get());
        return *this;
    }

    root &operator=(root &&other) noexcept
    {
        root(std::move(other)).swap(*this);
        return *this;
    }

    // Holds `to` from now on.  If there is no memory it goes on to hold what it held.
    void reset(T *to = nullptr)
    {
        if (to && !cell)
            cell = static_cast<const volatile void **>(gc_alloc_manual(sizeof *cell));
        if (to && !cell)
            detail::fail(std::bad_alloc());
        if (cell)
            gc_store(const_cast<void **>(cell), const_cast<void **>(cell),
                     const_cast<void *>(static_cast<const volatile void *>(to)));
        object = to;
    }

    void swap(root &other) noexcept
    {
        std::swap(object, other.object);
        std::swap(cell, other.cell);
    }

    [[nodiscard]] T *get() const noexcept
    {
        return object;
    }

    std::add_lvalue_reference_t<T> operator*() const noexcept
    {
        return *object;
    }

    T *operator->() const noexcept
    {
        return object;
    }

    explicit operator bool() const noexcept
    {
        return object;
    }

  private:
    T *object = nullptr;
    const volatile void **cell = nullptr; // manual: it holds the object, too
};

template <class T> void swap(root<T> &a, root<T> &b) noexcept
{
    a.swap(b);
}

template <class T, class U> bool operator==(const root<T> &a, const root<U> &b) noexcept
{
    return a.get() == b.get();
}

template <class T, class U> bool operator!=(const root<T> &a, const root<U> &b) noexcept
{
    return a.get() != b.get();
}

// ---- Weak references ------------------------------------------------------------------

// Tells where an object is and does not keep it.  It is to lie where the collector looks for pointers, as it
// leads to an object of the heap (gc_weak); elsewhere a gcalloc::root<gcalloc::weak<T>> holds one that was
// made by gcalloc::make.
template <class T> class weak
{
  public:
    constexpr weak() noexcept = default;

    constexpr weak(std::nullptr_t) noexcept
    {
    }

    // `object` points to an object of the heap, or into one, and the reference is one to all of that.  With
    // GC_WEAK_LONG in `flags` it still leads to the object while that is finalised.
    // std::invalid_argument: there is no such object, or an unknown flag.
    explicit weak(T *object, unsigned flags = 0)
    {
        if (!object)
            return;
        const volatile void *address = object;
        char *start = static_cast<char *>(gc_base(const_cast<const void *>(address)));
        const int before = errno;
        errno = EINVAL;
        reference = start ? gc_weak_new_with(start, flags) : nullptr;
        if (start && !reference && errno == EINVAL) { // a counted one, behind its count
            start += detail::usual_alignment;
            reference = gc_weak_new_with(start, flags);
        }
        if (!reference && errno == EINVAL)
            detail::fail(std::invalid_argument("gcalloc::weak: not in a living object"));
        if (!reference)
            detail::fail(std::bad_alloc());
        errno = before;
        offset = reinterpret_cast<std::uintptr_t>(object) -
                 reinterpret_cast<std::uintptr_t>(start);
    }

    // The object, which is alive as long as the caller has what is returned here; NULL: it is gone.
    [[nodiscard]] T *get() const noexcept
    {
        char *start = static_cast<char *>(gc_weak_get(reference));
        return start ? reinterpret_cast<T *>(start + offset) : nullptr;
    }

    void reset() noexcept
    {
        reference = nullptr;
    }

    explicit operator bool() const noexcept
    {
        return get();
    }

  private:
    gc_weak *reference = nullptr;
    std::uintptr_t offset = 0; // of what the program named from the object's start
};

} // namespace gcalloc

// A root may be the key of an unordered container.
template <class T> struct std::hash<gcalloc::root<T>> {
    std::size_t operator()(const gcalloc::root<T> &key) const noexcept
    {
        return std::hash<T *>()(key.get());
    }
};

#endif
