# Reads lines "BENCHMARK SYSTEM MICROSECONDS [SHARE PAUSE]" of compare.sh, which are sorted by benchmark, system and
# time; what is made of them is in the file that follows: table.awk, json.awk, plot.awk.  `systems` is the list of
# their names, our own first.

BEGIN {
    system_count = split(systems, system_name, " ")
}

{
    key = $1 SUBSEP $2
    if (!($1 in known)) {
        known[$1] = 1
        benchmarks[++benchmark_count] = $1
    }
    time[key, ++runs[key]] = $3 / 1e6
    if (NF == 5) {
        share[$1] += $4
        if ($5 > pause[$1])
            pause[$1] = $5
    }
}

function median(key,    m) {
    m = runs[key]
    return m % 2 ? time[key, (m + 1) / 2] : (time[key, m / 2] + time[key, m / 2 + 1]) / 2
}

# Whether the system has run what our own has; `ratio` is then how often it takes the time.
function compare(benchmark, s,    own, key) {
    own = benchmark SUBSEP system_name[1]
    key = benchmark SUBSEP system_name[s]
    if (!(key in runs) || !(own in runs))
        return 0
    ratio = median(key) / median(own)
    return 1
}

# Whether there is a geometric mean of the ratios, which is then in `mean`.
function find_mean(s,    b, count, logarithms) {
    for (b = 1; b <= benchmark_count; b++)
        if (compare(benchmarks[b], s)) {
            logarithms += log(ratio)
            count++
        }
    if (count)
        mean = exp(logarithms / count)
    return count > 0
}
