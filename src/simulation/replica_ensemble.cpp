#include "replica_ensemble.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>

#include "brink/base/memory.hpp"
#include "brink/base/parallel.hpp"

namespace brink {
namespace {

/// Replicas that move together: enough to amortize a task, few enough that their states stay in the caches. Whole tiles
/// of the engine, and a function of the size of the problem alone.
Index block_size(Index state_size) {
  constexpr Index numbers_in_cache = 16384;
  return std::clamp<Index>(numbers_in_cache / state_size / Philox::kStreams, 1, 4) * Philox::kStreams;
}

/// The most steps between two rescalings. Longer stretches gain nothing and would let the norms wander.
constexpr Index kLongestStretch = 16;

/// A stretch is cut so that no norm moves by more than this many powers of two (doubles hold ±1022, squares half).
constexpr double kLargestShift = 128;

/// Numbers moved between two reports of progress: about ten milliseconds of work.
constexpr Index kNumbersPerStretch = 4'000'000;

double weight(double squared_norm, double moment) {
  if (moment == 2) return squared_norm;
  return moment == 1 ? std::sqrt(squared_norm) : std::pow(squared_norm, 0.5 * moment);
}

void check_options(std::string_view function, const SimulationOptions& options, Index fewest_steps) {
  constexpr Index most = std::numeric_limits<std::uint32_t>::max();
  check_argument(options.replicas >= 2 && options.replicas <= most, function, "replicas", options.replicas,
                 "2 <= replicas < 2^32");
  check_argument(options.steps >= fewest_steps && options.steps <= most / 2, function, "steps", options.steps,
                 std::to_string(fewest_steps) + " <= steps < 2^31");
  check_argument(options.burn_in >= 0 && options.burn_in <= most / 2, function, "burn_in", options.burn_in,
                 "0 <= burn_in < 2^31");
  check_argument(std::isfinite(options.moment) && options.moment > 0, function, "moment", options.moment,
                 "a finite number > 0");
  check_argument(options.threads >= 1, function, "threads", options.threads, "an integer >= 1");
}

}  // namespace

ReplicaEnsemble::ReplicaEnsemble(std::string_view function, const Engine& engine, const Dynamics& dynamics,
                                 const SimulationOptions& options, Index fewest_steps, const Monitor& monitor)
    : engine_(engine),
      seed_(dynamics.seed),
      replicas_(options.replicas),
      block_(block_size(engine.state_size())),
      moment_(options.moment),
      threads_(options.threads),
      monitor_(monitor) {
  check_options(function, options, fewest_steps);
  end_ = options.burn_in + options.steps;
  require_memory(8.0 * static_cast<double>(replicas_) * static_cast<double>(engine.state_size() + 4),
                 "the replicas of a simulation");
  states_.resize(replicas_, engine.state_size());
  squared_norms_.resize(replicas_);
  weights_.resize(replicas_);
  parallel_for(blocks(), threads_, [&](std::int64_t block) {
    for (Index i = block * block_; i < std::min(replicas_, (block + 1) * block_); ++i) {
      engine_.initialize(static_cast<std::uint32_t>(i), states_.row(i).data());
      squared_norms_[i] = engine_.squared_norm(states_.row(i).data());
      weights_[i] = weight(squared_norms_[i], moment_);
    }
  });
  exponents_ = Vector::Zero(replicas_);
  factors_ = Vector::Ones(replicas_);
  log_total_ = std::log(weights_.sum());
}

Index ReplicaEnsemble::blocks() const { return (replicas_ + block_ - 1) / block_; }

void ReplicaEnsemble::advance(Index most, std::vector<double>& growth) {
  const Index steps = stretch(most);
  RowMatrix totals(blocks(), steps);
  move(steps, &totals);
  const double log_unit = moment_ * largest_exponent_ * std::numbers::ln2;
  for (Index s = 0; s < steps; ++s) {
    double total = 0;
    for (Index block = 0; block < blocks(); ++block) total += totals(block, s);
    check_total(total);
    const double log_total = std::log(total) + log_unit;
    growth.push_back(log_total - log_total_);
    log_total_ = log_total;
  }
  rescale(steps);
}

void ReplicaEnsemble::advance_unobserved(Index most) {
  const Index steps = stretch(most);
  move(steps, nullptr);
  rescale(steps);
}

Index ReplicaEnsemble::stretch(Index most) const {
  const Index affordable = std::max<Index>(1, kNumbersPerStretch / states_.size());
  return std::min({most, safe_steps_, affordable, end_ - time_});
}

void ReplicaEnsemble::move(Index steps, RowMatrix* totals) {
  std::atomic<Index> finished{0};
  parallel_for(blocks(), threads_, [&](std::int64_t block) {
    monitor_.check();
    move_block(block, steps, totals == nullptr ? nullptr : totals->row(block).data());
    const Index done = ++finished;
    if (states_.size() > kNumbersPerStretch && done % 64 == 0) {
      monitor_.report((static_cast<double>(time_) + static_cast<double>(done) / static_cast<double>(blocks())) /
                      static_cast<double>(end_));
    }
  });
  time_ += steps;
  monitor_.report(static_cast<double>(time_) / static_cast<double>(end_));
}

void ReplicaEnsemble::move_block(Index block, Index steps, double* totals) {
  const Index first = block * block_;
  const Index count = std::min(block_, replicas_ - first);
  for (Index s = 0; s < steps; ++s) {
    engine_.advance(static_cast<std::uint32_t>(time_ + s), static_cast<std::uint32_t>(first), count,
                    states_.row(first).data());
    if (totals == nullptr && s + 1 < steps) continue;
    double total = 0;
    for (Index i = first; i < first + count; ++i) {
      squared_norms_[i] = engine_.squared_norm(states_.row(i).data());
      weights_[i] = factors_[i] * weight(squared_norms_[i], moment_);
      total += weights_[i];
    }
    if (totals != nullptr) totals[s] = total;
  }
}

void ReplicaEnsemble::check_total(double total) const {
  if (!std::isfinite(total)) fail_overflow();
  if (total == 0) {
    throw NotConverged("simulation: every replica reached the minimum exactly by time " + std::to_string(time_) +
                       "; the growth rate is minus infinity");
  }
}

void ReplicaEnsemble::fail_overflow() const {
  throw NotConverged("simulation: a replica overflowed at time " + std::to_string(time_) +
                     "; the step size is far beyond stability, use a smaller one");
}

void ReplicaEnsemble::rescale(Index steps) {
  if (!std::isfinite(squared_norms_.sum())) fail_overflow();
  constexpr int rescale_from = 8;  // small drifts are left alone: a rescaling is one more pass over the states
  std::vector<int> shifts(static_cast<std::size_t>(blocks()), 1);
  parallel_for(blocks(), threads_, [&](std::int64_t block) {
    int& shift = shifts[static_cast<std::size_t>(block)];
    for (Index i = block * block_; i < std::min(replicas_, (block + 1) * block_); ++i) {
      if (squared_norms_[i] == 0) continue;
      int exponent = 0;
      std::frexp(squared_norms_[i], &exponent);
      exponent /= 2;
      shift = std::max(shift, std::abs(exponent));
      if (std::abs(exponent) < rescale_from) continue;
      engine_.scale(states_.row(i).data(), std::ldexp(1.0, -exponent));
      squared_norms_[i] = std::ldexp(squared_norms_[i], -2 * exponent);
      exponents_[i] += exponent;
    }
  });
  set_factors();
  const double largest_shift = *std::max_element(shifts.begin(), shifts.end());
  const auto safe = static_cast<Index>(kLargestShift / largest_shift * static_cast<double>(steps));
  safe_steps_ = std::clamp<Index>(safe, 1, std::min(2 * safe_steps_, kLongestStretch));
}

void ReplicaEnsemble::set_factors() {
  constexpr double nowhere = -std::numeric_limits<double>::infinity();
  largest_exponent_ = nowhere;
  for (Index i = 0; i < replicas_; ++i) {
    if (squared_norms_[i] > 0) largest_exponent_ = std::max(largest_exponent_, exponents_[i]);
  }
  if (largest_exponent_ == nowhere) largest_exponent_ = 0;  // all at zero, whatever the unit
  for (Index i = 0; i < replicas_; ++i) {
    const double exponent = exponents_[i] - largest_exponent_;
    factors_[i] = exponent == 0 || squared_norms_[i] == 0 ? 1 : std::exp2(moment_ * exponent);
    weights_[i] = factors_[i] * weight(squared_norms_[i], moment_);
  }
}

double ReplicaEnsemble::effective_size() const {
  const double total = weights_.sum();
  return total * total / weights_.squaredNorm();
}

Vector ReplicaEnsemble::shares() const { return weights_ / weights_.sum(); }

Vector ReplicaEnsemble::log_norms() const {
  return 0.5 * squared_norms_.array().log() + std::numbers::ln2 * exponents_.array();
}

void ReplicaEnsemble::resample() {
  // Offspring: how many of the points (m + U)/N fall into a replica's share.
  const double spacing = weights_.sum() / static_cast<double>(replicas_);
  Philox random(seed_, Purpose::resampling, 0, static_cast<std::uint32_t>(time_));
  const double offset = random.uniform();
  std::vector<std::uint32_t> offspring(static_cast<std::size_t>(replicas_), 0);
  Index placed = 0;
  Index last = 0;
  double cumulative = 0;
  for (Index i = 0; i < replicas_; ++i) {
    if (weights_[i] == 0) continue;
    last = i;
    cumulative += weights_[i];
    while (placed < replicas_ && (static_cast<double>(placed) + offset) * spacing < cumulative) {
      ++offspring[static_cast<std::size_t>(i)];
      ++placed;
    }
  }
  offspring[static_cast<std::size_t>(last)] += static_cast<std::uint32_t>(replicas_ - placed);  // round-off of the sum

  // Survivors keep their slot, their further copies fill the slots of those without offspring.
  std::vector<std::uint32_t> parent(static_cast<std::size_t>(replicas_));
  std::size_t donor = 0;
  for (std::size_t slot = 0; slot < parent.size(); ++slot) {
    if (offspring[slot] > 0) {
      parent[slot] = static_cast<std::uint32_t>(slot);
      continue;
    }
    while (offspring[donor] < 2) ++donor;
    --offspring[donor];
    parent[slot] = static_cast<std::uint32_t>(donor);
  }
  parallel_for(blocks(), threads_, [&](std::int64_t block) {
    for (Index i = block * block_; i < std::min(replicas_, (block + 1) * block_); ++i) {
      const Index source = parent[static_cast<std::size_t>(i)];
      if (source == i) continue;
      states_.row(i) = states_.row(source);
      squared_norms_[i] = squared_norms_[source];
    }
  });
  parallel_for(blocks(), threads_, [&](std::int64_t block) {
    for (Index i = block * block_; i < std::min(replicas_, (block + 1) * block_); ++i) {
      engine_.scale(states_.row(i).data(), 1 / std::sqrt(squared_norms_[i]));
    }
  });
  if (!ancestors_.empty()) {
    // In place: whoever is copied from is its own parent, so its entry does not change.
    for (std::size_t slot = 0; slot < parent.size(); ++slot) ancestors_[slot] = ancestors_[parent[slot]];
  }
  squared_norms_.setOnes();
  exponents_.setZero();
  factors_.setOnes();
  weights_.setOnes();
  largest_exponent_ = 0;
  log_total_ = std::log(static_cast<double>(replicas_));
}

void ReplicaEnsemble::mark_ancestors() {
  ancestors_.resize(static_cast<std::size_t>(replicas_));
  for (std::size_t i = 0; i < ancestors_.size(); ++i) ancestors_[i] = static_cast<std::uint32_t>(i);
}

double ReplicaEnsemble::effective_ancestors() const {
  Vector share_of = Vector::Zero(replicas_);
  for (Index i = 0; i < replicas_; ++i) share_of[ancestors_[static_cast<std::size_t>(i)]] += weights_[i];
  const double total = share_of.sum();
  return total * total / share_of.squaredNorm();
}

}  // namespace brink
