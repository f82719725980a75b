// A C++ program on the heap: static and thread-local objects, members, exceptions.
#include <gcalloc/gcalloc.h>

#include <cstdint>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <vector>

namespace
{

int passed, failed;

void expect(bool holds, const char *what)
{
    holds ? ++passed : ++failed;
    if (!holds)
        std::printf("cplusplus: failed: %s\n", what);
}

void collect()
{
    for (int i = 0; i < 100; i++)
        gc_collect();
}

struct Node {
    Node *next;
    std::uintptr_t number;

    explicit Node(std::uintptr_t n, Node *after = nullptr) : next(after), number(n)
    {
    }

    static void *operator new(std::size_t size)
    {
        void *p = gc_alloc(size);
        if (!p)
            throw std::bad_alloc();
        return p;
    }

    static void operator delete(void *p)
    {
        gc_free(p);
    }
};

[[gnu::noinline]] Node *make_list(std::uintptr_t length)
{
    Node *first = nullptr;
    for (std::uintptr_t i = 0; i < length; i++)
        first = new Node(i, first);
    return first;
}

[[gnu::noinline]] bool is_list(const Node *first, std::uintptr_t length)
{
    for (; length-- > 0; first = first->next)
        if (!first || first->number != length)
            return false;
    return !first;
}

struct Holder {
    virtual ~Holder() = default;
    Node *list = make_list(100);
};

Holder static_holder;
thread_local Holder thread_holder;

// Constructed before main, in the order of this file; destroyed after it.
void test_static_objects()
{
    collect();
    expect(is_list(static_holder.list, 100), "a list held by a static object");
    expect(is_list(thread_holder.list, 100), "a list held by a thread-local object");
    static Holder local;
    collect();
    expect(is_list(local.list, 100), "a list held by a static object of a function");
}

// An allocator for containers whose elements are pointers.
template <class T> struct Allocator {
    using value_type = T;

    Allocator() = default;
    template <class U> explicit Allocator(const Allocator<U> &)
    {
    }

    T *allocate(std::size_t n)
    {
        return static_cast<T *>(gc_calloc(n, sizeof(T)));
    }

    void deallocate(T *p, std::size_t)
    {
        gc_free(p);
    }

    bool operator==(const Allocator &) const
    {
        return true;
    }

    bool operator!=(const Allocator &) const
    {
        return false;
    }
};

void test_container()
{
    std::vector<Node *, Allocator<Node *>> lists;
    for (std::uintptr_t i = 0; i < 1000; i++) {
        lists.push_back(make_list(i % 10));
        if (i % 100 == 0)
            gc_collect();
    }
    collect();
    bool intact = true;
    for (std::uintptr_t i = 0; i < 1000; i++)
        intact = intact && is_list(lists[i], i % 10);
    expect(intact, "lists in a vector");
}

// Collects while the stack is unwound.
struct CollectsAtEnd {
    Node *list = make_list(10);
    bool *intact;

    explicit CollectsAtEnd(bool *i) : intact(i)
    {
    }

    ~CollectsAtEnd()
    {
        gc_collect();
        *intact = *intact && is_list(list, 10);
    }
};

[[gnu::noinline]] void throw_from(int depth, bool *intact)
{
    CollectsAtEnd guard(intact);
    if (depth == 0)
        throw std::runtime_error("from below");
    throw_from(depth - 1, intact);
}

void test_exceptions()
{
    bool intact = true;
    Node *before = make_list(50);
    Node *caught = nullptr;
    try {
        throw_from(50, &intact);
    } catch (const std::runtime_error &) {
        caught = make_list(20);
        collect();
    }
    expect(intact, "lists held by objects destroyed on the way");
    expect(is_list(caught, 20), "a list made in a handler");
    expect(is_list(before, 50), "a list held across an exception");
}

void test_closures()
{
    auto sum = [list = make_list(10)] {
        collect();
        std::uintptr_t total = 0;
        for (const Node *n = list; n; n = n->next)
            total += n->number;
        return total;
    };
    expect(sum() == 45, "a list captured by a closure");
}

void test_delete()
{
    Node *node = new Node(7);
    std::uintptr_t hidden = ~reinterpret_cast<std::uintptr_t>(node);
    delete node;
    expect(!gc_base(reinterpret_cast<void *>(~hidden)), "delete ends an object's life");
}

} // namespace

int main()
{
    test_static_objects();
    test_container();
    test_exceptions();
    test_closures();
    test_delete();
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
