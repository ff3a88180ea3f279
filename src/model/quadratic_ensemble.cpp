#include "brink/model/quadratic_ensemble.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

constexpr std::uint32_t kRowStream = 2;

/// A Gamma(shape, 1) number, shape > 1, by squeezed rejection [Marsaglia & Tsang 2000].
double gamma_number(double shape, Philox& random) {
  const double d = shape - 1.0 / 3.0;
  const double scale = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double z = random.normal();
    const double root = 1.0 + scale * z;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(random.uniform()) < 0.5 * z * z + d * (1.0 - v + std::log(v))) return d * v;
  }
}

}  // namespace

Vector power_law_spectrum(Index dimension, double exponent) {
  check_argument(dimension >= 1, "power_law_spectrum", "dimension", dimension, "an integer >= 1");
  check_argument(std::isfinite(exponent), "power_law_spectrum", "exponent", exponent, "a finite number");
  Vector spectrum(dimension);
  for (Index i = 0; i < dimension; ++i) spectrum[i] = std::pow(static_cast<double>(i + 1), -exponent);
  return spectrum;
}

RowMatrix quadratic_rows(const Vector& spectrum, Index samples, Index outputs, std::string_view rows,
                         double degrees_of_freedom, std::uint64_t seed) {
  constexpr std::string_view function = "quadratic_rows";
  check_argument(samples >= 1 && samples < (Index{1} << 31), function, "samples", samples, "an integer >= 1");
  check_argument(outputs >= 1 && outputs < (Index{1} << 31), function, "outputs", outputs, "an integer >= 1");
  check_argument(rows == "gaussian" || rows == "student-t", function, "rows", rows, "\"gaussian\" or \"student-t\"");
  const bool heavy_tailed = rows == "student-t";
  check_argument(!heavy_tailed || (degrees_of_freedom > 2 && std::isfinite(degrees_of_freedom)), function,
                 "degrees_of_freedom", degrees_of_freedom, "a finite number > 2 (the covariance must exist)");
  const Index d = spectrum.size();
  require_memory(8.0 * static_cast<double>(samples * outputs) * static_cast<double>(d), function);
  const Vector deviation = (spectrum / static_cast<double>(outputs)).cwiseSqrt();
  RowMatrix a(samples * outputs, d);
  for (Index i = 0; i < a.rows(); ++i) {
    Philox random(seed, Purpose::model, static_cast<std::uint32_t>(i), kRowStream);
    double factor = 1;
    if (heavy_tailed) {
      const double chi_squared = 2.0 * gamma_number(0.5 * degrees_of_freedom, random);
      factor = std::sqrt((degrees_of_freedom - 2.0) / chi_squared);
    }
    for (Index j = 0; j < d; ++j) a(i, j) = factor * deviation[j] * random.normal();
  }
  return a;
}

}  // namespace brink
