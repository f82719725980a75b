// Making objects: what is left when a constructor throws or memory is lacking; arrays, alignment, objects
// that are not scanned; and threads that make and end objects all at once.
#include "cplusplus.hh"

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace
{

std::uintptr_t hidden[COUNT];
int constructed, destroyed;

void assert_living(std::size_t count)
{
    collect(1);
    ck_assert_uint_eq(count_living(hidden, COUNT), count);
}

// ---- Errors -------------------------------------------------------------------------------

std::uintptr_t last;
int throw_at; // the number of the constructor

struct Throws {
    int number;
    std::string name = "a member that has a destructor of its own";

    Throws() : number(constructed)
    {
        last = hide(this);
        if (constructed == throw_at)
            throw constructed;
        constructed++;
    }

    ~Throws()
    {
        ck_assert_int_eq(number, constructed - destroyed - 1); // in reverse
        destroyed++;
    }
};

START_TEST(constructors_throw)
{
    int caught = 0;
    set_mode(_i);
    for (throw_at = 0; throw_at < 20; throw_at++) {
        constructed = destroyed = 0;
        std::uintptr_t first = 0;
        try {
            static_cast<void>(gcalloc::make_array<Throws>(20));
        } catch (int number) {
            ck_assert_int_eq(number, throw_at);
            first = hide(static_cast<Throws *>(reveal(last)) - number);
            caught++;
        }
        ck_assert_int_eq(constructed, throw_at);
        ck_assert_int_eq(destroyed, throw_at);
        ck_assert(!is_living(first));
    }
    ck_assert_int_eq(caught, 20);
    constructed = throw_at = 0;
    for (bool atomic : {false, true})
        try {
            static_cast<void>(atomic ? gcalloc::make_atomic<Throws>()
                                     : gcalloc::make<Throws>());
            ck_abort_msg("nothing was thrown");
        } catch (int) {
            ck_assert(!is_living(last));
        }
    collect(1);
    ck_assert_uint_eq(run_finalizers(), 0);
}
END_TEST

START_TEST(no_memory_for_the_finalizer)
{
    throw_at = -1;
    no_finalizers = true;
    for (std::size_t count : {std::size_t{1}, std::size_t{7}}) {
        constructed = destroyed = 0;
        try {
            static_cast<void>(count == 1 ? gcalloc::make<Throws>()
                                         : gcalloc::make_array<Throws>(count));
            ck_abort_msg("nothing was thrown");
        } catch (const std::bad_alloc &) {
        }
        ck_assert_uint_eq(static_cast<std::size_t>(constructed), count);
        ck_assert_uint_eq(static_cast<std::size_t>(destroyed), count);
        ck_assert(!is_living(last));
    }
}
END_TEST

START_TEST(heap_is_full)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "8M"), 0);
    struct Big {
        Big *next;
        int *count;
        char rest[1000];
        Big(Big *n, int *c) : next(n), count(c)
        {
            ++*count;
        }
        ~Big()
        {
            --*count;
        }
    };
    Big *list = nullptr;
    int alive = 0, reached = 0;
    bool caught = false;
    while (!caught && alive < 1000000)
        try {
            list = gcalloc::make<Big>(list, &alive);
        } catch (const std::bad_alloc &) {
            caught = true;
        }
    ck_assert(caught);
    for (Big *b = list; b; b = b->next)
        reached++;
    ck_assert_int_eq(reached, alive);
    try {
        static_cast<void>(gcalloc::make_array<Big *>(SIZE_MAX / 4));
        ck_abort_msg("nothing was thrown");
    } catch (const std::bad_array_new_length &) {
    }
}
END_TEST

// ---- Arrays, alignment, kinds -------------------------------------------------------------

struct alignas(512) Wide {
    int *count = &destroyed;
    Wide *self = this;

    ~Wide()
    {
        ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(this) % alignof(Wide), 0);
        ck_assert_ptr_eq(self, this);
        ++*count;
    }
};

START_TEST(aligned_objects)
{
    static Wide *wide[COUNT];
    set_mode(_i);
    below([] {
        for (std::size_t i = 0; i < COUNT; i++) {
            wide[i] = i % 3 == 0   ? gcalloc::make<Wide>()
                      : i % 3 == 1 ? gcalloc::make_array<Wide>(i)
                                   : gcalloc::make_atomic<Wide>();
            hidden[i] = hide(wide[i]);
            ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(wide[i]) % 512, 0);
        }
    });
    assert_living(COUNT);
    drop(wide);
    collect(1);
    ck_assert_uint_eq(run_finalizers(), COUNT);
    assert_living(0);
    int expected = 0;
    for (int i = 0; i < COUNT; i++)
        expected += i % 3 == 1 ? i : 1;
    ck_assert_int_eq(destroyed, expected);
}
END_TEST

