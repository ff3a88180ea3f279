# Rare events made visible: the growth rate of a moment as a plain average and as cloning report it, against how long they
# run, with 95% bands; the exact rate, and the horizon beyond which a plain average of so many replicas cannot see it.
#
#   gnuplot horizon.gp                                         horizon.csv → horizon.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" horizon.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, eta, control, moment, replicas, steps, ensemble,
# ensemble_lower, ensemble_upper, cloning, cloning_lower, cloning_upper, exact, horizon. Empty fields are missing values.
# Variables: bottom, top (of the rate).

if (!exists("stem")) stem = 'horizon'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('horizon.gp')]
load here.'style.gp'

# What the file holds.
exact = NaN; has_exact = 0; horizon = NaN; has_horizon = 0
stats csv using (see_series(1, column("momentum")), rule = strcol("rule"), sampling = strcol("sampling"), \
                 batch = column("batch"), step_size = column("eta"), replicas = column("replicas"), \
                 order_of = column("moment"), see_x(column("steps")), see_y(column("ensemble_lower")), \
                 see_y(column("ensemble_upper")), see_y(column("cloning_lower")), see_y(column("cloning_upper"))) nooutput
stats csv using (has("exact") ? (has_exact = 1, exact = see_y(column("exact"))) : 0) nooutput
stats csv using (has("horizon") ? (has_horizon = 1, horizon = column("horizon")) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '. \
  (latex ? sprintf('$B = %d$, $\eta = %g$, $N = %d$', batch, step_size, replicas) : \
  batch_size.gap.sprintf('= %d, ', batch).eta.gap.sprintf('= %g, ', step_size).'{/:Italic N}'.gap.sprintf('= %d', replicas))
y_low = y_low < 0 ? y_low : 0
y_high = y_high > 0 ? y_high : 0
span = y_high - y_low > 0 ? y_high - y_low : 1
if (!exists("bottom")) bottom = y_low - 0.08 * span
if (!exists("top")) top = y_high + 0.1 * span
set xrange [1 : x_high > 1 ? x_high : 10] noextend
set yrange [bottom : top] noextend
set logscale x 10
power(k) = latex ? sprintf('$10^{%d}$', k) : sprintf('10^{%d}', k)
set xtics ()
do for [k = 0 : int(ceil(log10(x_high)))] {
  text = k < 4 ? sprintf('%d', 10**k) : power(k)
  set xtics add (text 10.0**k)
  do for [m = 2 : 9] { set xtics add ("" m * 10.0**k 1) }
}
set mytics 2
set minussign
set xlabel latex ? 'horizon $T$ (steps)' : 'horizon {/:Italic T} (steps)'
set ylabel latex ? sprintf('growth per step, $\frac{1}{T} \ln E\|z_T\|^{%g}$', order_of) : \
  sprintf('growth per step, ln E‖{/:Italic z}_T‖^{%g}/{/:Italic T}', order_of)

first_row = strlen(heading) > 0 ? 1 : 0
set tmargin at screen row(first_row + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
array named[2]
named[1] = 'cloning'; named[2] = 'plain average'
array tint[2]
tint[1] = '#B2D4E7'; tint[2] = '#F2CEB2'
do for [i = 1 : 2] {
  at_x = 21 * (i - 1)
  set object rectangle from screen column_at(at_x), row(first_row) - above(1) to \
    screen column_at(at_x + 6), row(first_row) + above(1) fillcolor rgb tint[i] fillstyle solid noborder
  set arrow from screen column_at(at_x), row(first_row) to screen column_at(at_x + 6), row(first_row) nohead \
    linewidth 1.4 linecolor rgb paint(i) front
  set label named[i] at screen after_sample(at_x), row(first_row)
}
if (has_exact) {
  set arrow from screen column_at(50), row(first_row) to screen column_at(56), row(first_row) nohead linewidth 1.2 \
    dashtype (8, 5) linecolor rgb grey
  set label 'exact' at screen column_at(57), row(first_row)
  set arrow from graph 0, first exact to graph 1, first exact nohead linewidth 1.2 dashtype (8, 5) linecolor rgb grey front
}
set arrow from graph 0, first 0 to graph 1, first 0 nohead linewidth 0.6 linecolor rgb grey back
if (has_horizon && horizon > 1 && horizon < x_high) {
  set arrow from first horizon, graph 0 to first horizon, graph 1 nohead linewidth 1 dashtype (2, 4) linecolor rgb grey back
  set label (latex ? '$T_c$' : '{/:Italic T}_c') at first horizon, graph 0.06 offset 0.6, 0
}

plot csv using (column("steps")):(column("cloning_lower")):(column("cloning_upper")) with filledcurves \
       fillcolor rgb tint[1] fillstyle solid noborder, \
     csv using (column("steps")):(column("ensemble_lower")):(column("ensemble_upper")) with filledcurves \
       fillcolor rgb tint[2] fillstyle solid noborder, \
     csv using (column("steps")):(column("cloning")) with lines linewidth 1.4 linecolor rgb paint(1), \
     csv using (column("steps")):(column("ensemble")) with lines linewidth 1.4 linecolor rgb paint(2)
unset output
