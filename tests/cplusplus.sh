#!/bin/sh
# <gcalloc/gcalloc.hpp> and the headers for C as programs of users have them: without a warning by themselves, in
# each standard since C++17, without exceptions, too; and the programs in docs/cplusplus.md, compiled and run with the library
# that was built, plain and checking each collection.
srcdir=${srcdir:-.}
CXX=${CXX:-c++}
. "$srcdir/tests/expect.sh" && begin cplusplus || exit 1

strict="-Wall -Wextra -Wundef -Wshadow -Wconversion -Wold-style-cast -pedantic -Werror"

awk -v folder="$tmp" '/^```cpp$/ { n++; inside = 1; next } /^```$/ { inside = 0 }
    inside { print > (folder "/" n ".cc") }' "$srcdir/docs/cplusplus.md"

# All of the header, without what needs exceptions in the program itself.
cat >"$tmp/all.cpp" <<'END'
#include <gcalloc/gcalloc.hpp>
#include <vector>
struct Some { int *p; explicit Some(int *q) : p(q) {} ~Some() { p = nullptr; } };
template class gcalloc::allocator<Some>;
template class gcalloc::atomic_allocator<long>;
template class gcalloc::root<const Some>;
template class gcalloc::weak<Some>;
int main()
{
    std::vector<int, gcalloc::allocator<int>> v(10, 1);
    gcalloc::root<Some> some(gcalloc::make<Some>(v.data()));
    gcalloc::weak<Some> weak(some.get());
    bool holds = *weak.get()->p == 1 && gcalloc::make_array<long>(9)[8] == 0 &&
                 *gcalloc::make_atomic<int>(3) == 3 && gcalloc::make_ordered<Some>(&v[3]) &&
                 gcalloc::make_atomic_array<char>(9)[8] == 0;
    const Some *fixed = gcalloc::make<const Some>(v.data());
    gcalloc::weak<const volatile Some> watched(fixed);
    holds = holds && watched.get() == fixed && gcalloc::make_array<const int>(3)[2] == 0;
    gcalloc::destroy(fixed);
    gcalloc::destroy(some.get());
    return holds && !weak && !watched ? 0 : 1;
}
END

# The headers for C, which C++ programs include, too; and what they have inline.
cat >"$tmp/others.cpp" <<'END'
#include <gcalloc/counted.h>
#include <gcalloc/inline.h>
#include <gcalloc/ipc.h>
#include <gcalloc/layout.h>
#include <gcalloc/memory.h>
#include <gcalloc/region.h>
#include <gcalloc/slab.h>
#include <gcalloc/walk.h>
#include <gcalloc/weakmap.h>
int main()
{
    struct gc_slab_stats stats;
    gc_slab *slab = gc_slab_create("some", 16, 0, nullptr, 0);
    void **object = static_cast<void **>(gc_slab_alloc(slab));
    gc_store_inline(object, object, gc_alloc_inline(16));
    void *counted = gc_retain(gc_counted_new(8, nullptr));
    gc_release(counted);
    gc_collect();
    return gc_slab_stats(slab, &stats) == 0 && stats.objects == 1 && gc_base(*object) &&
                   gc_counted_count(counted) == 1 && gc_is_managed(object) &&
                   gc_alloc_atomic_inline(8)
               ? 0
               : 1;
}
END

build() {
    compiler=$1
    shift
    # shellcheck disable=SC2086 # lists of words
    $compiler $COMPILE_FLAGS $strict -I"$srcdir/include" "$@" .libs/libgcalloc.so \
        -Wl,-rpath,"$PWD/.libs"
}

number=0
for compiler in "$CXX" clang++; do
    command -v "${compiler##* }" >/dev/null || continue
    number=$((number + 1))
    for flag in -std=c++17 -std=c++20 -fno-exceptions; do
        expect "$compiler $flag takes the header" \
            build "$compiler" -std=c++17 $flag -o "$tmp/all" "$tmp/all.cpp"
        expect "it runs" "$tmp/all"
        expect "$compiler $flag takes the headers for C" \
            build "$compiler" -std=c++17 $flag -o "$tmp/others" "$tmp/others.cpp"
        expect "it runs" "$tmp/others"
    done
    for program in "$tmp"/*.cc; do
        built=${program%.cc}-$number
        expect "$compiler compiles program ${program##*/} of docs/cplusplus.md" \
            build "$compiler" -std=c++17 -o "$built" "$program"
        expect "it runs" "$built"
        expect "it runs with checks" env GCALLOC_OPTIONS=verify=1:stress=1:idle=0 "$built"
    done
done

finish
