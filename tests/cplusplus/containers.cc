// The standard containers with both allocators: what they hold lives, and goes with them.
#include "cplusplus.hh"

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace
{

struct Node {
    std::uintptr_t number;
    std::uintptr_t more[3];
};

template <class T> using scanned = gcalloc::allocator<T>;
using String = std::basic_string<char, std::char_traits<char>, scanned<char>>;
using AtomicString =
    std::basic_string<char, std::char_traits<char>, gcalloc::atomic_allocator<char>>;

struct HashOfString {
    std::size_t operator()(const String &s) const
    {
        return std::hash<std::string_view>()(std::string_view(s.data(), s.size()));
    }
};

// Longer than what fits into the string object for every other number.
String name_of(std::uintptr_t number)
{
    return String(number % 2 ? 40 : 3, static_cast<char>('a' + number % 26)) +
           String(std::to_string(number).c_str());
}

using Vector = std::vector<Node *, scanned<Node *>>;
using Deque = std::deque<Node *, scanned<Node *>>;
using List = std::list<Node *, scanned<Node *>>;
using Set = std::set<Node *, std::less<Node *>, scanned<Node *>>;
using Map =
    std::map<String, Node *, std::less<String>, scanned<std::pair<const String, Node *>>>;
using Unordered = std::unordered_map<String, Node *, HashOfString, std::equal_to<String>,
                                     scanned<std::pair<const String, Node *>>>;
using Nested = std::vector<Vector, scanned<Vector>>;

template <class Sequence> void insert(Sequence &s, Node *n)
{
    s.push_back(n);
}

void insert(Set &s, Node *n)
{
    s.insert(n);
}

void insert(Map &m, Node *n)
{
    m.emplace(name_of(n->number), n);
}

void insert(Unordered &m, Node *n)
{
    m.emplace(name_of(n->number), n);
}

void insert(Nested &v, Node *n)
{
    if (v.empty() || v.back().size() == 7)
        v.emplace_back();
    v.back().push_back(n);
}

std::uintptr_t sum(Node *n)
{
    return n->number + n->more[0];
}

template <class Key> std::uintptr_t sum(const std::pair<const Key, Node *> &entry)
{
    ck_assert(entry.first == name_of(entry.second->number));
    return sum(entry.second);
}

std::uintptr_t sum(const Vector &v)
{
    std::uintptr_t total = 0;
    for (Node *n : v)
        total += sum(n);
    return total;
}

template <class Container> std::uintptr_t sum_of(const Container &c)
{
    std::uintptr_t total = 0;
    for (auto &item : c)
        total += sum(item);
    return total;
}

std::uintptr_t hidden[COUNT];

// The container that find() finds, as its address is to be nowhere else.
template <class Find> void fill(Find find)
{
    below([=] {
        auto &c = find();
        for (std::uintptr_t i = 0; i < COUNT; i++) {
            Node *n = gcalloc::make<Node>(Node{i, {2 * i, 0, 0}});
            hidden[i] = hide(n);
            insert(c, n);
        }
    });
}

void assert_living(std::size_t count)
{
    ck_assert_uint_eq(count_living(hidden, COUNT), count);
}

// In static data, then in an object of the heap that has been forgotten.
template <class Container> void check_static()
{
    static place_for<Container> place;
    place.make();
    fill([]() -> Container & { return *place; });
    collect(3);
    assert_living(COUNT);
    below([&] { ck_assert_uint_eq(sum_of(*place), 3 * COUNT * (COUNT - 1) / 2); });
    place.end();
    collect(1);
    assert_living(0);
}

template <class Container> void check_forgotten()
{
    static Container *container;
    below([&] { container = ::new (gc_alloc(sizeof(Container))) Container(); });
    fill([]() -> Container & { return *container; });
    collect(3);
    assert_living(COUNT);
    below([&] { ck_assert_uint_eq(sum_of(*container), 3 * COUNT * (COUNT - 1) / 2); });
    drop(container);
    collect(1);
    assert_living(0);
}

template <class Container> void check()
{
    check_static<Container>();
    check_forgotten<Container>();
}

struct {
    void (*check)();
} const kinds[] = {{check<Vector>}, {check<Deque>},     {check<List>},  {check<Set>},
                   {check<Map>},    {check<Unordered>}, {check<Nested>}};

constexpr int KINDS = sizeof kinds / sizeof kinds[0];

START_TEST(containers_keep_what_they_hold)
{
    set_mode(_i / KINDS);
    kinds[_i % KINDS].check();
}
END_TEST

// Copied, moved and swapped they have what they had; what is removed goes.
START_TEST(containers_change)
{
    static place_for<List> first, second, third;
    set_mode(_i);
    first.make();
    fill([]() -> List & { return *first; });
    second.make(*first);
    first.end();
    collect(1);
    assert_living(COUNT);
    third.make(std::move(*second));
    second.end();
    second.make();
    below([] { std::swap(*second, *third); });
    collect(1);
    assert_living(COUNT);
    below([] { second->remove_if([](Node *n) { return n->number % 3 != 0; }); });
    collect(1);
    assert_living(COUNT / 3);
    second.end();
    third.end();
    collect(1);
    assert_living(0);
}
END_TEST

START_TEST(atomic_strings)
{
    static std::vector<AtomicString, scanned<AtomicString>> strings;
    set_mode(_i);
    for (std::size_t i = 0; i < COUNT; i++)
        strings.push_back(AtomicString(i * 5, static_cast<char>('a' + i % 26)));
    collect(1);
    for (std::size_t i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(strings[i].size(), i * 5);
        ck_assert_uint_eq(strings[i].find_first_not_of(static_cast<char>('a' + i % 26)),
                          AtomicString::npos);
    }
}
END_TEST

// Words that look like pointers keep what they point to in one of them, and not in the other.
template <class Numbers> void check_numbers(std::size_t living)
{
    static Numbers *numbers;
    below([] {
        numbers = ::new (gc_alloc(sizeof(Numbers))) Numbers();
        for (std::uintptr_t &h : hidden) {
            Node *n = gcalloc::make<Node>();
            h = hide(n);
            numbers->push_back(reinterpret_cast<std::uintptr_t>(n));
        }
    });
    collect(1);
    assert_living(living);
    drop(numbers);
    collect(1);
    assert_living(0);
}

START_TEST(only_one_is_scanned)
{
    using Number = std::uintptr_t;
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    check_numbers<std::vector<Number, gcalloc::allocator<Number>>>(COUNT);
    // Under stress they would go while it grows.
    gc_disable();
    check_numbers<std::vector<Number, gcalloc::atomic_allocator<Number>>>(0);
    gc_enable();
}
END_TEST

// ---- Alignment ----------------------------------------------------------------------------

struct alignas(256) Wide {
    Node *node;
    char rest[300];
};

START_TEST(alignment)
{
    set_mode(_i);
    std::vector<Wide, gcalloc::allocator<Wide>> scanned_ones;
    std::vector<Wide, gcalloc::atomic_allocator<Wide>> atomic_ones;
    std::map<int, Wide, std::less<int>, gcalloc::allocator<std::pair<const int, Wide>>>
        map;
    for (int i = 0; i < 100; i++) {
        scanned_ones.push_back({});
        atomic_ones.push_back({});
        map[i] = {};
        ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(&scanned_ones[0]) % 256, 0);
        ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(&atomic_ones[0]) % 256, 0);
        ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(&map[i]) % 256, 0);
    }
}
END_TEST

