# The tables of bench/leak-cost: medians, and medians of the ratios of neighbouring runs.
#   trace|peer|nanoseconds of the run|of the check|operations|RSS in KiB|checksum

{
    if (!($1 in seen))
        traces[++trace_count] = $1
    seen[$1] = 1
    n = ++count[$1, $2]
    run[$1, $2, n] = $3 / $5
    whole[$1, $2, n] = ($3 + $4) / $5
    check_ms[$1, $2, n] = $4 / 1e6
    rss[$1, $2, n] = $6
    if ($1 in checksum && checksum[$1] != $7) {
        print "leak-cost: " $1 ": " $2 " has another checksum" >"/dev/stderr"
        failed = 1
    }
    checksum[$1] = $7
    lines[NR] = sprintf("{\"trace\": \"%s\", \"peer\": \"%s\", \"run_ns\": %s, " \
        "\"check_ns\": %s, \"operations\": %s, \"rss_kb\": %s}", $1, $2, $3, $4, $5, $6)
}

# Sorts list[1..n]; the median is its middle.
function sort(list, n,    i, j, x) {
    for (i = 2; i <= n; i++) {
        x = list[i]
        for (j = i; j > 1 && list[j - 1] > x; j--)
            list[j] = list[j - 1]
        list[j] = x
    }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function median(values, trace, peer,    i, list) {
    for (i = 1; i <= runs; i++)
        list[i] = values[trace, peer, i] + 0
    return sort(list, runs)
}

# "1.23 (1.20-1.30)"; sets `ratio_median`.
function ratio(values, trace, peer, other,    i, list) {
    if (!((trace, other) in count))
        return "-"
    for (i = 1; i <= runs; i++)
        list[i] = values[trace, peer, i] / values[trace, other, i]
    ratio_median = sort(list, runs)
    return sprintf("%.2f (%.2f-%.2f)", ratio_median, list[1], list[runs])
}

function print_row(trace,    to_plain, to_lsan) {
    to_plain = ratio(whole, trace, "leaks", "plain")
    sum_plain += log(ratio_median)
    most_plain = ratio_median > most_plain ? ratio_median : most_plain
    to_lsan = ratio(whole, trace, "leaks", "lsan")
    sum_lsan += log(ratio_median)
    most_lsan = ratio_median > most_lsan ? ratio_median : most_lsan
    printf "%-9s %8.1f %8.1f %8.1f %8.1f  %-18s %-18s %6.1f %6.1f\n", trace,
        median(whole, trace, "glibc"), median(whole, trace, "plain"),
        median(whole, trace, "leaks"), median(whole, trace, "lsan"), to_plain, to_lsan,
        median(check_ms, trace, "leaks"), median(check_ms, trace, "lsan")
}

END {
    printf "nanoseconds per operation with the check at the end, medians of %d runs\n", runs
    printf "%-9s %8s %8s %8s %8s  %-18s %-18s %6s %6s\n", "", "glibc", "gcalloc",
        "leaks", "lsan", "leaks/gcalloc", "leaks/lsan", "check", "lsan's, ms"
    for (t = 1; t <= trace_count; t++)
        print_row(traces[t])
    printf "geometric means: leaks/gcalloc %.2f (most %.2f), leaks/lsan %.2f (most %.2f)\n",
        exp(sum_plain / trace_count), most_plain, exp(sum_lsan / trace_count), most_lsan
    if (json) {
        printf "[\n" >json
        for (i = 1; i <= NR; i++)
            printf " %s%s\n", lines[i], i < NR ? "," : "" >json
        print "]" >json
    }
    exit failed
}
