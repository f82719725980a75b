#!/bin/sh
# gcalloc report --html: the data of the page are those of --json; names that would end its elements do no harm; and in
# Chromium, where that is installed, what it shows when it is clicked through is what --json tells.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin page || exit 1
find_tool
known=$PWD/tests/tool/known
types=$PWD/tests/tool/types
[ -e "$PWD/.libs/libgcalloc-malloc.so" ] || { echo "page: there is no malloc to preload"; exit 77; }
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
cd "$tmp" || exit 1

# ---- Recordings ----

# A function, a file and an argument that would be markup: the executable is changed after it was built.
strange() {
    LC_ALL=C sed 's/known\.c/<b>\&"._/g' "$known" >renamed &&
        objcopy --redefine-sym 'keep=</script><script>owned=1</script><b>' renamed strange && chmod +x strange
}
records() {
    "$tool" profile --exact -o exact.gcp "$known" 2 threads && "$tool" profile --exact -o many.gcp "$known" 0 stacks &&
        GCALLOC_OPTIONS=profile=types.gcp:profile_every=0 "$types" &&
        "$tool" profile --exact --holders=yes -o held.gcp "$known" 1 hold
}
expect "recordings" records
if command -v objcopy >/dev/null; then
    expect "a program of strange names" strange
else
    echo "page: no objcopy: names that are markup are not tried"
    cp "$known" strange
fi
killed() {
    "$tool" profile --every=4K -o strange.gcp ./strange 20 kill "</script><img src=x>"
    [ $? = 137 ]
}
expect "a recording of samples, without an end" killed

pages() {
    for name in exact many strange types held; do
        "$tool" report -o $name.html $name.gcp && "$tool" report --json $name.gcp >$name.json || return 1
    done
}
expect "pages" pages
same() { "$tool" report --html exact.gcp | cmp - exact.html; }
expect "the name of the output says what it is" same
named_otherwise() { "$tool" report --json -o other.html exact.gcp && cmp other.html exact.json; }
expect "but not if it is said otherwise" named_otherwise
until_then() { "$tool" report --html --until=0.0001 exact.gcp >out && has out '</html>'; }
expect "as of a moment" until_then
refuses_changes() { ! "$tool" report --html --diff=exact.gcp exact.gcp 2>err && has err 'not with --html'; }
expect "changes are no page" refuses_changes
closed() { has exact.html "Content-Security-Policy" "default-src 'none'" && ! grep -i -e 'url(' -e '@import' exact.html; }
expect "nothing is loaded" closed
short() { [ "$(wc -c <many.html)" -lt $(($(wc -c <many.json) / 10)) ]; }
expect "the data of many stacks are short" short

# ---- Data ----

equal() { python3 "$srcdir/tests/tool/page_data.py" "$1.html" "$1.json"; }
if command -v python3 >/dev/null; then
    for name in exact many strange types held; do
        expect "the data of $name" equal $name
    done
else
    echo "page: no python3: the data are not compared"
fi

# ---- In a browser ----

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
opens() { # FILE FLAGS...: prints what the page has become; the time that it waits is the page's own
    file=$1
    shift
    "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions \
        --disable-background-networking --user-data-dir="$tmp/browser" --virtual-time-budget=30000 "$@" \
        --dump-dom "file://$tmp/$file" 2>browser.err
}
shows() { # NAME FLAGS...
    name=$1
    shift
    {
        sed '/^<\/html>$/d' $name.html
        if [ "$name" != many ]; then
            echo '<script type="application/json" id="expected">'
            sed 's/</\\u003c/g' $name.json
            echo '</script>'
        fi
        echo '<script>'
        cat "$srcdir/tests/tool/page_test.js"
        echo '</script></html>'
    } >tested.html
    opens tested.html "$@" >out
    grep -q 'data-checks="[1-9][0-9]* checks, 0 failures"' out && return 0
    head -c 3000 out
    grep -v dbus browser.err | tail -n 5
    return 1
}
# Whether it is there and starts; asked only where a page does not show what it should.
runs() { [ -n "$browser" ] && echo '<p>open</p>' >open.html && opens open.html | grep -q '<p>open</p>'; }
every_object() { [ -n "$browser" ] && shows exact --window-size=1200,900 && echo "every object"; }
if every_object >first 2>&1 || runs; then
    expect "every object" sh -c 'tail -n 1 "$0" | grep -q "^every object$" || { cat "$0"; exit 1; }' first
    expect "samples and strange names, in a narrow window, in the dark" shows strange --window-size=400,800 \
        --force-dark-mode
    expect "many stacks" shows many --window-size=1200,900
    expect "objects of several types" shows types --window-size=1200,900
    expect "what holds objects" shows held --window-size=1200,900
else
    echo "page: no Chromium, or it does not run here: the pages are not opened (apt-get install chromium)"
    [ -z "$PAGE_NEEDS_BROWSER" ] || exit 1
fi
finish
