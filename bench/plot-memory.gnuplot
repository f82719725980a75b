# Where the memory of each program is, in percent of all that the library holds for it, and how
# much that is.
#   gnuplot -c plot-memory.gnuplot TABLE SVG
set terminal svg size 860,480 font "DejaVu Sans,13" background "white"
set output ARG2
set datafile separator "\t"
set title "where the library's memory goes, percent" font ",15"
set key at screen 0.5,0.02 center bottom horizontal reverse Left samplen 1.2 width -1 maxrows 2
set bmargin 6
set style data histograms
set style histogram rowstacked
set style fill solid 1.0 noborder
set boxwidth 0.75
set yrange [0:100]
set border 2
set xtics nomirror scale 0 noenhanced
set ytics nomirror 20
array colours[7] = [0x0072B2, 0x56B4E9, 0x009E73, 0xF0E442, 0xE69F00, 0xD55E00, 0x999999]
plot for [i = 2:8] ARG1 using (100.0 * column(i) / column(9)): \
        xtic(sprintf("%s\n%.1f MiB", strcol(1), column(9) / 1024.0)) \
        linecolor rgb colours[i - 1] title columnheader(i)
