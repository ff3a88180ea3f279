# Axes for the range of the data, x_low … x_high (batch sizes, logarithmic) and y_low … y_high (logarithmic when y_log).
# Loaded by the other scripts once they know the range.

power(k) = latex ? sprintf('$10^{%d}$', k) : sprintf('10^{%s%d}', k < 0 ? '−' : '', abs(k))
multiple(m, k) = latex ? sprintf('$%d\cdot 10^{%d}$', m, k) : sprintf('%d·', m).power(k)

# Without data there is still an empty picture, and no error.
if (x_high <= 0) { x_low = 1; x_high = 10 }
if (y_high < y_low) { y_low = 0.1; y_high = 1 }

# At least a factor 4 on each axis, and room around the outermost points.
x_centre = sqrt(x_low * x_high)
x_left = (x_low < x_centre / 2 ? x_low : x_centre / 2) / 1.3
x_right = (x_high > x_centre * 2 ? x_high : x_centre * 2) * 1.3
set xrange [x_left : x_right] noextend
decades = log10(x_right / x_left)
if (decades < 3.7) {
  # Powers of two, at most seven labelled.
  set logscale x 2
  first = int(ceil(log2(x_left))); last = int(floor(log2(x_right)))
  first = first < 0 ? 0 : first
  step = int(ceil((last - first + 1) / 7.0))
  set xtics ()
  do for [k = first : last] {
    if ((k - first) % step == 0) { set xtics add (sprintf("%.0f", 2.0**k) 2.0**k) } else { set xtics add ("" 2.0**k 1) }
  }
} else {
  set logscale x 10
  set xtics ()
  step = int(ceil(decades / 9))
  do for [k = int(floor(log10(x_left))) : int(ceil(log10(x_right)))] {
    if (k % step == 0) { set xtics add (power(k) 10.0**k) } else { set xtics add ("" 10.0**k 1) }
    if (step == 1) { do for [m = 2 : 9] { set xtics add ("" m * 10.0**k 1) } }
  }
}

if (y_log) {
  y_centre = sqrt(y_low * y_high)
  y_bottom = (y_low < y_centre / 2 ? y_low : y_centre / 2) / 1.35
  y_top = (y_high > y_centre * 2 ? y_high : y_centre * 2) * 1.35
  set yrange [y_bottom : y_top] noextend
  set logscale y 10
  decades = log10(y_top / y_bottom)
  set ytics ()
  if (decades >= 1.6) {
    step = int(ceil(decades / 7))
    do for [k = int(floor(log10(y_bottom))) : int(ceil(log10(y_top)))] {
      if (k % step == 0) { set ytics add (power(k) 10.0**k) } else { set ytics add ("" 10.0**k 1) }
      if (step == 1) { do for [m = 2 : 9] { set ytics add ("" m * 10.0**k 1) } }
    }
  } else {
    # Too few powers of ten to read values from: label 1, 2 and 5 too.
    do for [k = int(floor(log10(y_bottom))) : int(ceil(log10(y_top)))] {
      do for [m = 1 : 9] {
        value = m * 10.0**k
        text = k >= -3 && k <= 3 ? sprintf('%g', value) : m == 1 ? power(k) : multiple(m, k)
        if (m == 1 || m == 2 || m == 5) { set ytics add (text value) } else { set ytics add ("" value 1) }
      }
    }
  }
} else {
  set yrange [0 : y_high * 1.08] noextend
  set mytics 2
}
