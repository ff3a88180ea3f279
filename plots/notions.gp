# The step sizes that every notion of stability allows, against the batch size: thresholds as curves, with 95% intervals
# where they were measured; further stable intervals above a threshold as thick bars.
#
#   gnuplot notions.gp                                         notions.csv → notions.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" notions.gp
#
# Columns of the CSV: series, rule, sampling, momentum, notion, moment, batch, eta, eta_lower, eta_upper, island_lower,
# island_upper. Rows are sorted by series (0, 1, …: one a notion), then batch. Empty fields are missing values.

if (!exists("stem")) stem = 'notions'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('notions.gp')]
load here.'style.gp'

# What the file holds.
array notion[100]; array moment[100]
islands = 0
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), see_x(column("batch")), \
                 notion[int(column("series")) + 1] = strcol("notion"), 0) nooutput
stats csv using (has("moment") ? moment[int(column("series")) + 1] = column("moment") : 0) nooutput
do for [name in "eta eta_upper island_lower island_upper"] {
  stats csv using (has(name) ? see_y(column(name)) : 0) nooutput
}
stats csv using (has("eta_lower") && column("eta_lower") > 0 ? see_y(column("eta_lower")) : 0) nooutput
stats csv using (has("island_lower") ? islands = islands + 1 : 0) nooutput

if (!exists("heading")) \
  heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '.sampling_name(sampling)
y_log = 1
load here.'axes.gp'
set xlabel 'batch size'.gap.batch_size
set ylabel 'step size'.gap.eta

order = latex ? '$q$' : '{/:Italic q}'
title(i) = notion[i] eq 'mean-square' ? 'mean square' : notion[i] eq 'almost-sure' ? 'almost sure' : \
  notion[i] eq 'moment' ? (latex ? sprintf('$q = %g$', moment[i]) : order.gap.sprintf('= %g', moment[i])) : notion[i]
first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + (count + 2) / 3
set tmargin at screen row(meaning + (islands > 0) - 0.1)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 24 * ((i - 1) % 3)
  at_y = row(first_row + (i - 1) / 3)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead linewidth 1.4 \
    linecolor rgb paint(i)
  set label '' at screen column_at(at_x + 3), at_y point pointtype shape(i) pointsize dot linecolor rgb paint(i)
  set label title(i) at screen after_sample(at_x), at_y
}
if (islands > 0) {
  set label 'stable again' at screen after_sample(0), row(meaning)
  set arrow from screen column_at(3), row(meaning) - above(1.3) to screen column_at(3), row(meaning) + above(1.3) \
    nohead linewidth 4 linecolor rgb grey
}

select(i, name) = column("series") == i - 1 && has(name) ? column(name) : NaN
plot for [i = 1 : count] csv using (column("batch")):(select(i, "eta")) with linespoints linewidth 1.4 \
       linecolor rgb paint(i) pointtype shape(i) pointsize dot, \
     for [i = 1 : count] csv using (column("batch")):(select(i, "eta_lower")):(0): \
       (select(i, "eta_upper") - select(i, "eta_lower")) with vectors heads size screen across(0.6), 90 fixed \
       linewidth 0.9 linecolor rgb paint(i), \
     for [i = 1 : count] csv using (column("batch")):(select(i, "island_lower")):(0): \
       (select(i, "island_upper") - select(i, "island_lower")) with vectors nohead linewidth 4 linecolor rgb paint(i)
unset output
