#include "analysis/non_uniformity.hpp"

#include <algorithm>
#include <cmath>

#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/stability/noise_operator.hpp"

namespace brink::analysis {

double non_uniformity(const LinearizedModel& model) {
  const auto law = make_batch_law("with-replacement");
  const NoiseOperator noise(model, *law, 1);
  const Matrix n = noise.of_diagonal(Vector::Ones(model.rank()));
  return std::sqrt(std::max(0.0, symmetric_eigen(n).values[0]));
}

}  // namespace brink::analysis
