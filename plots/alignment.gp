# The alignment of gradient noise with the curvature along one trajectory: its direction (a cosine), its magnitude, and
# their product μ, with the values at the critical mode (dashed).
#
#   gnuplot alignment.gp                                       alignment.csv → alignment.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" alignment.gp
#
# Columns of the CSV: rule, sampling, momentum, batch, eta, eta_over_threshold, step, mu, direction, magnitude, critical_mu,
# critical_direction, critical_magnitude. Empty fields are missing values.

if (!exists("stem")) stem = 'alignment'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('alignment.gp')]
load here.'style.gp'

# What the file holds.
names = "mu direction magnitude"
array critical[3]
ratio = 0; size = 0; last_step = 1
do for [i = 1 : 3] { critical[i] = 0 }
stats csv using (see_series(1, column("momentum")), rule = strcol("rule"), sampling = strcol("sampling"), \
                 size = column("batch"), last_step = column("step") > last_step ? column("step") : last_step) nooutput
stats csv using (has("eta_over_threshold") ? (ratio = column("eta_over_threshold")) : 0) nooutput
do for [i = 1 : 3] {
  stats csv using (has(word(names, i)) ? see_y(column(word(names, i))) : 0) nooutput
  stats csv using (has("critical_".word(names, i)) ? (critical[i] = see_y(column("critical_".word(names, i)))) : 0) nooutput
}

at_threshold = ratio > 0 ? \
  (latex ? sprintf('$\eta = %.3g\,\eta^*$', ratio) : eta.gap.sprintf('= %.3g ', ratio).eta.'*') : ''
batch_label = latex ? sprintf('$B = %g$', size) : batch_size.gap.sprintf('= %g', size)
if (!exists("heading")) heading = rule_name(rule).(rule eq 'sgd' ? '' : ', '.momentum_label(momentum[1])).', '. \
  sampling_name(sampling).', '.batch_label.(strlen(at_threshold) > 0 ? ', ' : '').at_threshold
y_log = y_low > 0 && y_high > 30 * y_low
x_low = 1; x_high = 10
load here.'axes.gp'
unset logscale x
set xrange [0 : last_step] noextend
set xtics autofreq
set mxtics 2
set xlabel 'step'
set ylabel 'alignment'

mu = latex ? '$\mu$' : '{/:Italic μ}'
array title[3]
title[1] = mu; title[2] = 'direction'; title[3] = 'magnitude'
first_row = strlen(heading) > 0 ? 1 : 0
has_critical = critical[1] > 0
set tmargin at screen row(first_row + has_critical + 0.9)
if (strlen(heading) > 0) { set label heading at screen column_at(0), row(0) }
do for [i = 1 : 3] {
  set arrow from screen column_at(22 * (i - 1)), row(first_row) to screen column_at(22 * (i - 1) + 6), row(first_row) \
    nohead linewidth 1.4 linecolor rgb paint(i)
  set label title[i] at screen after_sample(22 * (i - 1)), row(first_row)
}
if (has_critical) {
  set arrow from screen column_at(0), row(first_row + 1) to screen column_at(6), row(first_row + 1) nohead \
    linewidth 1.2 dashtype (8, 5) linecolor rgb grey
  set label 'at the critical mode' at screen after_sample(0), row(first_row + 1)
  do for [i = 1 : 3] {
    set arrow from graph 0, first critical[i] to graph 1, first critical[i] nohead linewidth 1.2 dashtype (8, 5) \
      linecolor rgb paint(i) front
  }
}

plot for [i = 1 : 3] csv using (column("step")):(column(word(names, i))) with lines linewidth 0.8 \
       linecolor rgb paint(i)
unset output
