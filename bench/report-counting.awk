# Prints the table of docs/counting.md: of the workloads that say how long their worst pause
# was.  Needs report.awk.

# The median of one of the other numbers.
function middle(work, who, name,    list) {
    find_also(list, work, who, name)
    summarize(list, work, who)
    return median
}

function print_row(work, who,    speed) {
    summarize(value, work, who)
    speed = 1e3 / median
    summarize(rss, work, who)
    printf "| %s | %s | %.1f | %.1f", substr(work, 1 + length("counting-")), who, speed,
        median / 1024
    printf " | %.2f | %d", middle(work, who, "worst_ns") / 1e6, middle(work, who, "pauses")
    printf " | %.2f | %.2f |\n", middle(work, who, "by_counts") / 1e6,
        middle(work, who, "by_collector") / 1e6
}

END {
    print "| program | way | million operations/s | peak RSS, MiB | worst pause, ms | " \
        "collections | million objects destroyed by counts | by the collector |"
    print "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for (w = 1; w <= workload_count; w++) {
        work = workloads[w]
        for (p = 1; (work, "worst_ns") in has_also && p <= peer_count[work]; p++)
            print_row(work, peers[work, p])
    }
}
