# One workload whose pauses are recorded: for each peer its minimum mutator utilisation, over the length of the
# stretch.
#   gnuplot -c plot-utilisation.gnuplot DATA SVG TITLE PEERS COLOURS
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
set logscale x
set xrange [0.7:1500]
set yrange [-2:102]
set xlabel "length of a stretch, ms"
set ylabel "the program's part of the worst one, %"
plot for [i = 1:words(peers)] data index i - 1 using 1:2:3:4 with yerrorlines \
    linecolor rgb word(colours, i) linewidth 2 pointtype 7 pointsize 0.6 title word(peers, i)
