# The expected loss of a large least-squares problem, step by step: the Volterra equation (lines), and trajectories of a
# finite model: their mean (points), median (dashed) and middle 90% (band), one colour a momentum and step size. Dotted:
# the exact curve of the finite model, where there is one.
#
#   gnuplot loss-curve.gp                                      loss-curve.csv → loss-curve.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" loss-curve.gp
#
# Columns of the CSV: series, rule, sampling, momentum, spectrum, parameter, batch, eta, eta_over_threshold, step, loss,
# exact, mean, median, lower, upper. Rows are sorted by series (0, 1, …: one a momentum and step size), then step. Empty
# fields are missing values.

if (!exists("stem")) stem = 'loss-curve'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('loss-curve.gp')]
load here.'style.gp'

# What the file holds.
array share[100]
see_share(i, v) = (share[i] = v)
series(list) = with_series(list, int(column("series")) + 1)
limit = ''; mean = ''; median = ''; band = ''; exact = ''
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), spectrum = strcol("spectrum"), parameter = strcol("parameter"), \
                 batch = column("batch"), see_share(int(column("series")) + 1, \
                 has("eta_over_threshold") ? column("eta_over_threshold") : 0), see_x(column("step"))) nooutput
stats csv using (has("loss") ? (limit = series(limit), see_y(column("loss"))) : 0) nooutput
stats csv using (has("mean") ? (mean = series(mean), see_y(column("mean"))) : 0) nooutput
stats csv using (has("median") ? (median = series(median), 0) : 0) nooutput
stats csv using (has("exact") ? (exact = series(exact), see_y(column("exact"))) : 0) nooutput
stats csv using (has("lower") ? (band = series(band), see_y(column("lower"))) : 0) nooutput
stats csv using (has("upper") ? see_y(column("upper")) : 0) nooutput

if (!exists("heading")) heading = rule_name(rule).', '.sampling_name(sampling)
y_log = 1
load here.'axes.gp'
load here.'limit-setting.gp'
set xlabel 'step'
set ylabel 'excess loss / its start'

# One entry a curve, two a row.
star = latex ? '$\eta/\eta^{*}$' : eta.'/'.eta.'*'
entry(i) = (rule eq 'sgd' ? '' : momentum_label(momentum[i]).', ').star.gap.'= '.sprintf('%.3g', share[i])
first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + 1 + (count + 1) / 2
set tmargin at screen row(meaning + (words(exact) > 0) + 0.9)
if (strlen(heading) > 0) { set label escape(heading) at screen column_at(0), row(0) }
set label setting.batch_text at screen column_at(0), row(first_row)
do for [i = 1 : count] {
  at_x = 34 * ((i - 1) % 2)
  at_y = row(first_row + 1 + (i - 1) / 2)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead linewidth 1.4 \
    linecolor rgb paint(i)
  set label '' at screen column_at(at_x + 3), at_y point pointtype shape(i) pointsize dot linecolor rgb paint(i)
  set label entry(i) at screen after_sample(at_x), at_y
}
sample(at) = sprintf('from screen %.17g, %.17g to screen %.17g, %.17g nohead', column_at(at), row(meaning), \
                     column_at(at + 6), row(meaning))
eval 'set arrow '.sample(0).' linewidth 1.4 linecolor rgb grey'
set label 'limit' at screen after_sample(0), row(meaning)
if (words(mean) > 0) {
  set label '' at screen column_at(16), row(meaning) point pointtype 7 pointsize dot linecolor rgb grey
  set label 'mean' at screen column_at(18), row(meaning)
  eval 'set arrow '.sample(27.5).' linewidth 1 dashtype 2 linecolor rgb grey'
  set label 'median' at screen after_sample(27.5), row(meaning)
  set object 100 rectangle from screen column_at(45), row(meaning + 0.3) to screen column_at(51), row(meaning - 0.3) \
    fillcolor rgb grey fillstyle solid 0.25 noborder
  set label '90'.percent.' of runs' at screen after_sample(45), row(meaning)
}
if (words(exact) > 0) {
  set arrow from screen column_at(0), row(meaning + 1) to screen column_at(6), row(meaning + 1) nohead linewidth 1.2 \
    dashtype (1.5, 3) linecolor rgb grey
  set label 'exact for the spectrum of the runs' at screen after_sample(0), row(meaning + 1)
}

select(list, k, name) = column("series") == number(list, k) - 1 && has(name) ? column(name) : NaN
plot for [k = 1 : words(band)] csv using (column("step")):(select(band, k, "lower")):(select(band, k, "upper")) \
       with filledcurves fillcolor rgb paint(number(band, k)) fillstyle transparent solid 0.2 noborder, \
     for [k = 1 : words(median)] csv using (column("step")):(select(median, k, "median")) with lines linewidth 1 \
       dashtype 2 linecolor rgb paint(number(median, k)), \
     for [k = 1 : words(exact)] csv using (column("step")):(select(exact, k, "exact")) with lines linewidth 1.2 \
       dashtype (1.5, 3) linecolor rgb paint(number(exact, k)), \
     for [k = 1 : words(limit)] csv using (column("step")):(select(limit, k, "loss")) with lines linewidth 1.4 \
       linecolor rgb paint(number(limit, k)), \
     for [k = 1 : words(mean)] csv using (column("step")):(select(mean, k, "mean")) with points \
       pointtype shape(number(mean, k)) pointsize dot linecolor rgb paint(number(mean, k))
unset output
