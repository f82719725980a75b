// Roots and weak references: what keeps an object from where the collector does not look, and what
// does not keep it at all.
#include "cplusplus.hh"

#include <gcalloc/counted.h>
#include <memory>
#include <unordered_set>
#include <vector>

namespace
{

struct First {
    virtual ~First() = default;
    long first = 1;
};

struct Second {
    virtual ~Second() = default;
    long second = 2;
};

int destroyed;

struct Both : First, Second {
    ~Both() override
    {
        destroyed++;
    }
};

std::uintptr_t hidden[COUNT];

void assert_living(std::size_t count)
{
    collect(1);
    ck_assert_uint_eq(count_living(hidden, COUNT), count);
}

// ---- Roots --------------------------------------------------------------------------------

using Root = gcalloc::root<Second>;

// In memory of `new`, which is not looked at.
std::vector<Root> *roots;

void make_roots()
{
    below([] {
        roots = new std::vector<Root>;
        for (std::uintptr_t &h : hidden) {
            Both *both = gcalloc::make<Both>();
            h = hide(both);
            roots->push_back(Root(both));
        }
    });
}

START_TEST(roots_keep_from_anywhere)
{
    set_mode(_i);
    make_roots();
    assert_living(COUNT);
    below([] {
        for (const Root &root : *roots)
            ck_assert_int_eq(root->second + (*root).second, 4);
    });
    below([] {
        for (std::size_t i = 0; i < COUNT; i += 3)
            (*roots)[i].reset();
    });
    collect(1);
    ck_assert_uint_eq(run_finalizers(), COUNT / 3);
    assert_living(COUNT - COUNT / 3);
    below([] { delete roots; });
    collect(1);
    ck_assert_uint_eq(run_finalizers(), COUNT - COUNT / 3);
    assert_living(0);
    ck_assert_int_eq(destroyed, COUNT);
}
END_TEST

START_TEST(roots_are_copied_and_moved)
{
    set_mode(_i);
    make_roots();
    below([] {
        std::vector<Root> copies(*roots), moved(std::move(*roots));
        roots->swap(copies);
        ck_assert(*roots == moved);
        for (Root &root : *roots) {
            Root &alias = root;
            root = alias;
            Root other(std::move(root));
            ck_assert(!root && other && root != other);
            root = std::move(other);
            other = root;
            ck_assert(root == other && root.get() == other.get());
            swap(root, other);
        }
    });
    assert_living(COUNT);
    below([] {
        for (Root &root : *roots)
            root = nullptr;
    });
    collect(1);
    ck_assert_uint_eq(run_finalizers(), COUNT);
    assert_living(0);
    delete roots;
}
END_TEST

// Under the option a young collection looks at old objects only where it was told of a store.
START_TEST(roots_tell_of_their_stores)
{
    ck_assert_int_eq(gc_option_set("tracking", "barrier"), 0);
    ck_assert_int_eq(gc_option_set("generations", "always"), 0);
    ck_assert_int_eq(gc_option_set("young", "1M"), 0);
    make_roots();
    below([] {
        for (int i = 0; i < 3; i++)
            gc_collect_young();
        gc_collect();
        for (std::size_t i = 0; i < COUNT; i++) {
            Both *both = gcalloc::make<Both>();
            hidden[i] = hide(both);
            (*roots)[i].reset(both);
        }
    });
    below([] { gc_collect_young(); });
    ck_assert_uint_eq(count_living(hidden, COUNT), COUNT);
}
END_TEST

START_TEST(roots_as_keys)
{
    std::unordered_set<gcalloc::root<int>> set;
    int *number = gcalloc::make_atomic<int>(3);
    set.insert(gcalloc::root<int>(number));
    set.insert(gcalloc::root<int>(number));
    ck_assert_uint_eq(set.size(), 1);
    ck_assert_uint_eq(set.count(gcalloc::root<int>(number)), 1);
    const gcalloc::root<const int> constant = *set.begin();
    ck_assert_int_eq(*constant, 3);
}
END_TEST

START_TEST(no_memory_for_a_root)
{
    int *one = gcalloc::make_atomic<int>(1), *two = gcalloc::make_atomic<int>(2);
    gcalloc::root<int> root(one), empty;
    int caught = 0;
    no_manual_objects = true;
    root.reset(two); // needs none
    try {
        empty.reset(one);
    } catch (const std::bad_alloc &) {
        caught++;
    }
    try {
        gcalloc::root<int> copy(root);
    } catch (const std::bad_alloc &) {
        caught++;
    }
    no_manual_objects = false;
    ck_assert_int_eq(caught, 2);
    ck_assert(!empty);
    ck_assert_ptr_eq(root.get(), two);
}
END_TEST

// ---- Weak references ----------------------------------------------------------------------

Both *kept[COUNT];
gcalloc::weak<Second> references[COUNT];

void make_references(unsigned flags)
{
    below([=] {
        for (std::size_t i = 0; i < COUNT; i++) {
            Both *both = gcalloc::make<Both>();
            kept[i] = i % 3 ? both : nullptr;
            hidden[i] = hide(both);
            references[i] = gcalloc::weak<Second>(both, flags);
        }
    });
}

void assert_references_lead()
{
    below([] {
        for (std::size_t i = 0; i < COUNT; i++) {
            ck_assert_ptr_eq(references[i].get(), static_cast<Second *>(kept[i]));
            ck_assert_int_eq(static_cast<bool>(references[i]), kept[i] != nullptr);
            if (kept[i])
                ck_assert_int_eq(references[i].get()->second, 2);
        }
    });
}

START_TEST(weak_references_do_not_keep)
{
    set_mode(_i);
    make_references(0);
    collect(1);
    assert_references_lead();
    ck_assert_uint_eq(run_finalizers(), COUNT / 3);
    assert_living(COUNT - COUNT / 3);
    drop(kept);
    collect(1);
    assert_references_lead();
    run_finalizers();
    assert_living(0);
}
END_TEST

START_TEST(long_ones_outlive_the_destructor)
{
    set_mode(_i);
    make_references(GC_WEAK_LONG);
    collect(1);
    below([] {
        for (auto &reference : references)
            ck_assert_ptr_nonnull(reference.get());
    });
    run_finalizers();
    collect(1);
    assert_references_lead();
}
END_TEST

START_TEST(destroyed_ones_are_forgotten)
{
    Both *both = gcalloc::make<Both>();
    gcalloc::weak<Both> reference(both), copy = reference;
    ck_assert_ptr_eq(copy.get(), both);
    gcalloc::destroy(both);
    ck_assert_ptr_null(copy.get());
    ck_assert_ptr_null(reference.get());
}
END_TEST

// Made by the functions for C: the object begins behind its count.
START_TEST(weak_references_to_counted_objects)
{
    Both *both = ::new (gc_counted_new(sizeof(Both), nullptr)) Both;
    gcalloc::weak<Second> reference(both);
    ck_assert_ptr_eq(reference.get(), static_cast<Second *>(both));
    gc_release(both);
    ck_assert_ptr_null(reference.get());
}
END_TEST

START_TEST(weak_errors)
{
    int number = 0, caught = 0;
    int *object = gcalloc::make_atomic<int>(1);
    ck_assert_ptr_null(gcalloc::weak<int>(nullptr).get());
    ck_assert_ptr_null(gcalloc::weak<int>().get());
    try {
        gcalloc::weak<int> reference(&number);
    } catch (const std::invalid_argument &) {
        caught++;
    }
    try {
        gcalloc::weak<int> reference(object, ~0u);
    } catch (const std::invalid_argument &) {
        caught++;
    }
    no_weak_references = true;
    try {
        gcalloc::weak<int> reference(object);
    } catch (const std::bad_alloc &) {
        caught++;
    }
    ck_assert_int_eq(caught, 3);
}
END_TEST

} // namespace

TCase *references_case()
{
    TCase *tc = tcase_create("references");
    tcase_add_loop_test(tc, roots_keep_from_anywhere, 0, MODES);
    tcase_add_loop_test(tc, roots_are_copied_and_moved, 0, MODES);
    tcase_add_test(tc, roots_tell_of_their_stores);
    tcase_add_test(tc, roots_as_keys);
    tcase_add_test(tc, no_memory_for_a_root);
    tcase_add_loop_test(tc, weak_references_do_not_keep, 0, MODES);
    tcase_add_loop_test(tc, long_ones_outlive_the_destructor, 0, MODES);
    tcase_add_test(tc, destroyed_ones_are_forgotten);
    tcase_add_test(tc, weak_references_to_counted_objects);
    tcase_add_test(tc, weak_errors);
    return tc;
}
