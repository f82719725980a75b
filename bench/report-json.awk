# Prints everything that was measured as JSON, in the order of the runs.  Needs report.awk
# and, as variables, what it shows about the machine; `tuning` and `skipped` are lists
# whose entries end in a semicolon.

function quote(text) {
    gsub(/["\\]/, "\\\\&", text)
    return "\"" text "\""
}

# The entries of a list as JSON strings.
function quote_list(text,    n, i, entries, result) {
    n = split(text, entries, ";")
    for (i = 1; i < n; i++)
        result = result (i > 1 ? ", " : "") quote(entries[i])
    return "[" result "]"
}

# A peer's numbers, run by run.
function all(numbers, work, who,    i, result) {
    for (i = 1; i <= runs[work, who]; i++)
        result = result (i > 1 ? ", " : "") numbers[work, who, i]
    return "[" result "]"
}

# The percentiles of the histograms, run by run.
function print_percentiles(work, who,    n, i, percents, tail) {
    n = split("50 99 99.9 99.99", percents, " ")
    printf "          \"percentiles_ns\": {"
    for (i = 1; i <= n; i++) {
        find_tail(tail, work, who, percents[i])
        printf "%s\"%s\": %s", (i > 1 ? ", " : ""), percents[i], all(tail, work, who)
    }
    printf "},\n"
}

function print_peer(work, who,    i, list) {
    printf "        {\n"
    printf "          \"name\": %s,\n", quote(who)
    printf "          \"version\": %s,\n", quote(version[work, who])
    printf "          \"settings\": %s,\n", quote(settings[work, who])
    printf "          \"operations\": %s,\n", operations[work, who]
    printf "          \"time_ns\": %s,\n", all(time_ns, work, who)
    if (work in has_histogram)
        print_percentiles(work, who)
    for (i = 1; i <= also_count[work]; i++) {
        find_also(list, work, who, also_names[work, i])
        printf "          %s: %s,\n", quote(also_names[work, i]), all(list, work, who)
    }
    printf "          \"rss_kb\": %s,\n", all(rss, work, who)
    printf "          \"collections\": %s\n        }", all(collections, work, who)
}

function print_workload(work,    p) {
    printf "    {\n      \"name\": %s,\n", quote(work)
    printf "      \"command\": %s,\n", quote(command[work])
    printf "      \"unit\": %s,\n", quote(unit[work])
    if (live[work])
        printf "      \"live_kb\": %d,\n", live[work]
    printf "      \"checksum\": %s,\n      \"peers\": [\n", quote(checksum[work])
    for (p = 1; p <= peer_count[work]; p++) {
        print_peer(work, peers[work, p])
        printf "%s\n", (p < peer_count[work] ? "," : "")
    }
    printf "      ]\n    }"
}

END {
    printf "{\n  \"date\": %s,\n  \"kernel\": %s,\n", quote(date), quote(kernel)
    printf "  \"cpu\": %s,\n  \"cpus\": %d,\n", quote(cpu), cpus
    printf "  \"memory_kb\": %d,\n  \"pinned\": %s,\n", memory, quote(pinned)
    printf "  \"quick\": %s,\n", quick ? "true" : "false"
    printf "  \"environment\": %s,\n", quote_list(tuning)
    printf "  \"skipped\": %s,\n  \"workloads\": [\n", quote_list(skipped)
    for (w = 1; w <= workload_count; w++) {
        print_workload(workloads[w])
        printf "%s\n", (w < workload_count ? "," : "")
    }
    printf "  ]\n}\n"
}
