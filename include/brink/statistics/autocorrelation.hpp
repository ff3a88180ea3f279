#pragma once
// How fast a stationary process forgets: its autocorrelation from independent runs, and the rate at which that decays.

#include <optional>
#include <string>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

struct Correlation {
  Index lag = 0;  ///< steps
  double value = 1;
  double standard_error = 0;
};

/// −(1/s) ln(ρ_{t+s}/ρ_t) over the lags t = from … from + s = to.
struct DecayRate {
  double value = 0;
  double standard_error = 0;
  Index from = 0;
  Index to = 0;
};

struct Autocorrelation {
  std::vector<Correlation> curve;  ///< ρ_0 = 1, ρ_1, …
  std::optional<DecayRate> decay;
  std::string no_decay;  ///< why there is none, otherwise empty
};

/// ρ_t = C_t/C_0, C_t the mean of (y_s − ȳ)(y_{s+t} − ȳ) over all rows and times, ȳ the mean of everything. Rows are
/// independent runs of the same stationary process; ρ_t is a ratio of sums over rows, and its standard error that of
/// such a ratio, so the correlation inside a row costs nothing. Lags go up to `longest_lag`, or to the first one whose
/// ρ is below two standard errors. The decay is taken from the first lag with ρ ≤ 1/e on, over as many steps again
/// (fewer where ρ is lost before): where several exponentials mix, the faster ones are mostly gone there. None where ρ
/// is lost, or negative, before that. Throws InvalidInput for fewer than 8 rows, values that are not finite or all
/// equal, or a lag not in 1 … steps/2. O(rows · steps · lags).
[[nodiscard]] Autocorrelation autocorrelation(const RowMatrix& series, Index longest_lag);

}  // namespace brink
