// Each way to allocate with each way to free, and what a program may do about them that is right.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#define NOINLINE __attribute__((noinline, noclone))

namespace
{

struct alignas(128) Wide {
    char bytes[300];
};

void *volatile object;

} // namespace

extern "C" {

NOINLINE void by_malloc()
{
    object = std::malloc(40);
}
NOINLINE void by_calloc()
{
    object = std::calloc(4, 10);
}
NOINLINE void by_new()
{
    object = ::operator new(40);
}
NOINLINE void by_array()
{
    object = ::operator new[](40);
}
NOINLINE void by_nothrow()
{
    object = ::operator new(40, std::nothrow);
}
NOINLINE void by_aligned()
{
    object = ::operator new[](40, std::align_val_t(64));
}

NOINLINE void to_free()
{
    std::free(object);
    object = nullptr;
}
NOINLINE void to_realloc()
{
    object = std::realloc(object, 5000);
    std::free(object);
    object = nullptr;
}
NOINLINE void to_delete()
{
    ::operator delete(object);
    object = nullptr;
}
NOINLINE void to_sized()
{
    ::operator delete(object, std::size_t(40));
    object = nullptr;
}
NOINLINE void to_array()
{
    ::operator delete[](object);
    object = nullptr;
}
NOINLINE void to_aligned()
{
    ::operator delete[](object, std::align_val_t(64));
    object = nullptr;
}
}

namespace
{

void right()
{
    std::vector<std::string> words;
    for (int i = 0; i < 500; i++)
        words.push_back(std::string(i, 'x'));
    delete new Wide;
    delete[] new Wide[3];
    delete new (std::nothrow) int;
    auto shared = std::make_shared<std::string>("a string that is not short");
    delete[] new std::string[7];
    try {
        std::size_t volatile too_much = std::size_t(1) << 62;
        object = ::operator new[](too_much);
        std::puts("more memory than there is");
    } catch (const std::bad_alloc &) {
        void *p = std::malloc(40); // it is malloc's, whatever came before
        std::free(p);
    }
}

const struct {
    const char *name;
    void (*call)();
} steps[] = {{"malloc", by_malloc}, {"calloc", by_calloc},   {"new", by_new},
             {"new[]", by_array},   {"nothrow", by_nothrow}, {"aligned[]", by_aligned},
             {"free", to_free},     {"realloc", to_realloc}, {"delete", to_delete},
             {"sized", to_sized},   {"delete[]", to_array},  {"aligned", to_aligned},
             {"right", right}};

} // namespace

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        for (const auto &step : steps)
            if (std::strcmp(step.name, argv[i]) == 0)
                step.call();
    std::puts("done");
    return 7;
}
