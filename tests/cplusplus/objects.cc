// Objects of gcalloc::make: what keeps them, when their destructors run, and how often.
#include "cplusplus.hh"

#include <list>
#include <string>

namespace
{

std::uintptr_t hidden[COUNT];
int times[COUNT]; // destroyed
int destroyed;

void assert_living(std::size_t count)
{
    collect(1);
    ck_assert_uint_eq(count_living(hidden, COUNT), count);
}

void assert_destroyed_once()
{
    for (int t : times)
        ck_assert_int_eq(t, 1);
}

struct Counted {
    std::size_t number;
    Counted *next;
    std::string name; // short: it points into itself
    std::list<int> list;

    explicit Counted(std::size_t n, Counted *after = nullptr)
        : number(n), next(after), name("short")
    {
        hidden[n] = hide(this);
    }

    Counted(const Counted &) = delete;
    Counted &operator=(const Counted &) = delete;

    ~Counted()
    {
        ck_assert(name == "short" && list.empty());
        times[number]++;
    }
};

// ---- Destructors --------------------------------------------------------------------------

Counted *head;

START_TEST(destructors_run_once)
{
    set_mode(_i);
    below([] {
        for (std::size_t i = 0; i < COUNT; i++)
            head = gcalloc::make<Counted>(i, head);
    });
    assert_living(COUNT);
    ck_assert_uint_eq(gc_finalizers_ready(), 0);
    drop(head);
    collect(1);
    ck_assert_uint_eq(run_finalizers(), COUNT); // a chain, at once
    assert_living(0);
    ck_assert_uint_eq(run_finalizers(), 0);
    assert_destroyed_once();
}
END_TEST

START_TEST(circles_are_destroyed)
{
    set_mode(_i);
    below([] {
        Counted *first = gcalloc::make<Counted>(std::size_t{0}), *last = first;
        for (std::size_t i = 1; i < COUNT; i++)
            last = gcalloc::make<Counted>(i, last);
        first->next = last;
    });
    collect(1);
    ck_assert_uint_eq(run_finalizers(), COUNT);
    assert_living(0);
    assert_destroyed_once();
}
END_TEST

// It uses what it points to.
struct Ordered {
    std::size_t number;
    Ordered *next;

    Ordered(std::size_t n, Ordered *after) : number(n), next(after)
    {
        hidden[n] = hide(this);
    }

    ~Ordered()
    {
        if (next)
            ck_assert_int_eq(times[next->number], 0);
        times[number]++;
    }
};

START_TEST(ordered_destructors)
{
    enum { LENGTH = 20 };
    static Ordered *first;
    set_mode(_i);
    below([] {
        for (std::size_t i = 0; i < LENGTH; i++)
            first = gcalloc::make_ordered<Ordered>(i, first);
    });
    drop(first);
    for (int i = LENGTH; i-- > 0;) {
        collect(1);
        ck_assert_uint_eq(run_finalizers(), 1);
        ck_assert_int_eq(times[i], 1);
    }
    assert_living(0);
}
END_TEST

START_TEST(destroy_at_once)
{
    Counted *objects[COUNT];
    set_mode(_i);
    for (std::size_t i = 0; i < COUNT; i++)
        objects[i] = gcalloc::make<Counted>(i);
    for (std::size_t i = 0; i < COUNT; i++) {
        gcalloc::destroy(objects[i]);
        ck_assert_int_eq(times[i], 1);
        ck_assert(!is_living(hidden[i]));
    }
    gcalloc::destroy(static_cast<Counted *>(nullptr));
    collect(1);
    ck_assert_uint_eq(run_finalizers(), 0);
    assert_destroyed_once();
    int *number = gcalloc::make<int>(5);
    std::uintptr_t freed = hide(number);
    gcalloc::destroy(number);
    ck_assert(!is_living(freed));
}
END_TEST

// Owns what it points to, of which the destructor may have run.
struct Owner {
    Counted *owned;

    explicit Owner(Counted *c) : owned(c)
    {
    }

