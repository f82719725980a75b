# Writes what the gnuplot scripts draw into files in `dir`, and prints for each plot
#   script|file of data|the two other arguments of the script
# Needs report.awk.

BEGIN {
    # The palette of Okabe and Ito, which colour-blind people can read.
    split("gcalloc 0x0072B2 libgc 0xD55E00 libgc-1 0xE69F00 glibc 0x777777 " \
        "mimalloc 0x009E73 jemalloc 0xCC79A7 tcmalloc 0x56B4E9", palette, " ")
    for (i = 1; i in palette; i += 2)
        colour[palette[i]] = palette[i + 1]
}

# Lines of: peer, colour, median, low and high time, median RSS in MiB.
function write_workload(work, file,    p, who, times) {
    for (p = 1; p <= peer_count[work]; p++) {
        who = peers[work, p]
        summarize(value, work, who)
        times = median " " low " " high
        summarize(rss, work, who)
        print who, colour[who], times, median / 1024 >file
    }
    close(file)
}

# The peers that gcalloc is compared with anywhere, in names[1..]; returns how many.
function find_others(names,    w, p, who, seen, n) {
    for (w = 1; w <= workload_count; w++)
        for (p = 1; p <= peer_count[workloads[w]]; p++) {
            who = peers[workloads[w], p]
            if (!(who in seen) && compare(value, workloads[w], who)) {
                seen[who] = 1
                names[++n] = who
            }
        }
    return n + 0
}

# First a block with the position and name of each workload, then one for each peer with
# position, median, low and high of the ratio.
function write_ratios(numbers, file, names, n,    p, w) {
    for (w = 1; w <= workload_count; w++)
        print w, workloads[w] >file
    for (p = 1; p <= n; p++) {
        printf "\n\n" >file
        for (w = 1; w <= workload_count; w++)
            if (compare(numbers, workloads[w], names[p]))
                print w + (p - (n + 1) / 2) * 0.8 / n, median, low, high >file
    }
    close(file)
}

function join(list, n,    i, text) {
    for (i = 1; i <= n; i++)
        text = text (i > 1 ? " " : "") list[i]
    return text
}

END {
    for (w = 1; w <= workload_count; w++) {
        work = workloads[w]
        file = dir "/" work ".data"
        write_workload(work, file)
        print "workload|" file "|" work " (" command[work] ")|" unit[work]
    }
    n = find_others(others)
    for (p = 1; p <= n; p++)
        colours[p] = colour[others[p]]
    if (n > 0) {
        write_ratios(value, dir "/ratio-time.data", others, n)
        write_ratios(rss, dir "/ratio-rss.data", others, n)
        arguments = "|" join(others, n) "|" join(colours, n)
        print "ratio|" dir "/ratio-time.data" arguments
        print "ratio|" dir "/ratio-rss.data" arguments
    }
}
