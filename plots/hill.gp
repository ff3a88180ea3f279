# Hill plot: the tail index of the stationary law as estimated from its largest values, against how many of them are used,
# with 95% bands; the estimate with its interval where the plot is flat, and the exact index.
#
#   gnuplot hill.gp                                            hill.csv → hill.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" hill.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, eta, control, exceedances, alpha, alpha_lower, alpha_upper,
# chosen, estimate, estimate_lower, estimate_upper, exact. Empty fields are missing values. Variables: bottom, top.

if (!exists("stem")) stem = 'hill'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('hill.gp')]
load here.'style.gp'

# What the file holds. Bands of few exceedances may be wide: they do not set the range.
exact = NaN; has_exact = 0
stats csv using (see_series(1, column("momentum")), rule = strcol("rule"), sampling = strcol("sampling"), \
                 batch = column("batch"), step_size = column("eta"), see_x(column("exceedances")), \
                 see_y(column("alpha")), see_y(column("estimate_lower")), chosen = column("chosen"), \
                 estimate = column("estimate"), estimate_lower = column("estimate_lower")) nooutput
stats csv using (has("estimate_upper") ? (estimate_upper = see_y(column("estimate_upper"))) : 0) nooutput
stats csv using (has("exact") ? (has_exact = 1, exact = see_y(column("exact"))) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '. \
  sampling_name(sampling).', '.(latex ? sprintf('$B = %d$, $\eta = %g$', batch, step_size) : \
  batch_size.gap.sprintf('= %d, ', batch).eta.gap.sprintf('= %g', step_size))
span = y_high - y_low > 0 ? y_high - y_low : 1
if (!exists("bottom")) bottom = y_low - 0.35 * span < 0 ? 0 : y_low - 0.35 * span
if (!exists("top")) top = y_high + 0.35 * span
set xrange [x_low / 1.2 : x_high * 1.2] noextend
set yrange [bottom : top] noextend
set logscale x 10
power(k) = latex ? sprintf('$10^{%d}$', k) : sprintf('10^{%d}', k)
set xtics ()
do for [k = int(floor(log10(x_low / 1.2))) : int(ceil(log10(x_high * 1.2)))] {
  set xtics add (power(k) 10.0**k)
  do for [m = 2 : 9] { set xtics add ("" m * 10.0**k 1) }
}
set mytics 2
set xlabel 'largest values used'
set ylabel latex ? 'tail index $\alpha$' : 'tail index {/:Italic α}'

first_row = strlen(heading) > 0 ? 1 : 0
set tmargin at screen row(first_row + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
set label 'Hill, 95'.percent.' band' at screen after_sample(0), row(first_row)
set object rectangle from screen column_at(0), row(first_row) - above(1) to screen column_at(6), row(first_row) + above(1) \
  fillcolor rgb '#B2D4E7' fillstyle solid noborder
set arrow from screen column_at(0), row(first_row) to screen column_at(6), row(first_row) nohead linewidth 1.4 \
  linecolor rgb paint(1) front
set label '' at screen column_at(30), row(first_row) point pointtype 7 pointsize 2 * dot linecolor rgb paint(2)
set label 'estimate' at screen column_at(32.5), row(first_row)
if (has_exact) {
  set arrow from screen column_at(49), row(first_row) to screen column_at(55), row(first_row) nohead linewidth 1.2 \
    dashtype (8, 5) linecolor rgb grey
  set label 'exact' at screen column_at(56), row(first_row)
  set arrow from graph 0, first exact to graph 1, first exact nohead linewidth 1.2 dashtype (8, 5) linecolor rgb grey front
}

inside(v) = v > top ? top : v < bottom ? bottom : v
plot csv using (column("exceedances")):(inside(column("alpha_lower"))):(has("alpha_upper") ? inside(column("alpha_upper")) \
       : top) with filledcurves fillcolor rgb '#B2D4E7' fillstyle solid noborder, \
     csv using (column("exceedances")):(column("alpha")) with lines linewidth 1.4 linecolor rgb paint(1), \
     csv using (column("exceedances") == chosen ? chosen : NaN):(inside(column("estimate_lower"))):(0): \
       (inside(has("estimate_upper") ? column("estimate_upper") : top) - inside(column("estimate_lower"))) with vectors \
       heads size screen across(0.6), 90 fixed linewidth 1.2 linecolor rgb paint(2), \
     csv using (column("exceedances") == chosen ? chosen : NaN):(estimate) with points pointtype 7 pointsize 2 * dot \
       linecolor rgb paint(2)
unset output
