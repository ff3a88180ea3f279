#include "brink/model/random_features.hpp"

#include <cmath>
#include <numbers>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

constexpr std::uint32_t kWeightStream = 3;

template <class Activation>
void apply(RowMatrix& z, double scale, Activation activation) {
  z = z.unaryExpr([&](double value) { return scale * activation(value); });
}

}  // namespace

RowMatrix random_features(const RowMatrix& inputs, const RandomFeatures& map) {
  constexpr std::string_view function = "random_features";
  check_argument(map.features >= 1 && map.features < (Index{1} << 31), function, "features", map.features,
                 "an integer >= 1");
  check_argument(map.weight_scale > 0 && std::isfinite(map.weight_scale), function, "weight_scale", map.weight_scale,
                 "a finite number > 0");
  check_argument(inputs.size() > 0, function, "inputs", "empty", "at least one sample with one column");
  const Index d = inputs.cols();
  const Index m = map.features;
  require_memory(8.0 * static_cast<double>(m) * static_cast<double>(d + inputs.rows()), function);

  RowMatrix weights(m, d);
  Vector phases(m);
  for (Index i = 0; i < m; ++i) {
    Philox random(map.seed, Purpose::model, static_cast<std::uint32_t>(i), kWeightStream);
    phases[i] = 2.0 * std::numbers::pi * random.uniform();
    for (Index j = 0; j < d; ++j) weights(i, j) = random.normal();
  }
  RowMatrix z = inputs * weights.transpose();
  z *= map.weight_scale / std::sqrt(static_cast<double>(d));
  const double scale = 1.0 / std::sqrt(static_cast<double>(m));
  if (map.activation == "relu") {
    apply(z, scale, [](double value) { return value > 0 ? value : 0.0; });
  } else if (map.activation == "tanh") {
    apply(z, scale, [](double value) { return std::tanh(value); });
  } else if (map.activation == "erf") {
    apply(z, scale, [](double value) { return std::erf(value); });
  } else if (map.activation == "fourier") {
    z.rowwise() += phases.transpose();
    apply(z, std::numbers::sqrt2 * scale, [](double value) { return std::cos(value); });
  } else {
    fail_argument(function, "activation", map.activation, "\"relu\", \"tanh\", \"erf\" or \"fourier\"");
  }
  return z;
}

}  // namespace brink
