# One workload with a histogram: for each peer the share of operations that took longer than
# a time, on logarithmic scales.  The curve ends before the slowest.
#   gnuplot -c plot-pauses.gnuplot DATA SVG TITLE PEERS COLOURS
data = ARG1
peers = ARG4
colours = ARG5

set terminal svg size 900,480 font "DejaVu Sans,13" background "white"
set output ARG2
set title ARG3 font ",16" noenhanced
set border 3
set tics nomirror
set grid linecolor "0xdddddd"
set key outside right top noenhanced
set logscale xy
set format y "10^{%T}"
set xlabel "time of a push, us"
set ylabel "share of pushes that took longer"
plot for [i = 1:words(peers)] data index i - 1 using 1:2 with steps \
    linecolor rgb word(colours, i) linewidth 2 title word(peers, i)
