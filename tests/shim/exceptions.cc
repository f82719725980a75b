// With the heap as malloc: what is reachable only through an exception in flight on another
// thread lives while this one collects, and is gone after the exception.
#include <dlfcn.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace
{

enum { COLLECTIONS = 100, SIZE = 300, ROUNDS = 5 };

template <class Function> Function *find(const char *name)
{
    void *p = dlsym(RTLD_DEFAULT, name);
    if (!p)
        std::exit(2);
    return reinterpret_cast<Function *>(p);
}

auto *const allocate = find<void *(std::size_t)>("gc_alloc");
auto *const collect = find<void()>("gc_collect");
auto *const base = find<void *(const void *)>("gc_base");

std::uintptr_t hidden;
std::atomic<int> kept, told;

void await(const std::atomic<int> &number, int value)
{
    while (number != value)
        std::this_thread::yield();
}

// Calls work() far down the stack, and overwrites what it left there.
[[gnu::noinline]] void overwrite()
{
    volatile char frame[40000];
    for (volatile char &c : frame)
        c = 0;
}

template <class Work> [[gnu::noinline]] void further_down(Work work)
{
    volatile char frame[20000];
    frame[0] = 0;
    work();
    frame[1] = frame[0];
}

template <class Work> [[gnu::noinline]] void deeply(Work work)
{
    further_down(work);
    overwrite();
}

struct Carrier {
    void *object;
};

// In flight: the destructor of a frame that is left.
struct Frame {
    ~Frame()
    {
        deeply([] {});
        kept = 1;
        await(told, 1);
    }
};

[[gnu::noinline]] void throw_object()
{
    void *object = allocate(SIZE);
    std::memset(object, 0x55, SIZE);
    hidden = ~reinterpret_cast<std::uintptr_t>(object);
    throw Carrier{object};
}

void throw_it()
{
    deeply([] {
        try {
            Frame frame;
            deeply(throw_object);
        } catch (const Carrier &) {
            deeply([] {});
            kept = 2;
            await(told, 2);
        }
    });
    kept = 3;
    await(told, 3);
}

bool lives()
{
    bool holds = false;
    deeply([&holds] {
        const auto *object = reinterpret_cast<const unsigned char *>(~hidden);
        holds = base(object) == object;
        for (std::size_t i = 0; holds && i < SIZE; i++)
            holds = object[i] == 0x55;
    });
    return holds;
}

bool passes()
{
    kept = told = 0;
    std::thread thread(throw_it);
    bool sound = true;
    for (int stage = 1; stage <= 2; stage++) {
        await(kept, stage);
        for (int i = 0; i < COLLECTIONS; i++)
            collect();
        sound = sound && lives();
        told = stage;
    }
    await(kept, 3);
    collect();
    sound = sound && !lives();
    told = 3;
    thread.join();
    return sound;
}

} // namespace

int main()
{
    for (int i = 0; i < ROUNDS; i++)
        if (!passes()) {
            std::printf("round %d failed\n", i);
            return 1;
        }
    return 0;
}
