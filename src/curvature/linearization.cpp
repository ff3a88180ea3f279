#include "brink/curvature/linearization.hpp"

#include <limits>

#include "brink/base/error.hpp"
#include "brink/network/gauss_newton.hpp"
#include "brink/sampling/population_law.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink {
namespace {

/// The samples of a subset as one batch whose mean is theirs; empty stands for all.
template <class Real>
Batch subset_batch(const Objective<Real>& objective, const std::vector<std::uint32_t>& subset) {
  if (subset.empty()) return objective.all();
  for (const std::uint32_t k : subset)
    check_argument(static_cast<Index>(k) < objective.samples(), "linearize_at", "sample", k,
                   "an index below the number of samples");
  return {subset, static_cast<double>(subset.size())};
}

/// AAᵀ, symmetric to the last bit.
Matrix gram_of(const RowMatrix& a) {
  Matrix gram = Matrix::Zero(a.rows(), a.rows());
  gram.selfadjointView<Eigen::Lower>().rankUpdate(a);
  return gram.selfadjointView<Eigen::Lower>();
}

}  // namespace

template <class Real>
LinearizedModel linearize_at(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta,
                             const std::vector<std::uint32_t>& subset) {
  const Batch batch = subset_batch(objective, subset);
  const double epsilon = std::numeric_limits<Real>::epsilon();
  const Index c = objective.outputs();
  if (objective.parameters() <= static_cast<Index>(batch.samples.size()) * c)
    return LinearizedModel::from_rows(gauss_newton_rows(objective, theta, batch), c, epsilon);
  return LinearizedModel::from_gram(gauss_newton_gram(objective, theta, batch), c, epsilon);
}

LinearStability linear_stability(const LinearizedModel& model, const UpdateRule& rule,
                                 std::shared_ptr<const BatchLaw> law, Index batch_size, double eta, Index population) {
  check_argument(eta > 0, "linear_stability", "eta", eta, "a number > 0");
  check_argument(population >= model.samples().samples, "linear_stability", "population", population,
                 "at least the samples of the model");
  if (population > model.samples().samples) law = make_population_law(std::move(law), population);
  TransferBasis basis(model);
  const MeanSquareThreshold threshold = mean_square_threshold(model, rule, *law, batch_size, &basis);
  LinearStability result;
  result.gauss_newton_lambda_max = model.lambda_max();
  result.eta_mean_square = {threshold.eta, threshold.residual * threshold.eta, ErrorKind::residual, threshold.method,
                            threshold.warnings};
  result.eta_deterministic = {threshold.eta_deterministic,
                              4 * std::numeric_limits<double>::epsilon() * threshold.eta_deterministic,
                              ErrorKind::residual,
                              "spectral radius of the filter",
                              {}};
  result.eta_over_threshold = eta / threshold.eta;
  if (eta < threshold.eta_deterministic * (1 - 1e-9) &&
      law->second_moment(model.samples().samples, batch_size).p1 > 0) {
    const double norm = noise_kernel_norm(model, rule, *law, batch_size, eta, &basis);
    result.noise_kernel_norm = Estimate{norm, 1e-8 * norm, ErrorKind::residual, "transfer form at growth 1", {}};
  }
  return result;
}

template <class Real>
LossAlignment training_alignment(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta,
                                 const std::vector<std::uint32_t>& subset) {
  const Batch batch = subset_batch(objective, subset);
  const auto n = static_cast<double>(batch.samples.size());
  const RowMatrix rows = gauss_newton_rows(objective, theta, batch);
  RowMatrix gradients = sample_gradients(objective, theta, batch);
  const Vector mean = gradients.colwise().mean();
  gradients.rowwise() -= mean.transpose();
  const double twice_loss = 2 * static_cast<double>(objective.loss(theta, batch));
  check_argument(twice_loss > 0, "training_alignment", "loss", twice_loss / 2, "a number > 0");

  const double noise_along_h = (rows * gradients.transpose()).squaredNorm() / (n * n);
  const double h_norm = gram_of(rows).norm() / n;
  const double noise_norm = gram_of(gradients).norm() / n;
  LossAlignment alignment;
  alignment.mu = noise_along_h / (twice_loss * h_norm * h_norm);
  alignment.direction = noise_norm > 0 ? noise_along_h / (noise_norm * h_norm) : 0;
  alignment.magnitude = noise_norm / (twice_loss * h_norm);
  alignment.error = 100 * static_cast<double>(std::numeric_limits<Real>::epsilon()) * alignment.mu;
  return alignment;
}

template LinearizedModel linearize_at(const NetworkObjective<float>&, const VectorOf<float>&,
                                      const std::vector<std::uint32_t>&);
template LinearizedModel linearize_at(const NetworkObjective<double>&, const VectorOf<double>&,
                                      const std::vector<std::uint32_t>&);
template LossAlignment training_alignment(const NetworkObjective<float>&, const VectorOf<float>&,
                                          const std::vector<std::uint32_t>&);
template LossAlignment training_alignment(const NetworkObjective<double>&, const VectorOf<double>&,
                                          const std::vector<std::uint32_t>&);

}  // namespace brink
