# One workload: for each peer a bar of its median time, with whiskers from the fastest to
# the slowest run, and a bar of its memory.  The bars begin at 0.
#   gnuplot -c plot-workload.gnuplot DATA SVG TITLE UNIT
data = ARG1
unit = ARG4

set terminal svg size 1120,400 font "DejaVu Sans,13" background "white"
set output ARG2
set multiplot layout 1,2 title ARG3 font ",16" noenhanced
set style fill solid 0.9 noborder
set border 3
set tics nomirror
set grid ytics linecolor "0xdddddd"
set xtics scale 0
unset key

# Three digits, as far as they are after the point.
digits(x) = x >= 100 ? sprintf("%.0f", x) : x >= 10 ? sprintf("%.1f", x) : \
    sprintf("%.2f", x)

stats data using 5 nooutput
set boxwidth (STATS_records < 4 ? 0.3 : 0.65)
set xrange [-0.6:STATS_records - 0.4]
set yrange [0:STATS_max * 1.12]
set title sprintf("time, %s", unit)
plot data using 0:3:(column(2)):xtic(1) with boxes linecolor rgb variable, \
    data using 0:4:(0):($5 - $4) with vectors heads size screen 0.005,90 \
        linecolor "black" linewidth 1.5, \
    data using 0:5:(digits($3)) with labels offset 0,0.8

set yrange [*:*] # or stats would leave out what is beyond it
stats data using 6 nooutput
set yrange [0:(STATS_max > 0 ? STATS_max * 1.12 : 1)]
set title "RSS, MiB"
plot data using 0:6:(column(2)):xtic(1) with boxes linecolor rgb variable, \
    data using 0:6:(digits($6)) with labels offset 0,0.8
unset multiplot
