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
exact = ''; measured = ''; bounds = ''
series(list) = with_series(list, int(column("series")) + 1)
stats csv using (has("exact") ? (exact = series(exact), see_y(column("exact"))) : 0) nooutput
stats csv using (has("measured_lower") ? (measured = series(measured), see_y(column("measured_lower"))) : 0) nooutput
stats csv using (has("measured_upper") ? see_y(column("measured_upper")) : 0) nooutput
stats csv using (has("bound") ? (bounds = series(bounds), y_high = column("bound") > y_high ? column("bound") : y_high) : 0) \
  nooutput

if (!exists("heading")) \
  heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '.sampling_name(sampling)
y_log = 0
y_from = y_low < 0 ? y_low : 0
y_to = y_high > 0 ? y_high : 0
load here.'axes.gp'
# Step sizes are not whole numbers: powers of ten, with 2 and 5 where these are few, and all digits within a factor of 4.
set logscale x 10
set xtics ()
decades = log10(x_right / x_left)
do for [k = int(floor(log10(x_left))) : int(ceil(log10(x_right)))] {
  do for [m = 1 : 9] {
    value = m * 10.0**k
    text = k >= -3 && k <= 3 ? sprintf('%g', value) : m == 1 ? power(k) : multiple(m, k)
    if (m == 1 || (decades < 2.5 && (m == 2 || m == 5)) || (decades < 1 && m <= 6)) { set xtics add (text value) } \
    else { set xtics add ("" value 1) }
  }
}
y_room = 0.08 * (y_to - y_from > 0 ? y_to - y_from : 1)
set yrange [y_from - y_room : y_to + y_room] noextend
set xlabel 'step size'.gap.eta
set ylabel 'growth of the loss per step, ln'
set minussign
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
if (words(bounds) > 0) {
  set label 'bound' at screen after_sample(44), row(meaning)
  set arrow from screen column_at(44), row(meaning) to screen column_at(50), row(meaning) nohead linewidth 1.2 \
    dashtype (8, 5) linecolor rgb grey
}

select(list, k, name) = column("series") == number(list, k) - 1 && has(name) ? column(name) : NaN
plot for [k = 1 : words(bounds)] csv using (column("eta")):(select(bounds, k, "bound")) with lines linewidth 1.2 \
       dashtype (8, 5) linecolor rgb paint(number(bounds, k)), \
     for [k = 1 : words(exact)] csv using (column("eta")):(select(exact, k, "exact")) with lines linewidth 1.4 \
       linecolor rgb paint(number(exact, k)), \
     for [k = 1 : words(measured)] csv using (column("eta")):(select(measured, k, "measured_lower")):(0): \
       (select(measured, k, "measured_upper") - select(measured, k, "measured_lower")) with vectors \
       heads size screen across(0.6), 90 fixed linewidth 0.9 linecolor rgb paint(number(measured, k)), \
     for [k = 1 : words(measured)] csv using (column("eta")):(select(measured, k, "measured")) with points \
       pointtype shape(number(measured, k)) pointsize dot linecolor rgb paint(number(measured, k))
unset output
