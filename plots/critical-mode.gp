# The critical mode: the share of each eigendirection in the covariance of x at the mean-square threshold, against its
# curvature, one colour a batch size. Large batches become unstable along the largest curvature alone, small ones along many
# directions at once.
#
#   gnuplot critical-mode.gp                                   critical-mode.csv → critical-mode.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" critical-mode.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, curvature, share. Rows are sorted by series (0, 1, …: one a
# batch size). Empty fields are missing values.

if (!exists("stem")) stem = 'critical-mode'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('critical-mode.gp')]
load here.'style.gp'

# What the file holds.
array batch[100]
modes = ''; beta_value = 0
see_batch(i, v) = (count = i > count ? i : count, batch[i] = v)
stats csv using (see_batch(int(column("series")) + 1, column("batch")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), beta_value = column("momentum")) nooutput
stats csv using (has("curvature") && has("share") ? (modes = with_series(modes, int(column("series")) + 1), \
                 see_x(column("curvature")), see_y(column("share"))) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(beta_value)).', '. \
  sampling_name(sampling)
# Shares below 1e-8 of the largest are rounding and no picture.
y_low = y_low < 1e-8 * y_high ? 1e-8 * y_high : y_low
y_log = 1
load here.'axes.gp'
set logscale x 10
set xtics ()
decades = log10(x_right / x_left)
step = int(ceil(decades / 7))
do for [k = int(floor(log10(x_left))) : int(ceil(log10(x_right)))] {
  do for [m = 1 : 9] {
    labelled = decades >= 1.6 ? m == 1 && k % step == 0 : m == 1 || m == 2 || m == 5
    value = m * 10.0**k
    text = !labelled ? '' : decades >= 1.6 ? power(k) : k >= -3 && k <= 3 ? sprintf('%g', value) : multiple(m, k)
    if (step == 1 || m == 1) { set xtics add (text value labelled ? 0 : 1) }
  }
}
set xlabel 'curvature'.gap.formula('{/:Italic λ_i}', '\lambda_i')
set ylabel 'share of the critical mode'

batch_label(value) = latex ? sprintf('$B = %g$', value) : batch_size.gap.sprintf('= %g', value)
first_row = strlen(heading) > 0 ? 1 : 0
set tmargin at screen row(first_row + (count + 2) / 3 - 0.1)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 22 * ((i - 1) % 3)
  at_y = row(first_row + (i - 1) / 3)
  set label '' at screen column_at(at_x + 3), at_y point pointtype shape(i) pointsize dot linecolor rgb paint(i)
  set label batch_label(batch[i]) at screen after_sample(at_x), at_y
}
select(k) = column("series") == number(modes, k) - 1 && has("share") ? column("share") : NaN
plot for [k = 1 : words(modes)] csv using (column("curvature")):(select(k)) with points \
       pointtype shape(number(modes, k)) pointsize 0.8 * dot linecolor rgb paint(number(modes, k))
unset output
