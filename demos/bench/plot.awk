# Prints the data of bench/plot-peers.gnuplot: the names of the benchmarks, then a block for each other system with the
# position, our own time divided by its, and the smallest and largest quotient of two runs.  Needs medians.awk.

END {
    for (b = 1; b <= benchmark_count; b++)
        print benchmarks[b]
    for (s = 2; s <= system_count; s++) {
        printf "\n\n"
        for (b = 1; b <= benchmark_count; b++) {
            if (!compare(benchmarks[b], s))
                continue
            own = benchmarks[b] SUBSEP system_name[1]
            key = benchmarks[b] SUBSEP system_name[s]
            print b, 1 / ratio, time[own, 1] / time[key, runs[key]], time[own, runs[own]] / time[key, 1]
        }
    }
}
