#!/bin/sh
# <gcalloc/gcalloc.hpp> as programs of users have it: without a warning by itself, in each standard since
# C++17, without exceptions, too; and the programs in docs/cplusplus.md, compiled and run with the library
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
    gcalloc::destroy(some.get());
    return holds && !weak ? 0 : 1;
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
