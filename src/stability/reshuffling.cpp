#include "brink/stability/reshuffling.hpp"

#include <fmt/format.h>

#include <bit>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>

#include "accuracy.hpp"
#include "brink/base/error.hpp"
#include "brink/linalg/packed_symmetric.hpp"
#include "brink/linalg/spectral_radius.hpp"

namespace brink {
namespace {

constexpr double kScanRatio = 1.05;
constexpr double kScanStart = 1.0 / 8;
constexpr int kMostScans = 2000;

double binomial(Index n, Index k) {
  double value = 1;
  for (Index i = 1; i <= k; ++i) value = value * static_cast<double>(n - k + i) / static_cast<double>(i);
  return value;
}

/// Steps from one set of used samples to the next, over a whole epoch.
double number_of_transitions(const Epoch& epoch) {
  double total = 0;
  Index used = 0;
  for (Index step = 0; step < epoch.steps(); ++step) {
    const Index size = epoch.size(step);
    total += binomial(epoch.samples, used) * binomial(epoch.samples - used, size);
    used += size;
  }
  return total;
}

/// z⁺ = (A₀ ⊗ I + b e₁ᵀ ⊗ (H + κI)) z for the columns of `state`, given the gradient (H + κI) x of each.
Matrix apply_step(const Filter& filter, const Matrix& state, const Matrix& gradient) {
  const Index r = gradient.rows();
  Matrix next(state.rows(), state.cols());
  for (Index s = 0; s < filter.b.size(); ++s) {
    auto block = next.middleRows(s * r, r);
    block = filter.b[s] * gradient;
    for (Index t = 0; t < filter.b.size(); ++t) block += filter.a0(s, t) * state.middleRows(t * r, r);
  }
  return next;
}

Estimate estimate(double value, double error, const char* method) {
  return {value, error, ErrorKind::residual, method, {}};
}

/// ln ρ/steps with the error of ρ carried over.
Estimate log_growth_of(const Estimate& radius, Index steps, const char* method) {
  if (radius.value == 0) {
    throw NotConverged("epoch growth: every state dies within one epoch; the growth rate is minus infinity");
  }
  const auto count = static_cast<double>(steps);
  return estimate(std::log(radius.value) / count, radius.error / radius.value / count + 1e-15, method);
}

/// The first η at which the radius passes 1.
EpochThreshold first_crossing(const std::function<Estimate(double)>& radius, double scale) {
  check_argument(scale > 0 && std::isfinite(scale), "epoch threshold", "scale", scale, "a finite number > 0");
  double low = kScanStart * scale;
  for (int halvings = 0; !(radius(low).value < 1); ++halvings) {
    if (halvings == 60) return {0, 0};  // unstable at every step size
    low /= 2;
  }
  double high = low;
  for (int scans = 0; radius(high).value < 1; ++scans) {
    if (scans == kMostScans) throw NotConverged("epoch threshold: stable at every step size tried");
    low = high;
    high *= kScanRatio;
  }
  const auto excess = [&](double eta) { return radius(eta).value - 1; };
  std::uintmax_t iterations = 100;
  const auto [left, right] =
      boost::math::tools::toms748_solve(excess, low, high, boost::math::tools::eps_tolerance<double>(50), iterations);
  const double eta = 0.5 * (left + right);
  constexpr double nudge = 1e-6;
  const double slope = std::abs(radius(eta * (1 + nudge)).value - radius(eta * (1 - nudge)).value) / (2 * nudge);
  const double error = slope > 0 ? radius(eta).error / slope : 1;
  return {eta, std::min(error, 1.0) + (right - left) / eta + kRounding};
}

}  // namespace

std::string ReshuffledEpoch::out_of_reach(const LinearizedModel& model, const UpdateRule& rule, const Epoch& epoch) {
  if (epoch.samples > kMostSamples) {
    return fmt::format("{} samples, at most {} can be enumerated", epoch.samples, kMostSamples);
  }
  const auto states = static_cast<double>(rule.states() * model.rank());
  const double unknowns = states * (states + 1) / 2;
  if (unknowns > kMostUnknowns) {
    return fmt::format("an epoch operator of order {:.0f}, at most {:.0f} are solved", unknowns, kMostUnknowns);
  }
  const double work = 2 * std::pow(states, 3) * unknowns * number_of_transitions(epoch);
  if (work > kMostWork) {
    return fmt::format("{:.1g} multiplications for one epoch operator, at most {:.1g} are made", work, kMostWork);
  }
  return {};
}

ReshuffledEpoch::ReshuffledEpoch(const LinearizedModel& model, const UpdateRule& rule, const Epoch& epoch)
    : rule_(&rule), epoch_(epoch), rank_(model.rank()) {
  constexpr const char* function = "ReshuffledEpoch";
  epoch.check(function);
  const SampleRows& samples = model.samples();
  check_argument(epoch.samples == samples.samples, function, "epoch.samples", epoch.samples,
                 "the number of samples of the model");
  const std::string reason = out_of_reach(model, rule, epoch);
  check_argument(reason.empty(), function, "epoch", reason, "an epoch that can be enumerated");

  const Index n = epoch.samples;
  const Index c = samples.outputs;
  std::vector<Matrix> of_sample;
  for (Index k = 0; k < n; ++k) {
    const Matrix a = samples.rows.middleRows(k * c, c);
    const Vector signs = samples.is_signed() ? Vector(samples.signs.segment(k * c, c)) : Vector(Vector::Ones(c));
    of_sample.emplace_back(a.transpose() * signs.asDiagonal() * a);
  }
  const auto sets = std::uint32_t{1} << n;
  hessians_.resize(sets);
  std::vector<bool> reached(sets, false);
  reached[0] = true;
  for (Index step = 0; step < epoch.steps(); ++step) {
    const int size = static_cast<int>(epoch.size(step));
    const auto used = static_cast<int>(step * epoch.batch_size);
    const double probability = 1 / binomial(n - used, size);
    auto& transitions = transitions_.emplace_back();
    std::vector<bool> next(sets, false);
    for (std::uint32_t batch = 1; batch < sets; ++batch) {
      if (std::popcount(batch) != size) continue;
      if (hessians_[batch].size() == 0) {
        Matrix& sum = hessians_[batch];
        sum = Matrix::Zero(rank_, rank_);
        for (Index k = 0; k < n; ++k) {
          if ((batch >> k & 1U) != 0) sum += of_sample[static_cast<std::size_t>(k)];
        }
        sum /= size;
      }
      for (std::uint32_t from = 0; from < sets; ++from) {
        if (!reached[from] || (from & batch) != 0) continue;
        transitions.push_back({from, from | batch, batch, probability});
        next[from | batch] = true;
      }
    }
    reached = std::move(next);
  }
}

std::vector<Matrix> ReshuffledEpoch::steps_at(double eta) const {
  const Filter filter = rule_->filter(eta);
  const Index size = rank_ * filter.b.size();
  const Matrix identity = Matrix::Identity(size, size);
  std::vector<Matrix> steps(hessians_.size());
  for (std::size_t batch = 0; batch < hessians_.size(); ++batch) {
    if (hessians_[batch].size() == 0) continue;
    Matrix gradient = Matrix::Zero(rank_, size);
    gradient.leftCols(rank_) = hessians_[batch];
    gradient.leftCols(rank_).diagonal().array() += rule_->weight_decay();
    steps[batch] = apply_step(filter, identity, gradient);
  }
  return steps;
}

Matrix ReshuffledEpoch::after_epoch(const std::vector<Matrix>& steps, const Matrix& start,
                                    const Propagate& move) const {
  std::vector<Matrix> states(steps.size());
  states[0] = start;
  for (const auto& transitions : transitions_) {
    std::vector<Matrix> next(steps.size());
    for (const auto& [from, to, batch, probability] : transitions) {
      const Matrix moved = probability * move(steps[batch], states[from]);
      if (next[to].size() == 0) {
        next[to] = moved;
      } else {
        next[to] += moved;
      }
    }
    states = std::move(next);
  }
  Matrix sum = Matrix::Zero(start.rows(), start.cols());
  for (const Matrix& state : states) {
    if (state.size() != 0) sum += state;
  }
  return sum;
}

Estimate ReshuffledEpoch::second_moment_radius(double eta) const {
  const auto steps = steps_at(eta);
  const Index size = rank_ * rule_->states();
  const Index unknowns = size * (size + 1) / 2;
  const Propagate move = [](const Matrix& step, const Matrix& state) -> Matrix {
    return step * state * step.transpose();
  };
  Matrix op(unknowns, unknowns);
  Matrix start(size, size);
  Vector packed(unknowns);
  for (Index column = 0; column < unknowns; ++column) {
    unpack_symmetric(Vector::Unit(unknowns, column), start);
    mirror_lower(start);
    pack_symmetric(after_epoch(steps, start, move), packed);
    op.col(column) = packed;
  }
  const SpectralRadius radius = spectral_radius(std::move(op));
  return estimate(radius.value, radius.error, "epoch operator, all orders");
}

Estimate ReshuffledEpoch::mean_radius(double eta) const {
  const Index size = rank_ * rule_->states();
  const Propagate move = [](const Matrix& step, const Matrix& state) -> Matrix { return step * state; };
  const SpectralRadius radius = spectral_radius(after_epoch(steps_at(eta), Matrix::Identity(size, size), move));
  return estimate(radius.value, radius.error, "mean epoch, all orders");
}

Estimate ReshuffledEpoch::log_growth(double eta) const {
  return log_growth_of(second_moment_radius(eta), epoch_.steps(), "epoch operator, all orders");
}

EpochThreshold reshuffled_threshold(const ReshuffledEpoch& epoch, double scale) {
  return first_crossing([&](double eta) { return epoch.second_moment_radius(eta); }, scale);
}

EpochThreshold reshuffled_mean_threshold(const ReshuffledEpoch& epoch, double scale) {
  return first_crossing([&](double eta) { return epoch.mean_radius(eta); }, scale);
}

namespace {

Estimate cyclic_radius(const LinearizedModel& model, const UpdateRule& rule, const Epoch& epoch, double eta) {
  const SampleRows& samples = model.samples();
  const Index r = model.rank();
  const Index c = samples.outputs;
  const Filter filter = rule.filter(eta);
  Matrix product = Matrix::Identity(r * filter.b.size(), r * filter.b.size());
  for (Index step = 0; step < epoch.steps(); ++step) {
    const Index size = epoch.size(step);
    const Index first = step * epoch.batch_size * c;
    const auto rows = samples.rows.middleRows(first, size * c);
    const auto x = product.topRows(r);
    Matrix along = rows * x;
    if (samples.is_signed()) along = (samples.signs.segment(first, size * c).asDiagonal() * along).eval();
    const Matrix gradient = rows.transpose() * along / static_cast<double>(size) + rule.weight_decay() * x;
    product = apply_step(filter, product, gradient);
  }
  const SpectralRadius radius = spectral_radius(std::move(product));
  return estimate(radius.value, radius.error, "product over the epoch");
}

void check_cyclic(const LinearizedModel& model, const Epoch& epoch) {
  epoch.check("cyclic order");
  check_argument(epoch.samples == model.samples().samples, "cyclic order", "epoch.samples", epoch.samples,
                 "the number of samples of the model");
}

}  // namespace

std::optional<EpochThreshold> cyclic_threshold(const LinearizedModel& model, const UpdateRule& rule, const Epoch& epoch,
                                               double scale) {
  check_cyclic(model, epoch);
  if (model.rank() * rule.states() > kMostCyclicStates) return std::nullopt;
  return first_crossing([&](double eta) { return cyclic_radius(model, rule, epoch, eta); }, scale);
}

Estimate cyclic_log_growth(const LinearizedModel& model, const UpdateRule& rule, const Epoch& epoch, double eta) {
  check_cyclic(model, epoch);
  Estimate growth = log_growth_of(cyclic_radius(model, rule, epoch, eta), epoch.steps(), "product over the epoch");
  growth.value *= 2;
  growth.error *= 2;
  return growth;
}

}  // namespace brink
