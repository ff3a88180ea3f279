# The mean-square threshold as an effective step size, η* times what a unit gradient finally moves x by (1/(1−β) for heavy
# ball), against the batch size, one colour a momentum. Settings that train alike at small steps lie at equal height:
# where the curves part, momentum changes how far the step can grow.
#
#   gnuplot effective-rate.gp                                  effective-rate.csv → effective-rate.pdf
#   gnuplot -e "csv='my.csv'; terminal='svg'" effective-rate.gp
#
# Columns of the CSV: series, rule, sampling, momentum, batch, effective_eta. Rows are sorted by series (0, 1, …: one a
# momentum), then batch.

if (!exists("stem")) stem = 'effective-rate'
if (!exists("csv")) csv = stem.'.csv'
here = ARG0[1 : strlen(ARG0) - strlen('effective-rate.gp')]
load here.'style.gp'

# What the file holds.
stats csv using (see_series(int(column("series")) + 1, column("momentum")), rule = strcol("rule"), \
                 sampling = strcol("sampling"), see_x(column("batch")), see_y(column("effective_eta"))) nooutput

if (!exists("heading")) heading = rule_name(rule).', '.sampling_name(sampling)
y_log = 1
load here.'axes.gp'
set xlabel 'batch size'.gap.batch_size
effective = formula('{/:Italic η}_{ef}', '\eta_{\mathrm{ef}}')
set ylabel 'largest stable effective step size'.gap.effective

extra_row = -1
load here.'legend.gp'
select(i) = column("series") == i - 1 ? column("effective_eta") : NaN
plot for [i = 1 : count] csv using (column("batch")):(select(i)) with linespoints pointtype shape(i) pointsize dot \
       linewidth 1.4 linecolor rgb paint(i)
unset output
