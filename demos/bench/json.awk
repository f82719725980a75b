# Prints everything that was measured as JSON.  Needs medians.awk and, as variables, `machine`, `kernel`, `date`, and
# `versions`, a list whose entries, NAME=VERSION, end in a semicolon.

function quote(text) {
    gsub(/["\\]/, "\\\\&", text)
    return "\"" text "\""
}

function print_system(benchmark, s, comma,    key, i) {
    key = benchmark SUBSEP system_name[s]
    printf "        {\"name\": %s, \"seconds\": [", quote(system_name[s])
    for (i = 1; i <= runs[key]; i++)
        printf "%s%.6f", (i > 1 ? ", " : ""), time[key, i]
    printf "]"
    if (s > 1 && compare(benchmark, s))
        printf ", \"median_by_own\": %.4f", ratio
    printf "}%s\n", comma
}

function print_benchmark(benchmark, comma,    s) {
    printf "    {\n      \"name\": %s,\n", quote(benchmark)
    if (benchmark in share) {
        printf "      \"collector_percent\": %.2f,\n", share[benchmark] / runs[benchmark, system_name[1]]
        printf "      \"longest_pause_ms\": %.3f,\n", pause[benchmark]
    }
    printf "      \"systems\": [\n"
    for (s = 1; s <= system_count; s++)
        print_system(benchmark, s, s < system_count ? "," : "")
    printf "      ]\n    }%s\n", comma
}

function print_systems(    n, i, entries, at) {
    n = split(versions, entries, ";")
    printf "  \"systems\": [\n"
    for (i = 1; i < n; i++) {
        at = index(entries[i], "=")
        printf "    {\"name\": %s, \"version\": %s", quote(substr(entries[i], 1, at - 1)),
            quote(substr(entries[i], at + 1))
        if (i > 1 && find_mean(i))
            printf ", \"mean_by_own\": %.4f", mean
        printf "}%s\n", (i < n - 1 ? "," : "")
    }
    printf "  ],\n"
}

END {
    printf "{\n  \"date\": %s,\n  \"kernel\": %s,\n  \"machine\": %s,\n", quote(date), quote(kernel), quote(machine)
    print_systems()
    printf "  \"benchmarks\": [\n"
    for (b = 1; b <= benchmark_count; b++)
        print_benchmark(benchmarks[b], b < benchmark_count ? "," : "")
    printf "  ]\n}\n"
}
