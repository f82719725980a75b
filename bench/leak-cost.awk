# The tables of bench/leak-cost and bench/leak-programs (which sets `unit`): medians, and medians of the ratios of neighbouring runs.
#   trace|peer|nanoseconds of the run|of the check|operations|RSS in KiB|checksum

{
    if (!($1 in seen))
        traces[++trace_count] = $1
    seen[$1] = 1
    n = ++count[$1, $2]
    whole[$1, $2, n] = ($3 + $4) / $5 / (unit ? unit : 1)
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
    if (!((trace, peer) in count))
        return "-"
    for (i = 1; i <= runs; i++)
        list[i] = values[trace, peer, i] + 0
    return sprintf("%.1f", sort(list, runs))
}

# "1.23 (1.20-1.30)", and counts it in for the means.
function ratio(trace, peer, other,    i, list, middle) {
    if (count[trace, peer] != runs || count[trace, other] != runs)
        return "-"
    for (i = 1; i <= runs; i++)
        list[i] = whole[trace, peer, i] / whole[trace, other, i]
    middle = sort(list, runs)
    logs[other] += log(middle)
    ratios[other]++
    most[other] = middle > most[other] ? middle : most[other]
    return sprintf("%.2f (%.2f-%.2f)", middle, list[1], list[runs])
}

function print_row(trace) {
    printf "%-9s %8s %8s %8s %8s  %-18s %-18s", trace, median(whole, trace, "glibc"),
        median(whole, trace, "plain"), median(whole, trace, "leaks"),
        median(whole, trace, "lsan"), ratio(trace, "leaks", "plain"),
        ratio(trace, "leaks", "lsan")
    if (!unit)
        printf " %6s %6s", median(check_ms, trace, "leaks"), median(check_ms, trace, "lsan")
    printf "\n"
}

function print_mean(other) {
    if (ratios[other])
        printf "leaks/%s: geometric mean %.2f, most %.2f\n",
            other == "plain" ? "gcalloc" : other, exp(logs[other] / ratios[other]),
            most[other]
}

END {
    printf "%s with the check at the end, medians of %d runs\n",
        unit ? "milliseconds" : "nanoseconds per operation", runs
    printf "%-9s %8s %8s %8s %8s  %-18s %-18s%s\n", "", "glibc", "gcalloc", "leaks", "lsan",
        "leaks/gcalloc", "leaks/lsan", unit ? "" : "  check  lsan\047s, ms"
    for (t = 1; t <= trace_count; t++)
        print_row(traces[t])
    print_mean("plain")
    print_mean("lsan")
    if (json) {
        printf "[\n" >json
        for (i = 1; i <= NR; i++)
            printf " %s%s\n", lines[i], i < NR ? "," : "" >json
        print "]" >json
    }
    exit failed
}
