/* Programs of C++'s: what its library has of a program's objects, and pointers into the middle of them. */
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include "programs.h"
}

namespace {

template <class T> NOINLINE void lose(T *object)
{
    kept[0] = object;
    kept[0] = nullptr;
}

void lost_int()
{
    lose(new int(3));
}

struct with_destructor {
    ~with_destructor()
    {
        value = 0;
    }
    volatile long value = 1;
};

/* In front of the first there is how many they are. */
void kept_array()
{
    kept[0] = new with_destructor[10];
}

void lost_array()
{
    lose(new with_destructor[10]);
}

enum { LONG_STRING = 100 };

void lost_string()
{
    lose(new std::string(LONG_STRING, 'x'));
}

void kept_vector()
{
    kept[0] = new std::vector<long>(50);
}

void clean_containers()
{
    std::map<int, std::string> map;
    std::list<std::vector<int>> list;
    for (int i = 0; i < 50; i++) {
        map[i * 7919 % 50] = std::string(static_cast<size_t>(i), 'y');
        list.emplace_back(static_cast<size_t>(i), i);
    }
    if (map.size() != list.size())
        abort();
}

/* Each node leads to the head, which is in the map, and the map to all of them. */
void lost_map()
{
    auto *map = new std::map<int, int>;
    for (int i = 0; i < 20; i++)
        (*map)[i] = i;
    lose(map);
}

struct linked {
    std::shared_ptr<linked> other;
};

void cycle_of_shared()
{
    auto a = std::make_shared<linked>(), b = std::make_shared<linked>();
    a->other = b;
    b->other = a;
}

void released()
{
    lose(std::unique_ptr<double>(new double(1)).release());
}

struct first_base {
    virtual ~first_base() = default;
    long first = 1;
};

struct second_base {
    virtual ~second_base() = default;
    long second = 2;
};

struct derived : first_base, second_base {};

void kept_by_second_base()
{
    kept[0] = static_cast<second_base *>(new derived);
}

void caught()
{
    for (int i = 0; i < 3; i++)
        try {
            throw std::runtime_error(std::string(LONG_STRING, 'z'));
        } catch (const std::exception &e) {
            if (!e.what()[0])
                abort();
        }
}

void in_thread_local()
{
    std::thread([] {
        thread_local std::vector<int> numbers;
        numbers.resize(100);
    }).join();
}

struct captured {
    char bytes[64];
};

void lost_function()
{
    captured c = {};
    lose(new std::function<char()>([c] { return c.bytes[0]; }));
}

} // namespace

/* A node of a map has its colour, three pointers, and what is in it. */
enum { MAP_NODE = 4 * sizeof(void *) + 2 * sizeof(int) };

#define PROGRAM(name, ...) {#name, name, __VA_ARGS__}
#define NONE {0, 0}

extern "C" const struct program cxx_programs[] = {
    PROGRAM(lost_int, {1, sizeof(int)}),
    PROGRAM(kept_array, NONE, NONE, {1, sizeof(size_t) + 10 * sizeof(with_destructor)}),
    PROGRAM(lost_array, {1, sizeof(size_t) + 10 * sizeof(with_destructor)}),
    PROGRAM(lost_string, {1, sizeof(std::string)}, {1, LONG_STRING + 1}),
    PROGRAM(kept_vector, NONE, NONE, NONE,
            {2, sizeof(std::vector<long>) + 50 * sizeof(long)}),
    PROGRAM(clean_containers, NONE),
    PROGRAM(lost_map, {1, sizeof(std::map<int, int>)}, {20, 20 * MAP_NODE}),
    PROGRAM(cycle_of_shared, {1, 32}, {1, 32}),
    PROGRAM(released, {1, sizeof(double)}),
    PROGRAM(kept_by_second_base, NONE, NONE, {1, sizeof(derived)}),
    PROGRAM(caught, NONE),
    PROGRAM(in_thread_local, NONE),
    PROGRAM(lost_function, {1, sizeof(std::function<char()>)}, {1, sizeof(captured)}),
    {nullptr, nullptr},
};
