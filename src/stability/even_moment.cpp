#include "brink/stability/even_moment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "brink/base/error.hpp"
#include "brink/linalg/eigen_solver.hpp"
#include "brink/linalg/spectral_radius.hpp"
#include "brink/sampling/batch_enumeration.hpp"

namespace brink {
namespace {

/// Monomials of degree j in D variables.
double monomials(double variables, int degree) {
  double count = 1;
  for (int j = 1; j <= degree; ++j) count *= (variables + j - 1) / j;
  return std::round(count);
}

}  // namespace

std::string EvenMoment::out_of_reach(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                     Index batch_size, int moment) {
  if (!model.has_samples() || law.fresh_gaussian_rows()) return "fresh Gaussian rows have no batches to enumerate";
  const double batches = number_of_batches(law, model.samples().samples, batch_size);
  if (std::isinf(batches)) return fmt::format("the batches of {} cannot be enumerated", law.name());
  const auto variables = static_cast<double>(rule.states() * model.rank());
  const double size = monomials(variables, moment);
  const double most = rule.states() == 1 ? kMostSymmetric : kMostGeneral;
  const double work = batches * size * monomials(variables, moment - 1) * variables;
  if (size <= most && work <= kMostWork) return {};
  return fmt::format(
      "moment {} of {} states is a matrix of order {:.4g} (at most {:.0f}) summed over {:.4g} batches, {:.2g} "
      "multiplications a step size (at most {:.1g})",
      moment, variables, size, most, batches, work, kMostWork);
}

EvenMoment::EvenMoment(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law, Index batch_size,
                       int moment)
    : model_(&model), rule_(&rule), moment_(moment), variables_(rule.states() * model.rank()) {
  check_argument(moment >= 2 && moment <= 16 && moment % 2 == 0, "EvenMoment", "moment", moment,
                 "an even integer in 2..16");
  const std::string refusal = out_of_reach(model, rule, law, batch_size, moment);
  check_argument(refusal.empty(), "EvenMoment", "model", refusal, "a smaller model, moment or number of batches");
  const SampleRows& samples = model.samples();
  const Index r = model.rank();
  const Index c = samples.outputs;
  std::vector<Matrix> hessians;
  for (Index k = 0; k < samples.samples; ++k) {
    const RowMatrix rows = samples.rows.middleRows(k * c, c);
    hessians.push_back(samples.is_signed()
                           ? Matrix(rows.transpose() * samples.signs.segment(k * c, c).asDiagonal() * rows)
                           : Matrix(rows.transpose() * rows));
  }
  for_each_batch(law, samples.samples, batch_size, [&](const std::vector<Index>& counts, double probability) {
    Matrix sum = Matrix::Zero(r, r);
    for (std::size_t k = 0; k < counts.size(); ++k)
      if (counts[k] != 0) sum += static_cast<double>(counts[k]) * hessians[k];
    batches_.push_back({probability, sum / static_cast<double>(batch_size)});
  });

  // Monomials degree by degree, by their exponents: z^α of degree j is its first factor's monomial times the last.
  std::vector<std::vector<int>> exponents(1, std::vector<int>(static_cast<std::size_t>(variables_), 0));
  degrees_.resize(static_cast<std::size_t>(moment) + 1);
  for (int j = 0; j < moment; ++j) {
    std::map<std::vector<int>, Index> numbers;
    std::vector<std::vector<int>> next;
    Degree& here = degrees_[static_cast<std::size_t>(j)];
    Degree& above = degrees_[static_cast<std::size_t>(j) + 1];
    for (std::size_t m = 0; m < exponents.size(); ++m) {
      for (Index v = 0; v < variables_; ++v) {
        auto product = exponents[m];
        ++product[static_cast<std::size_t>(v)];
        const auto [entry, is_new] = numbers.try_emplace(product, static_cast<Index>(next.size()));
        if (is_new) {
          next.push_back(product);
          above.parent.push_back(static_cast<Index>(m));
          above.factor.push_back(v);
        }
        here.times.push_back(entry->second);
      }
    }
    exponents = std::move(next);
  }
  scale_.resize(static_cast<Index>(exponents.size()));
  for (std::size_t m = 0; m < exponents.size(); ++m) {
    double log_multinomial = std::lgamma(moment + 1.0);
    for (const int power : exponents[m]) log_multinomial -= std::lgamma(power + 1.0);
    scale_[static_cast<Index>(m)] = std::exp(0.5 * log_multinomial);
  }
}

Matrix EvenMoment::step_matrix(double eta, const Matrix& batch_hessian) const {
  const Index r = model_->rank();
  const Index k = rule_->states();
  const Filter filter = rule_->filter(eta);
  Matrix step = Matrix::Zero(variables_, variables_);
  for (Index s = 0; s < k; ++s) {
    for (Index t = 0; t < k; ++t) step.block(s * r, t * r, r, r).diagonal().setConstant(filter.a0(s, t));
    step.block(s * r, 0, r, r) += filter.b[s] * batch_hessian;
    step.block(s * r, 0, r, r).diagonal().array() += filter.b[s] * rule_->weight_decay();
  }
  return step;
}

/// The substitution z → M z on monomials: column α holds the coefficients of Π_v (row v of M · z)^{α_v}.
Matrix EvenMoment::power(const Matrix& step) const {
  Matrix columns = Matrix::Ones(1, 1);
  for (int j = 1; j <= moment_; ++j) {
    const Degree& below = degrees_[static_cast<std::size_t>(j) - 1];
    const Degree& here = degrees_[static_cast<std::size_t>(j)];
    const auto size = static_cast<Index>(here.parent.size());
    Matrix next = Matrix::Zero(size, size);
    for (Index column = 0; column < size; ++column) {
      const auto source = columns.col(here.parent[static_cast<std::size_t>(column)]);
      const auto row = step.row(here.factor[static_cast<std::size_t>(column)]);
      double* target = next.col(column).data();
      const Index* times = below.times.data();
      for (Index m = 0; m < source.size(); ++m) {
        if (source[m] == 0) {
          times += variables_;
          continue;
        }
        for (Index v = 0; v < variables_; ++v) target[*times++] += source[m] * row[v];
      }
    }
    columns = std::move(next);
  }
  return columns;
}

Estimate EvenMoment::log_growth(double eta) const {
  check_argument(eta >= 0 && std::isfinite(eta), "EvenMoment::log_growth", "eta", eta, "a finite number >= 0");
  Matrix t = Matrix::Zero(dimension(), dimension());
  for (const Batch& batch : batches_) t += batch.probability * power(step_matrix(eta, batch.hessian));
  // In the basis √(k!/α!) z^α, orthonormal among symmetric tensors.
  t = scale_.cwiseInverse().asDiagonal() * t * scale_.asDiagonal();
  check_argument(t.allFinite(), "EvenMoment::log_growth", "eta", eta, "a step size whose moments do not overflow");

  Estimate result;
  result.method = fmt::format("E of the {}-fold product on symmetric tensors, order {}", moment_, dimension());
  double radius = 0;
  double error = 0;
  if (rule_->states() == 1) {
    const SymmetricOperator op{dimension(), [&t](const Vector& x, Vector& y) { y.noalias() = t * x; }};
    const TopEigenResult top = top_eigenpair(op);
    if (!top.converged)
      throw NotConverged(fmt::format("EvenMoment: residual {:.2g} of the moment operator", top.residual));
    radius = top.value;
    error = top.residual;
  } else {
    const SpectralRadius general = spectral_radius(std::move(t));
    radius = general.value;
    error = general.error;
  }
  // A nilpotent operator: everything reaches the minimum in finitely many steps.
  const bool dies = radius <= error;
  result.value = dies ? -std::numeric_limits<double>::infinity() : std::log(radius);
  result.error = dies ? 0 : error / radius + 1e-14;
  return result;
}

}  // namespace brink
