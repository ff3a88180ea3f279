# Trajectories: the loss against the step, over its mean at the start. The band holds 90% of the replicas; the median is what
# a run shows, the mean (with 95% intervals, thin) what it must be judged by, and the exact mean (dashed) what theory says of it. Where few replicas
# carry the mean, the measured one falls below the exact one.
#
#   gnuplot trajectories.gp                                    trajectories.csv → trajectories.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" trajectories.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, eta, control, inside (share of the replicas in the band),
# step, mean, mean_lower, mean_upper, median, lower, upper, exact. Empty fields are missing values.
# Variables: bottom, top (of the loss).

if (!exists("stem")) stem = 'trajectories'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('trajectories.gp')]
load here.'style.gp'

# What the file holds. A loss of zero has no place on a logarithmic axis.
has_exact = 0; inside = 0.9
positive(v) = v > 0 ? see_y(v) : 0
stats csv using (see_series(1, column("momentum")), rule = strcol("rule"), sampling = strcol("sampling"), \
                 control = strcol("control"), batch = column("batch"), step_size = column("eta"), \
                 inside = column("inside"), see_x(column("step")), positive(column("mean")), \
                 positive(column("median")), positive(column("lower")), positive(column("upper"))) nooutput
stats csv using (has("exact") ? (has_exact = 1, positive(column("exact"))) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '. \
  (control eq 'none' ? '' : control.', ').(latex ? sprintf('$B = %d$, $\eta = %g$', batch, step_size) : \
  batch_size.gap.sprintf('= %d, ', batch).eta.gap.sprintf('= %g', step_size))
if (y_low > y_high) { y_low = 0.1; y_high = 10 }
if (!exists("bottom")) bottom = y_low / 1.6
if (!exists("top")) top = y_high * 1.6
set xrange [0 : x_high > 0 ? x_high : 1] noextend
set yrange [bottom : top] noextend
set logscale y 10
power(k) = latex ? sprintf('$10^{%d}$', k) : sprintf('10^{%s%d}', k < 0 ? '−' : '', abs(k))
decades = log10(top / bottom)
apart = int(ceil(decades / 8))
set ytics ()
do for [k = int(floor(log10(bottom))) : int(ceil(log10(top)))] {
  if (k % apart == 0) { set ytics add (power(k) 10.0**k) } else { set ytics add ("" 10.0**k 1) }
  if (apart == 1) { do for [m = 2 : 9] { set ytics add ("" m * 10.0**k 1) } }
}
set mxtics 2
set xlabel 'step'
set ylabel latex ? '$L_t$ / mean of $L_0$' : '{/:Italic L}_{{/:Italic t}} / mean of {/:Italic L}_0'

first_row = strlen(heading) > 0 ? 1 : 0
set tmargin at screen row(first_row + 1 + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
light = '#B2D4E7'
set object rectangle from screen column_at(0), row(first_row) - above(1) to screen column_at(6), row(first_row) + above(1) \
  fillcolor rgb light fillstyle solid noborder
set label sprintf('%g', 100 * inside).percent.' of the replicas' at screen after_sample(0), row(first_row)
set arrow from screen column_at(40), row(first_row) to screen column_at(46), row(first_row) nohead linewidth 1.4 \
  linecolor rgb paint(1)
set label 'median' at screen after_sample(40), row(first_row)
set arrow from screen column_at(0), row(first_row + 1) to screen column_at(6), row(first_row + 1) nohead linewidth 1.4 \
  linecolor rgb paint(2)
do for [shift in '-0.8 0.8'] {
  set arrow from screen column_at(0), row(first_row + 1) + above(shift + 0) to screen column_at(6), \
    row(first_row + 1) + above(shift + 0) nohead linewidth 0.5 linecolor rgb paint(2)
}
set label 'mean, 95'.percent at screen after_sample(0), row(first_row + 1)
if (has_exact) {
  set arrow from screen column_at(40), row(first_row + 1) to screen column_at(46), row(first_row + 1) nohead \
    linewidth 1.2 dashtype (8, 5) linecolor rgb '#000000'
  set label 'exact mean' at screen after_sample(40), row(first_row + 1)
}

shown(v) = v < bottom ? bottom : v
plot csv using (column("step")):(shown(column("lower"))):(shown(column("upper"))) with filledcurves \
       fillcolor rgb light fillstyle solid noborder, \
     for [name in 'mean_lower mean_upper'] csv using (column("step")):(column(name) > 0 ? column(name) : NaN) with lines \
       linewidth 0.5 linecolor rgb paint(2), \
     csv using (column("step")):(column("median") > 0 ? column("median") : NaN) with lines linewidth 1.4 \
       linecolor rgb paint(1), \
     csv using (column("step")):(column("mean") > 0 ? column("mean") : NaN) with lines linewidth 1.4 linecolor rgb paint(2), \
     for [k = 1 : has_exact] csv using (column("step")):(column("exact")) with lines linewidth 1.2 dashtype (8, 5) \
       linecolor rgb '#000000'
unset output
