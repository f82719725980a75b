#!/bin/sh
# gcalloc top: on lines, with the places that allocate, and on a terminal, which tmux is.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin top || exit 1
find_tool
grep -q "^have_ncurses='yes'" config.log && ncurses=yes || ncurses=no
. "$srcdir/tests/tool/serving.sh"

# ---- Lines ----

lines() {
    "$tool" top --times=2 --delay=1 "$pid" >got 2>error && [ ! -s error ] && [ "$(wc -l <got)" = 3 ] &&
        has got '^ *heap  *objects  *allocated/s  *back/s  *cycles  *pause ms  *resident$' \
            '^ *[0-9.]* .*B  *[0-9.]* .*B  *0 B  *0 B  *0  *0.00  *[0-9.]* MiB$'
}
start run --live
expect "on lines" lines
unknown() { "$tool" top -n 1 -s 3 "$pid" >got && has got 'no places: it was not started by .gcalloc profile --live'; }
expect "no places without a recording" unknown
expect "no delay" refuses 2 '--delay is a number from 1 to 1000000, not "0"' top -d 0 1
expect "no number of times" refuses 2 '--times is a number from 0 to 1000000, not "x"' top --times=x 1
expect "no argument" refuses 2 'flag -n needs an argument' top -n
expect "no key" refuses 2 '--key is rate, live, objects, allocated or temporary, not "size"' top --key=size 1
expect "a flag of another command's" refuses 2 "gcalloc why has no flag --key=live; \`gcalloc why --help\` lists them" \
    why --key=live 1 10
end

# ---- Places ----

# places KEY PATTERN...: in this order
places() {
    "$tool" top -n 1 -s 2 -k "$1" "$pid" >got 2>error && [ ! -s error ] || { cat error got; return 1; }
    shift
    sed '1,3d' got >rows
    for pattern; do
        read -r line && printf '%s\n' "$line" | grep -q -e "^$pattern\$" || { cat got; return 1; }
    done <rows
}
start profile --live --exact -o recording
lost='0 B  *488.3 KiB  *1  *488.3 KiB  *0 B  lose  served.c:[0-9]*'
linked='0 B  *488.4 KiB  *4  *488.4 KiB  *0 B  new_link  served.c:[0-9]*'
tell "lose 500000"
expect "a place" places allocated "$lost"
expect "the titles" has got '^allocated/s  *live  *objects  *allocated  *temporary  where$'
for _ in 1 2 3; do tell chain; done
tell "lose 100"
expect "what has come since, by objects" places objects '0 B  *336 B  *9  *336 B  *0 B  new_link  served.c:[0-9]*' \
    '0 B  *488.4 KiB  *2  *488.4 KiB  *0 B  lose  served.c:[0-9]*'
expect "by what is alive" places live '.*  lose  served.c:[0-9]*' '.*  new_link  served.c:[0-9]*'
tell freed
expect "what is freed at once" places temporary '0 B  *0 B  *0  *[0-9]* B  *[0-9]* B  make_freed  served.c:[0-9]*'
# A record at a time, while they are written.
expect "many, while they come" sh -c '"$0" top -d 1 -n 3 -s 1 "$1" >many & for i in $(seq 300); do echo "lose 10" >&3; read -r _ <&4; done; wait $!' "$tool" "$pid"
expect "all of them" places objects '0 B  *491.3 KiB  *302  *491.3 KiB  *0 B  lose  served.c:[0-9]*'
child() { tell child && child=$said && "$tool" top -n 1 -s 9 "$child" >got && tell reap; }
expect "a child of fork" child
expect "has a recording of its own" sh -c 'has() { grep -q -e "$1" got || { cat got; exit 1; }; }; has " 1000 .* in_child\|1000  .*served.c:" && ! grep -q "302" got'
end

# ---- A terminal ----

tmux() { LC_ALL=C.UTF-8 command tmux -S "$tmp/tmux" -f /dev/null "$@"; }
shows() { # PATTERN...: the terminal does, before long
    tries=0
    while [ $tries -lt 300 ]; do
        tmux capture-pane -p >got 2>error || return 1
        missing=
        for pattern; do grep -q -e "$pattern" got || missing=$pattern; done
        [ "$missing" ] || return 0
        sleep 0.1
        tries=$((tries + 1))
    done
    echo "no line like $missing in:"
    cat got
    return 1
}
press() { tmux send-keys "$@"; }
if [ "$ncurses" = yes ] && tmux new-session -d -x 100 -y 30 "sh" 2>error; then
    start profile --live --exact -o screened
    tell "lose 500000"
    press "PS1='end: '; '$tool' top -d 1000 $pid" Enter
    expect "the screen" shows "^gcalloc top: process $pid, served$" '^heap .*; objects .*; resident ' \
        '^allocated/s .* where$' '^ *0 B  *488.3 KiB  *1  *488.3 KiB  *0 B  lose  served.c:' '^sort: r l o a t .*end: q'
    tell chain
    press Space
    expect "after another look" shows '^ *[0-9.]* [KM]*i*B  *112 B  *3  *112 B  *0 B  new_link  served.c:'
    press l Down Down
    expect "the second by what is alive" shows '^ *0 B .*  lose  served.c:' '112 B  *3  *112 B  *0 B >new_link  served.c:'
    press Enter
    expect "its stack" shows '^ *#0  *new_link  served.c:' '^ *#1  *make_chain  served.c:' '^ *#3  *main  served.c:'
    press o
    expect "stays chosen in another order" shows '^ *[0-9.]* [KM]*i*B  *112 B  *3 .*>new_link'
    tmux resize-window -x 60 -y 12
    expect "a smaller terminal" shows '^allocated/s .* wh' '>new_l'
    tmux resize-window -x 100 -y 30
    press q
    expect "ends" shows '^end:$'
    press "TERM=xyzzy '$tool' top -d 1 $pid" Enter
    expect "a terminal that is not known has lines" shows '^ *heap  *objects  *allocated/s'
    press C-c
    press "'$tool' top -d 1 $pid; echo status \$?" Enter
    expect "the screen again" shows "^gcalloc top: process $pid"
    end
    expect "until the process ends, which is said" shows "^gcalloc: \(there is no process $pid\|process $pid .*\)$" '^status 3$'
    tmux kill-server
fi
finish
