# The legend above the picture: the heading and one entry a momentum, three a row. Loaded by the other scripts, which add
# what their lines mean in row `meaning`, and in the row below it when `extra_row` is 1.

series_name(i) = rule eq 'sgd' ? 'SGD' : momentum_label(momentum[i])
first_row = strlen(heading) > 0 ? 1 : 0
meaning = first_row + (count + 2) / 3
set tmargin at screen row(meaning + extra_row + 0.9)
if (strlen(heading) > 0) { set label escape(heading) at screen column_at(0), row(0) }
do for [i = 1 : count] {
  at_x = 22 * ((i - 1) % 3)
  at_y = row(first_row + (i - 1) / 3)
  set arrow from screen column_at(at_x), at_y to screen column_at(at_x + 6), at_y nohead \
    linewidth 1.4 linecolor rgb paint(i)
  set label '' at screen column_at(at_x + 3), at_y point pointtype shape(i) pointsize dot linecolor rgb paint(i)
  set label series_name(i) at screen after_sample(at_x), at_y
}
