# Escape from a minimum: growth of the loss per step against the step size, as exact theory (solid), as measured by cloning
# (points with 95% intervals) and as the lower bound of Wu, Wang & Su 2022 (dashed), one colour a batch size.
#
#   gnuplot escape.gp                                          escape.csv → escape.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" escape.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, eta, eta_over_threshold, exact, measured, measured_lower,
# measured_upper, bound. Rows are sorted by series (0, 1, …: one a batch size), then eta. Empty fields are missing values.

if (!exists("stem")) stem = 'escape'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('escape.gp')]
load here.'style.gp'

# What the file holds. The bound may fall without end towards small steps: it does not set the range.
array batch[100]
see_batch(i, v) = (batch[i] = v)
stats csv using (see_series(int(column("series")) + 1, column("momentum")), \
                 see_batch(int(column("series")) + 1, column("batch")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), see_x(column("eta"))) nooutput
do for [name in "exact measured_lower measured_upper"] {
  stats csv using (has(name) ? see_y(column(name)) : 0) nooutput
}
bounds = 0
stats csv using (has("bound") ? (bounds = bounds + 1, y_high = column("bound") > y_high ? column("bound") : y_high) : 0) \
  nooutput

if (!exists("heading")) \
  heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '.sampling_name(sampling)
y_log = 0
y_from = y_low < 0 ? y_low : 0
y_to = y_high > 0 ? y_high : 0
load here.'axes.gp'
y_room = 0.08 * (y_to - y_from > 0 ? y_to - y_from : 1)
set yrange [y_from - y_room : y_to + y_room] noextend
set xlabel 'step size'.gap.eta
set ylabel 'growth of the loss per step, ln'
set arrow from graph 0, first 0 to graph 1, first 0 nohead linewidth 0.6 linecolor rgb grey back

batch_label(value) = latex ? sprintf('$B = %g$', value) : batch_size.gap.sprintf('= %g', value)
first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + (count + 2) / 3
set tmargin at screen row(meaning + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 22 * ((i - 1) % 3)
  at_y = row(first_row + (i - 1) / 3)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead linewidth 1.4 \
    linecolor rgb paint(i)
  set label '' at screen column_at(at_x + 3), at_y point pointtype shape(i) pointsize dot linecolor rgb paint(i)
  set label batch_label(batch[i]) at screen after_sample(at_x), at_y
}
set label 'exact' at screen after_sample(0), row(meaning)
set arrow from screen column_at(0), row(meaning) to screen column_at(6), row(meaning) nohead linewidth 1.4 \
  linecolor rgb grey
set label 'simulation' at screen column_at(25), row(meaning)
set label '' at screen column_at(22), row(meaning) point pointtype 7 pointsize dot linecolor rgb grey
if (bounds > 0) {
  set label 'bound' at screen after_sample(44), row(meaning)
  set arrow from screen column_at(44), row(meaning) to screen column_at(50), row(meaning) nohead linewidth 1.2 \
    dashtype (8, 5) linecolor rgb grey
}

select(i, name) = column("series") == i - 1 && has(name) ? column(name) : NaN
plot for [i = 1 : count] csv using (column("eta")):(select(i, "bound")) with lines linewidth 1.2 dashtype (8, 5) \
       linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("eta")):(select(i, "exact")) with lines linewidth 1.4 linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("eta")):(select(i, "measured_lower")):(0): \
       (select(i, "measured_upper") - select(i, "measured_lower")) with vectors \
       heads size screen across(0.6), 90 fixed linewidth 0.9 linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("eta")):(select(i, "measured")) with points \
       pointtype shape(i) pointsize dot linecolor rgb paint(i)
unset output