// ---- Errors and properties ----------------------------------------------------------------

template <class Allocator> void check_errors()
{
    using Traits = std::allocator_traits<Allocator>;
    static_assert(Traits::is_always_equal::value);
    static_assert(Traits::propagate_on_container_copy_assignment::value);
    static_assert(Traits::propagate_on_container_move_assignment::value);
    static_assert(Traits::propagate_on_container_swap::value);
    typename Traits::template rebind_alloc<Node> rebound;
    Allocator a(rebound);
    ck_assert(a == rebound && !(a != rebound));
    int caught = 0;
    try {
        std::size_t most = SIZE_MAX / sizeof(typename Traits::value_type);
        a.deallocate(a.allocate(most + 1), most + 1);
    } catch (const std::bad_array_new_length &) {
        caught++;
    }
    try {
        std::size_t many = PTRDIFF_MAX / sizeof(typename Traits::value_type);
        a.deallocate(a.allocate(many), many);
    } catch (const std::bad_array_new_length &) {
        caught = -1;
    } catch (const std::bad_alloc &) {
        caught++;
    }
    ck_assert_int_eq(caught, 2);
    a.deallocate(a.allocate(0), 0);
}

START_TEST(errors)
{
    check_errors<gcalloc::allocator<std::uint64_t>>();
    check_errors<gcalloc::allocator<Wide>>();
    check_errors<gcalloc::atomic_allocator<std::uint64_t>>();
    check_errors<gcalloc::atomic_allocator<Wide>>();
}
END_TEST

// A container that finds no memory is as it was.
START_TEST(heap_is_full)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "8M"), 0);
    Vector v;
    bool caught = false;
    for (std::uintptr_t i = 0; i < 10000000 && !caught; i++)
        try {
            v.push_back(gcalloc::make<Node>(Node{i, {2 * i, 0, 0}}));
        } catch (const std::bad_alloc &) {
            caught = true;
        }
    ck_assert(caught);
    ck_assert_uint_gt(v.size(), 1000);
    ck_assert_uint_eq(sum(v), 3 * v.size() * (v.size() - 1) / 2);
}
END_TEST

} // namespace

TCase *containers_case()
{
    TCase *tc = tcase_create("containers");
    tcase_add_loop_test(tc, containers_keep_what_they_hold, 0, MODES * KINDS);
    tcase_add_loop_test(tc, containers_change, 0, MODES);
    tcase_add_loop_test(tc, atomic_strings, 0, MODES);
    tcase_add_test(tc, only_one_is_scanned);
    tcase_add_loop_test(tc, alignment, 0, MODES);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, heap_is_full);
    return tc;
}
