#include "brink/stability/stationary.hpp"

#include <fmt/format.h>

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/linalg/packed_symmetric.hpp"
#include "brink/stability/sample_products.hpp"
#include "brink/stability/transfer_kernel.hpp"

namespace brink {
namespace {

constexpr double kStationaryTolerance = 1e-12;
constexpr int kLargestIterations = 2000;

/// The covariance of the noise of one batch gradient at θ*: p1 · (1/n) Σ b_k b_kᵀ (law dependent), rotated.
Matrix injected_noise(const LinearizedModel& model, double p1) {
  const RowMatrix& b = model.gradient_noise();
  return p1 / static_cast<double>(b.rows()) * (b.transpose() * b);
}

void fill(StationaryState& state, const Vector& lambda) {
  const auto diagonal = state.covariance.diagonal();
  state.trace = diagonal.sum();
  state.excess_loss = 0.5 * lambda.dot(diagonal);
  state.gradient_norm_squared = lambda.cwiseAbs2().dot(diagonal);
}

}  // namespace

StationaryState stationary_state(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                 Index batch_size, double eta) {
  check_argument(!model.interpolates(), "stationary_state", "gradient noise", "none",
                 "a model with gradient noise at the minimum (an interpolating model comes to rest)");
  check_argument(!law.fresh_gaussian_rows(), "stationary_state", "sampling", law.name(),
                 "a law of finite samples, whose gradient noise is known");
  const MeanSquareGrowth growth = mean_square_growth(model, rule, law, batch_size, eta);
  check_argument(growth.stable, "stationary_state", "eta", eta, "a step size below the mean-square threshold");

  const auto [p1, p2] = law.second_moment(model.samples().samples, batch_size);
  StationaryState state;
  const TransferKernel kernel(rule, model.spectrum());
  Matrix weights;
  kernel.weights(eta, 0.0, p2, weights);
  const Index r = model.rank();
  const double scale = p1 / static_cast<double>(model.samples().samples);
  const SampleProducts products(model);
  const Matrix source = injected_noise(model, p1);

  // X = w ∘ (source + scale · Σ_k H_k X H_k). With q_k = A_k X A_kᵀ this is (I − M) q = q₀, q₀ = gather(w ∘ source).
  Matrix work = weights.cwiseProduct(source);
  RowMatrix right;
  products.gather(work, right);
  Matrix image;
  RowMatrix gathered;
  const auto apply = [&](const RowMatrix& q) -> RowMatrix {
    products.spread(q, image);
    image = image.cwiseProduct(weights).eval();
    products.gather(image, gathered);
    ++state.products;
    return q - scale * gathered;
  };
  // For signed rows with several outputs I − M is not symmetric: conjugate gradients then run on the normal equations
  // with the same fixed point. The spread applies Σ on both sides, so Mᵀ q = Σ M (Σ q).
  const SampleRows& samples = model.samples();
  const auto flip = [&](RowMatrix q) {
    if (!samples.is_signed() || samples.outputs == 1) return q;
    for (Index k = 0; k < samples.samples; ++k) {
      const auto signs = samples.signs.segment(k * samples.outputs, samples.outputs);
      const Matrix block = q.middleRows(k * samples.outputs, samples.outputs);
      q.middleRows(k * samples.outputs, samples.outputs) = signs.asDiagonal() * block * signs.asDiagonal();
    }
    return q;
  };
  const bool symmetric = !samples.is_signed() || samples.outputs == 1;
  const auto system = [&](const RowMatrix& q) -> RowMatrix {
    const RowMatrix forward = apply(q);
    return symmetric ? forward : RowMatrix(flip(apply(flip(forward))));
  };
  RowMatrix q = RowMatrix::Zero(right.rows(), right.cols());
  RowMatrix residual = symmetric ? right : RowMatrix(flip(apply(flip(right))));
  const double reference = residual.norm();
  RowMatrix direction = residual;
  double square = residual.squaredNorm();
  int iteration = 0;
  while (reference > 0 && std::sqrt(square) > kStationaryTolerance * reference && iteration++ < kLargestIterations) {
    const RowMatrix image_of_direction = system(direction);
    const double step = square / direction.cwiseProduct(image_of_direction).sum();
    q += step * direction;
    residual -= step * image_of_direction;
    const double next = residual.squaredNorm();
    direction = residual + (next / square) * direction;
    square = next;
  }
  const double defect = reference > 0 ? (right - apply(q)).norm() / right.norm() : 0.0;
  if (!(defect < 1e-7)) {
    throw NotConverged(
        fmt::format("stationary_state: conjugate gradients stalled at a relative residual of {:.2g} after "
                    "{} iterations; the step size may be too close to the threshold",
                    defect, iteration));
  }
  state.residual = defect;
  products.spread(q, image);
  state.covariance = weights.cwiseProduct(source + scale * image);
  mirror_lower(state.covariance);
  state.covariance.conservativeResize(r, r);
  fill(state, model.spectrum());
  return state;
}

}  // namespace brink
