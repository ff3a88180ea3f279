#include "analysis/noise_weights.hpp"

#include <cmath>

namespace brink::analysis {

VectorOf<float> noise_weights(VectorOf<float> zeta, Index batch) {
  const Index n = zeta.size();
  const double p1 = static_cast<double>(n - batch) / static_cast<double>(batch * (n - 1));
  zeta.array() -= zeta.mean();
  zeta = static_cast<float>(std::sqrt(p1 / static_cast<double>(n))) * zeta.array() + 1.0F / static_cast<float>(n);
  return zeta;
}

}  // namespace brink::analysis
