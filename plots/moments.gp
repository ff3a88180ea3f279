# Growth of moments against the step size: Λ(q)/q, one curve a moment q, and the Lyapunov exponent for q → 0. Bands: 95% of
# what was measured. Rings: where a moment stops being stable, or becomes stable again, with 95% intervals.
#
#   gnuplot moments.gp                                         moments.csv → moments.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" moments.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, moment, eta, growth, growth_lower, growth_upper, zero,
# zero_lower, zero_upper. Rows are sorted by series (0, 1, …: one a moment), curves by eta. Empty fields are missing
# values. Variables: from, to (of the step size), bottom, top (of the growth).

if (!exists("stem")) stem = 'moments'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('moments.gp')]
load here.'style.gp'

# What the file holds.
array moment[100]
batch = 0; bands = 0; zeros = 0
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), batch = column("batch"), \
                 moment[int(column("series")) + 1] = column("moment")) nooutput
stats csv using (has("eta") ? see_x(column("eta")) : 0) nooutput
stats csv using (has("growth_upper") && column("growth_upper") - column("growth_lower") > 1e-6 ? bands = bands + 1 : 0) \
  nooutput
last_zero = 0
stats csv using (has("zero") ? (zeros = zeros + 1, last_zero = column("zero") > last_zero ? column("zero") : last_zero) : 0) \
  nooutput
# Beyond the last zero there is only growth: a little of it is enough.
if (last_zero > 0 && 1.35 * last_zero < x_high) { x_high = 1.35 * last_zero }
y_low = 1e300; y_high = -1e300
stats csv using (has("growth") && column("eta") <= x_high ? see_y(column("growth")) : 0) nooutput
if (x_high <= 0) { x_low = 0; x_high = 1 }
if (y_high < y_low) { y_low = -1; y_high = 1 }

if (!exists("heading")) heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '. \
  sampling_name(sampling).', '.(latex ? sprintf('$B = %d$', batch) : batch_size.gap.sprintf('= %d', batch))
y_span = y_high - y_low > 0 ? y_high - y_low : 1
if (!exists("from")) from = 0
if (!exists("to")) to = x_high
if (!exists("top")) top = (y_high > 0 ? y_high : 0) + 0.06 * y_span
# Next to a step that ends at the minimum growth tends to −∞: that would press everything else together.
if (!exists("bottom")) bottom = y_high > 0 && y_low < -2 * y_high ? -2.1 * y_high : y_low - 0.06 * y_span
set xrange [from : to] noextend
set yrange [bottom : top] noextend
set mxtics 2
set mytics 2
set minussign
set xlabel 'step size'.gap.eta
order = latex ? '$q$' : '{/:Italic q}'
set ylabel latex ? 'growth per step $\Lambda(q)/q$' : 'growth per step Λ('.order.')/'.order

# The legend: heading, moments four a row, what the marks mean.
moment_label(q) = q == 0 ? (latex ? '$q \to 0$' : order.gap.'→ 0') : \
  latex ? sprintf('$q = %g$', q) : order.gap.sprintf('= %g', q)
first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + (count + 3) / 4
set tmargin at screen row(meaning + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 17 * ((i - 1) % 4)
  at_y = row(first_row + (i - 1) / 4)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead linewidth 1.4 \
    linecolor rgb paint(i)
  set label moment_label(moment[i]) at screen after_sample(at_x), at_y
}
if (zeros > 0) {
  set label 'zero' at screen after_sample(0), row(meaning)
  set label '' at screen column_at(3), row(meaning) point pointtype 6 pointsize 1.6 * dot linewidth 1.2 linecolor rgb grey
}
if (bands > 0) {
  set label '95'.percent.' band' at screen after_sample(17), row(meaning)
  set object rectangle from screen column_at(17), row(meaning) - above(1) to screen column_at(23), row(meaning) + above(1) \
    fillcolor rgb '#CCCCCC' fillstyle solid noborder
}
set arrow from graph 0, first 0 to graph 1, first 0 nohead linewidth 0.8 dashtype (8, 5) linecolor rgb grey back

# The palette mixed with white, because not every terminal has transparency.
array tint[7]
tint[1] = '#B2D4E7'; tint[2] = '#F2CEB2'; tint[3] = '#B2E1D5'; tint[4] = '#EFD6E4'
tint[5] = '#F7E2B2'; tint[6] = '#CCE9F8'; tint[7] = '#BFBFBF'
shade(i) = tint[(i - 1) % 7 + 1]

select(i, name) = column("series") == i - 1 && has(name) ? column(name) : NaN
plot for [i = 1 : count] csv using (select(i, "eta")):(select(i, "growth_lower")):(select(i, "growth_upper")) \
       with filledcurves fillcolor rgb shade(i) fillstyle solid noborder, \
     for [i = 1 : count] csv using (select(i, "eta")):(select(i, "growth")) with lines linewidth 1.4 \
       linecolor rgb paint(i), \
     for [i = 1 : count] csv using (select(i, "zero_lower")):(0):(select(i, "zero_upper") - select(i, "zero_lower")):(0) \
       with vectors heads size screen across(0.01), 90 fixed linewidth 0.9 linecolor rgb paint(i), \
     for [i = 1 : count] csv using (select(i, "zero")):(0) with points pointtype 7 pointsize 1.6 * dot \
       linecolor rgb '#FFFFFF', \
     for [i = 1 : count] csv using (select(i, "zero")):(0) with points pointtype 6 pointsize 1.6 * dot linewidth 1.2 \
       linecolor rgb paint(i)
unset output
