# Exact thresholds of finite models over their limit against the dimension: mean and standard error over random draws, one
# colour a momentum. The dashed line is the limit.
#
#   gnuplot limit-dimension.gp                                 limit-dimension.csv → limit-dimension.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" limit-dimension.gp
#
# Columns of the CSV: series, rule, sampling, momentum, spectrum, parameter, batch, dimension, eta, standard_error, limit.
# Rows are sorted by series (0, 1, …: one a momentum), then dimension.

if (!exists("stem")) stem = 'limit-dimension'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('limit-dimension.gp')]
load here.'style.gp'

# What the file holds.
see_ratio(eta, limit, error) = see_y((eta + error) / limit) - see_y((eta - error) / limit)
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), spectrum = strcol("spectrum"), parameter = strcol("parameter"), \
                 batch = column("batch"), see_x(column("dimension"))) nooutput
stats csv using (has("eta") && has("limit") ? see_ratio(column("eta"), column("limit"), column("standard_error")) : 0) \
  nooutput

if (!exists("heading")) heading = rule_name(rule).', '.sampling_name(sampling)
low = y_low; high = y_high
y_log = 0
load here.'axes.gp'
room = (high > 1 ? high : 1) - (low < 1 ? low : 1)
room = room > 1e-9 ? room : 1e-9
set yrange [(low < 1 ? low : 1) - 0.12 * room : (high > 1 ? high : 1) + 0.12 * room] noextend
set xlabel 'dimension'.gap.(latex ? '$d$' : '{/:Italic d}')
set ylabel 'threshold / limit'

load here.'limit-setting.gp'
extra_row = 1
load here.'legend.gp'
set label setting.batch_text at screen column_at(0), row(meaning)
set label 'mean and standard error of draws' at screen after_sample(0), row(meaning + 1)
set label '' at screen column_at(3), row(meaning + 1) point pointtype 7 pointsize dot linecolor rgb grey
set arrow from screen column_at(50), row(meaning + 1) to screen column_at(56), row(meaning + 1) nohead linewidth 1 \
  dashtype (8, 5) linecolor rgb grey
set label 'limit' at screen after_sample(50), row(meaning + 1)
set arrow from graph 0, first 1 to graph 1, first 1 nohead linewidth 1 dashtype (8, 5) linecolor rgb grey back

# Series stand a little apart, so that their error bars do not cover each other.
apart(i, x) = x * 1.04**(i - (count + 1) / 2.0)
select(i, value) = column("series") == i - 1 && has("eta") && has("limit") ? value : NaN
ratio(i) = select(i, column("eta") / column("limit"))
error(i) = column("standard_error") / column("limit")
plot for [i = 1 : count] csv using (apart(i, column("dimension"))):(ratio(i)) with lines linewidth 0.8 \
       linecolor rgb paint(i), \
     for [i = 1 : count] csv using (apart(i, column("dimension"))):(ratio(i) - error(i)):(0):(2 * error(i)) with vectors \
       heads size screen across(0.6), 90 fixed linewidth 0.9 linecolor rgb paint(i), \
     for [i = 1 : count] csv using (apart(i, column("dimension"))):(ratio(i)) with points pointtype shape(i) \
       pointsize dot linecolor rgb paint(i)
unset output
