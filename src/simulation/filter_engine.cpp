#include "filter_engine.hpp"

#include <cmath>

#include "brink/base/error.hpp"

namespace brink {
namespace {

const Dynamics& checked(std::string_view function, const Dynamics& dynamics) {
  check_argument(dynamics.rule != nullptr, function, "dynamics.rule", "null", "an update rule");
  check_argument(dynamics.law != nullptr, function, "dynamics.law", "null", "a batch law");
  check_argument(std::isfinite(dynamics.eta) && dynamics.eta >= 0, function, "dynamics.eta", dynamics.eta,
                 "a finite number >= 0");
  return dynamics;
}

}  // namespace

FilterEngine::FilterEngine(std::string_view function, const Dynamics& dynamics, Index length, Index memory)
    : dynamics_(checked(function, dynamics)),
      rule_(dynamics.rule),
      length_(length),
      moving_size_(dynamics.rule->states() * length),
      state_size_(moving_size_ + memory) {}

double FilterEngine::squared_norm(const double* state) const {
  const double x = Eigen::Map<const Vector>(state, length_).squaredNorm();
  const Index rest = moving_size_ - length_;
  if (rest == 0) return x;
  return x + dynamics_.eta * dynamics_.eta * Eigen::Map<const Vector>(state + length_, rest).squaredNorm();
}

void FilterEngine::scale(double* state, double factor) const { Eigen::Map<Vector>(state, state_size()) *= factor; }

void FilterEngine::update(double* gradients, Index count, double* states) const {
  if (state_size_ == length_) {  // without buffers the states are one long x
    rule_->step(dynamics_.eta, gradients, states, nullptr, count * length_);
    return;
  }
  for (Index i = 0; i < count; ++i) {
    double* x = states + i * state_size_;
    rule_->step(dynamics_.eta, gradients + i * length_, x, x + length_, length_);
  }
}

void FilterEngine::start(const Vector& direction, double* state) const {
  Eigen::Map<Vector> all(state, state_size());
  all.setZero();
  all.head(direction.size()) = direction / direction.norm();
}

Vector random_direction(std::uint64_t seed, std::uint32_t replica, Index size) {
  Philox random(seed, Purpose::initial_state, replica, 0);
  Vector direction(size);
  for (double& entry : direction) entry = random.normal();
  return direction;
}

}  // namespace brink