    ~Owner()
    {
        gcalloc::destroy(owned);
        destroyed++;
    }
};

START_TEST(destroy_in_destructors)
{
    static Owner *owners[COUNT];
    set_mode(_i);
    below([] {
        for (std::size_t i = 0; i < COUNT; i++) {
            // The one that was made first may be finalised first, or last.
            Counted *early = i % 2 ? gcalloc::make<Counted>(i) : nullptr;
            owners[i] = gcalloc::make<Owner>(early);
            if (!early)
                owners[i]->owned = gcalloc::make<Counted>(i);
        }
        // Of every third the owner is destroyed by hand.
        for (std::size_t i = 0; i < COUNT; i += 3) {
            gcalloc::destroy(owners[i]);
            ck_assert_int_eq(times[i], 1);
        }
    });
    ck_assert_int_eq(destroyed, COUNT / 3);
    drop(owners);
    collect(1);
    run_finalizers();
    ck_assert_int_eq(destroyed, COUNT);
    assert_living(0);
    assert_destroyed_once();
}
END_TEST

// ---- Base classes -------------------------------------------------------------------------

struct Left {
    long left = 1;
    virtual long value() const
    {
        return left;
    }
    virtual ~Left() = default;
};

struct Plain {
    long plain[4] = {2, 2, 2, 2};
};

struct Right {
    long right = 3;
    virtual long twice() const
    {
        return 2 * right;
    }
};

struct Shared {
    long shared = 4;
    virtual ~Shared() = default;
};

struct One : virtual Shared {
    long one = 5;
};

struct Other : virtual Shared {
    long other = 6;
};

struct All : Left, Plain, Right, One, Other {
    std::size_t number;

    explicit All(std::size_t n) : number(n)
    {
        hidden[n] = hide(this);
    }

    ~All() override
    {
        times[number]++;
    }

    long value() const override
    {
        return left + plain[3] + right + one + other + shared;
    }

    long twice() const override
    {
        return 2 * value();
    }
};

static_assert(std::is_polymorphic_v<Right> && !std::has_virtual_destructor_v<Right>);

Right *right_of[COUNT];
Shared *shared_of[COUNT];
long *member_of[COUNT];

void make_bases()
{
    below([] {
        for (std::size_t i = 0; i < COUNT; i++) {
            All *all = gcalloc::make<All>(i);
            if (i % 3 == 0)
                right_of[i] = all;
            else if (i % 3 == 1)
                shared_of[i] = all;
            else
                member_of[i] = &all->plain[2];
        }
    });
}

START_TEST(bases_keep_the_whole)
{
    set_mode(_i);
    make_bases();
    assert_living(COUNT);
    below([] {
        for (std::size_t i = 0; i < COUNT; i += 3) {
            ck_assert_int_eq(right_of[i]->twice(), 42);
            ck_assert_int_eq(dynamic_cast<All *>(shared_of[i + 1])->value(), 21);
            ck_assert_int_eq(*member_of[i + 2], 2);
        }
    });
    drop(right_of);
    drop(shared_of);
    drop(member_of);
    collect(1);
    ck_assert_uint_eq(run_finalizers(), COUNT);
    assert_living(0);
    assert_destroyed_once();
}
END_TEST

START_TEST(bases_destroy_the_whole)
{
    set_mode(_i);
    make_bases();
    below([] {
        for (std::size_t i = 0; i < COUNT; i += 3) {
            gcalloc::destroy(right_of[i]); // whose own destructor is trivial
            gcalloc::destroy(shared_of[i + 1]);
            gcalloc::destroy(member_of[i + 2]);
        }
    });
    ck_assert_uint_eq(count_living(hidden, COUNT), 0);
    assert_destroyed_once();
    collect(1);
    ck_assert_uint_eq(run_finalizers(), 0);
}
END_TEST

} // namespace

TCase *objects_case()
{
    TCase *tc = tcase_create("objects");
    tcase_add_loop_test(tc, destructors_run_once, 0, MODES);
    tcase_add_loop_test(tc, circles_are_destroyed, 0, MODES);
    tcase_add_loop_test(tc, ordered_destructors, 0, MODES);
    tcase_add_loop_test(tc, destroy_at_once, 0, MODES);
    tcase_add_loop_test(tc, destroy_in_destructors, 0, MODES);
    tcase_add_loop_test(tc, bases_keep_the_whole, 0, MODES);
    tcase_add_loop_test(tc, bases_destroy_the_whole, 0, MODES);
    return tc;
}
