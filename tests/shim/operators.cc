// C++'s operators with the heap as malloc: each form of new with each form of delete that may follow, of types
// of usual and of larger alignment, and what happens when there is no memory.
#include <malloc.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace
{

int passed, failed;

void expect(bool condition, const char *what)
{
    if (condition)
        passed++;
    else {
        failed++;
        std::printf("failed: %s\n", what);
    }
}

struct alignas(256) Aligned {
    char bytes[300];
};

constexpr std::size_t SIZE = 777;
constexpr std::align_val_t ALIGNMENT{512};

// Whether the object is one of the heap's, with room, aligned.
bool serves(void *p, std::size_t size, std::size_t alignment)
{
    if (!p || reinterpret_cast<std::uintptr_t>(p) % alignment ||
        malloc_usable_size(p) < size)
        return false;
    std::memset(p, 0x55, size);
    return true;
}

template <class New, class Delete>
void pair(const char *what, std::size_t alignment, New make, Delete end)
{
    const std::size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 100; i++) {
        void *p = make();
        expect(serves(p, SIZE, alignment), what);
        end(p);
    }
    expect(mallinfo2().uordblks <= before + 10 * SIZE, what);
}

void forms()
{
    pair(
        "new", 16, [] { return ::operator new(SIZE); },
        [](void *p) { ::operator delete(p); });
    pair(
        "sized delete", 16, [] { return ::operator new(SIZE); },
        [](void *p) { ::operator delete(p, SIZE); });
    pair(
        "new[]", 16, [] { return ::operator new[](SIZE); },
        [](void *p) { ::operator delete[](p); });
    pair(
        "sized delete[]", 16, [] { return ::operator new[](SIZE); },
        [](void *p) { ::operator delete[](p, SIZE); });
    pair(
        "nothrow", 16, [] { return ::operator new(SIZE, std::nothrow); },
        [](void *p) { ::operator delete(p, std::nothrow); });
    pair(
        "nothrow[]", 16, [] { return ::operator new[](SIZE, std::nothrow); },
        [](void *p) { ::operator delete[](p, std::nothrow); });
    pair(
        "aligned", 512, [] { return ::operator new(SIZE, ALIGNMENT); },
        [](void *p) { ::operator delete(p, ALIGNMENT); });
    pair(
        "aligned, sized", 512, [] { return ::operator new(SIZE, ALIGNMENT); },
        [](void *p) { ::operator delete(p, SIZE, ALIGNMENT); });
    pair(
        "aligned[]", 512, [] { return ::operator new[](SIZE, ALIGNMENT); },
        [](void *p) { ::operator delete[](p, ALIGNMENT); });
    pair(
        "aligned[], sized", 512, [] { return ::operator new[](SIZE, ALIGNMENT); },
        [](void *p) { ::operator delete[](p, SIZE, ALIGNMENT); });
    pair(
        "aligned, nothrow", 512,
        [] { return ::operator new(SIZE, ALIGNMENT, std::nothrow); },
        [](void *p) { ::operator delete(p, ALIGNMENT, std::nothrow); });
    pair(
        "aligned[], nothrow", 512,
        [] { return ::operator new[](SIZE, ALIGNMENT, std::nothrow); },
        [](void *p) { ::operator delete[](p, ALIGNMENT, std::nothrow); });
}

int handled;

void handler()
{
    if (++handled == 3)
        std::set_new_handler(nullptr);
}

void no_memory()
{
    const volatile std::size_t huge = SIZE_MAX / 2;
    bool thrown = false;
    try {
        ::operator delete(::operator new(huge));
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    expect(thrown, "bad_alloc");
    expect(!::operator new(huge, std::nothrow), "nothrow without memory");
    expect(!::operator new(huge, ALIGNMENT, std::nothrow),
           "aligned nothrow without memory");
    std::set_new_handler(handler);
    expect(!::operator new(huge, std::nothrow) && handled == 3, "the handler");
}

void types()
{
    std::vector<std::string> texts;
    for (int i = 0; i < 1000; i++)
        texts.push_back(std::string(static_cast<std::size_t>(i), 'x'));
    expect(texts[999].size() == 999 && texts[999][998] == 'x', "containers");
    auto one = std::make_unique<Aligned>();
    std::unique_ptr<Aligned[]> some(new Aligned[3]);
    expect(serves(one.get(), sizeof(Aligned), 256), "an aligned type");
    expect(serves(some.get(), 3 * sizeof(Aligned), 256), "an array of it");
}

} // namespace

int main()
{
    forms();
    no_memory();
    types();
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
