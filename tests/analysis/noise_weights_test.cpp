// Weights of Gaussian noise against all batches.

#include "analysis/noise_weights.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "brink/sampling/batch_enumeration.hpp"

using namespace brink;
using namespace brink::analysis;

TEST_CASE("weighted gradients have the mean and the covariance of batches without replacement", "[study][fast]") {
  constexpr Index n = 6;
  for (const Index batch : {1, 2, 5}) {
    // A batch gives its samples the weight 1/B.
    Vector mean = Vector::Zero(n);
    Matrix second = Matrix::Zero(n, n);
    for_each_batch(*make_batch_law("without-replacement"), n, batch,
                   [&](const std::vector<Index>& counts, double probability) {
                     Vector w(n);
                     for (Index k = 0; k < n; ++k)
                       w[k] = static_cast<double>(counts[static_cast<std::size_t>(k)]) / static_cast<double>(batch);
                     mean += probability * w;
                     second += probability * w * w.transpose();
                   });
    const Matrix covariance = second - mean * mean.transpose();
    // The weights are linear in ζ, whose covariance is I.
    const Vector centre = noise_weights(VectorOf<float>::Zero(n), batch).cast<double>();
    Matrix map(n, n);
    for (Index k = 0; k < n; ++k)
      map.col(k) = noise_weights(VectorOf<float>::Unit(n, k), batch).cast<double>() - centre;
    CAPTURE(batch);
    CHECK((centre - mean).norm() < 1e-6);
    CHECK((map * map.transpose() - covariance).norm() < 1e-5 * covariance.norm());
  }
}

TEST_CASE("weights add up to one, and are equal for all samples at once", "[study][fast]") {
  VectorOf<float> zeta(5);
  zeta << 3, -1, 0.5F, 2, -7;
  CHECK(noise_weights(zeta, 2).sum() == Approx(1).epsilon(1e-6));
  CHECK((noise_weights(zeta, 5).array() - 0.2F).abs().maxCoeff() == 0);
}