START_TEST(arrays)
{
    set_mode(_i);
    int **pointers = gcalloc::make_array<int *>(1000);
    std::uint64_t *numbers = gcalloc::make_atomic_array<std::uint64_t>(1000);
    for (std::uint64_t i = 0; i < 1000; i++) {
        ck_assert_ptr_null(pointers[i]);
        ck_assert_uint_eq(numbers[i], 0); // T() is zero
        pointers[i] = gcalloc::make_atomic<int>(static_cast<int>(i));
        numbers[i] = reinterpret_cast<std::uintptr_t>(pointers[i]);
    }
    collect(1);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(*pointers[i], i);
    std::string *none = gcalloc::make_array<std::string>(0);
    ck_assert_ptr_nonnull(none);
    gcalloc::destroy(pointers);
    gcalloc::destroy(numbers);
}
END_TEST

std::size_t kept_by_words(std::uintptr_t *(*make_array)(std::size_t))
{
    static std::uintptr_t *words;
    below([=] {
        words = make_array(COUNT);
        for (std::size_t i = 0; i < COUNT; i++) {
            int *number = gcalloc::make<int>(1);
            hidden[i] = hide(number);
            words[i] = reinterpret_cast<std::uintptr_t>(number);
        }
    });
    collect(1);
    std::size_t living = count_living(hidden, COUNT);
    drop(words);
    return living;
}

START_TEST(atomic_objects_keep_nothing)
{
    gc_disable();
    ck_assert_uint_eq(kept_by_words(gcalloc::make_array<std::uintptr_t>), COUNT);
    ck_assert_uint_eq(kept_by_words(gcalloc::make_atomic_array<std::uintptr_t>), 0);
    gc_enable();
}
END_TEST

} // namespace

// Its destructor would only give back memory of the heap.
using Numbers = std::vector<int, gcalloc::allocator<int>>;
template <> struct gcalloc::needs_destructor<Numbers> : std::false_type {
};

namespace
{

START_TEST(no_destructor_where_none_is_needed)
{
    static Numbers *numbers;
    set_mode(_i);
    below([] {
        numbers = gcalloc::make<Numbers>();
        hidden[1] = hide(numbers);
        numbers->resize(1000, 7);
        hidden[0] = hide(numbers->data());
    });
    collect(1);
    ck_assert_uint_eq(count_living(hidden, 2), 2);
    ck_assert_int_eq((*numbers)[999], 7);
    drop(numbers);
    collect(1);
    ck_assert_uint_eq(count_living(hidden, 2), 0);
    ck_assert_uint_eq(gc_finalizers_ready(), 0);
}
END_TEST

// ---- Threads ------------------------------------------------------------------------------

std::atomic<int> made, ended;

struct Item {
    std::map<int, Item *, std::less<int>,
             gcalloc::allocator<std::pair<const int, Item *>>>
        others;
    int check = 12345;

    Item()
    {
        made++;
    }

    ~Item()
    {
        ck_assert_int_eq(check, 12345);
        check = 0;
        ended++;
    }
};

void churn(unsigned seed)
{
    std::vector<gcalloc::root<Item>> kept(50);
    for (unsigned i = 0; i < 5000; i++) {
        seed = seed * 1103515245 + 12345;
        gcalloc::root<Item> &slot = kept[seed / 65536 % kept.size()];
        Item *item = gcalloc::make<Item>();
        if (slot)
            item->others[static_cast<int>(i)] = slot.get();
        slot.reset(i % 7 == 6 ? nullptr : item);
        if (i % 64 == 0)
            gc_finalizers_run();
        if (i % 11 == 0)
            gcalloc::destroy(gcalloc::make<Item>());
        for (const gcalloc::root<Item> &root : kept)
            ck_assert(!root || root->check == 12345);
    }
}

START_TEST(storm)
{
    ck_assert_int_eq(gc_option_set("verify", _i ? "1" : "0"), 0);
    ck_assert_int_eq(gc_option_set("stress", _i ? "16" : "4"), 0);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; t++)
        threads.emplace_back(churn, t);
    for (std::thread &thread : threads)
        thread.join();
    collect(1);
    run_finalizers();
    ck_assert_int_eq(ended, made);
    collect(1);
    ck_assert_uint_eq(run_finalizers(), 0);
}
END_TEST

} // namespace

TCase *making_case()
{
    TCase *tc = tcase_create("making");
    tcase_add_loop_test(tc, constructors_throw, 0, MODES);
    tcase_add_test(tc, no_memory_for_the_finalizer);
    tcase_add_test(tc, heap_is_full);
    tcase_add_loop_test(tc, aligned_objects, 0, MODES);
    tcase_add_loop_test(tc, arrays, 0, MODES);
    tcase_add_test(tc, atomic_objects_keep_nothing);
    tcase_add_loop_test(tc, no_destructor_where_none_is_needed, 0, MODES);
    tcase_add_loop_test(tc, storm, 0, 2);
    return tc;
}
