#include "mode_start.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

// In foreign coordinates, directions are weighed until at most this share of the mode is left out.
constexpr double kLeftOut = 1e-3;
constexpr std::size_t kMostDirections = 16;

/// Σ_i z_iᵀ W_ii z_i, z_i the k numbers of direction i.
class ModeNorm {
 public:
  ModeNorm(const LiftedMode& mode, const Matrix& coordinates, Index states, Index length)
      : states_(states), length_(length) {
    if (coordinates.size() == 0) {
      weights_ = Matrix::Zero(length, states * states);
      weights_.topRows(mode.weights.cols()) = mode.weights.transpose();
      return;
    }
    const auto chosen = leading_directions(mode, states);
    weights_.resize(static_cast<Index>(chosen.size()), states * states);
    directions_.resize(coordinates.rows(), static_cast<Index>(chosen.size()));
    for (std::size_t a = 0; a < chosen.size(); ++a) {
      const auto column = coordinates.col(chosen[a]);
      directions_.col(static_cast<Index>(a)) = column / column.squaredNorm();
      weights_.row(static_cast<Index>(a)) = mode.weights.col(chosen[a]).transpose();
    }
  }

  double operator()(const double* state) const {
    if (directions_.size() == 0) return weighted(state, length_);
    thread_local Vector projected;  // aligned: the last bits of sums follow the alignment
    const Index count = weights_.rows();
    if (projected.size() != states_ * count) projected.resize(states_ * count);
    for (Index s = 0; s < states_; ++s) {
      projected.segment(s * count, count).noalias() =
          directions_.transpose() * Eigen::Map<const Vector>(state + s * length_, directions_.rows());
    }
    return weighted(projected.data(), count);
  }

 private:
  static std::vector<Index> leading_directions(const LiftedMode& mode, Index states) {
    const Index r = mode.weights.cols();
    std::vector<double> share(static_cast<std::size_t>(r), 0.0);
    for (Index i = 0; i < r; ++i) {
      for (Index row = 0; row < states; ++row) {
        for (Index col = 0; col < states; ++col) {
          share[static_cast<std::size_t>(i)] +=
              mode.weights(row * states + col, i) * mode.covariance(row * r + i, col * r + i);
        }
      }
    }
    std::vector<Index> order(static_cast<std::size_t>(r));
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
      return share[static_cast<std::size_t>(a)] > share[static_cast<std::size_t>(b)];
    });
    double left = 1;
    std::size_t count = 0;
    while (count < order.size() && count < kMostDirections && left > kLeftOut) {
      left -= share[static_cast<std::size_t>(order[count++])];
    }
    order.resize(count);
    return order;
  }

  /// `count` directions, `count` numbers between one state and the next.
  double weighted(const double* numbers, Index count) const {
    const auto state = [&](Index s) { return Eigen::Map<const Vector>(numbers + s * count, count).array(); };
    const auto weight = [&](Index row, Index col) { return weights_.col(row * states_ + col).array(); };
    if (states_ == 1) return (weight(0, 0) * state(0).square()).sum();
    if (states_ == 2) {  // one pass
      return ((weight(0, 0) * state(0) + (weight(0, 1) + weight(1, 0)) * state(1)) * state(0) +
              weight(1, 1) * state(1).square())
          .sum();
    }
    double sum = 0;
    for (Index row = 0; row < states_; ++row) {
      for (Index col = 0; col < states_; ++col) sum += (weight(row, col) * state(row) * state(col)).sum();
    }
    return sum;
  }

  Index states_;
  Index length_;
  Matrix weights_;     ///< one row a direction, W_ii row-major
  Matrix directions_;  ///< rows × directions, dual to the coordinates; empty in the eigenbasis
};

class ModeStart final : public Engine {
 public:
  ModeStart(std::unique_ptr<Engine> engine, ModeNorm norm, Matrix factor, std::uint64_t seed)
      : engine_(std::move(engine)), norm_(std::move(norm)), factor_(std::move(factor)), seed_(seed) {}

  Index state_size() const override { return engine_->state_size(); }
  void initialize(std::uint32_t replica, double* state) const override {
    Philox random(seed_, Purpose::initial_state, replica, 0);
    Vector draw(factor_.cols());
    for (double& entry : draw) entry = random.normal();
    Eigen::Map<Vector>(state, state_size()).noalias() = factor_ * draw;
  }
  void advance(std::uint32_t step, std::uint32_t first_stream, Index count, double* states) const override {
    engine_->advance(step, first_stream, count, states);
  }
  double squared_norm(const double* state) const override { return norm_(state); }
  void scale(double* state, double factor) const override { engine_->scale(state, factor); }
  Matrix state_basis() const override { return engine_->state_basis(); }
  std::string name() const override { return engine_->name(); }

 private:
  std::unique_ptr<Engine> engine_;
  ModeNorm norm_;
  Matrix factor_;  ///< state_size × rank of the covariance: a draw is factor · standard normals
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Engine> make_mode_start(std::unique_ptr<Engine> engine, const LiftedMode& mode,
                                        const Matrix& coordinates, Index states, std::uint64_t seed) {
  const SymmetricEigen eigen = symmetric_eigen(mode.covariance);
  const Index r = mode.covariance.rows() / states;
  const Index length = engine->state_size() / states;  // of x in the engine, padding included
  // Directions that carry less than rounding of the covariance would only cost time.
  Index kept = 0;
  while (kept < eigen.values.size() && eigen.values[kept] > 1e-15 * eigen.values[0]) ++kept;
  Matrix factor = Matrix::Zero(engine->state_size(), kept);
  for (Index state = 0; state < states; ++state) {
    const Matrix block = eigen.vectors.block(state * r, 0, r, kept) * eigen.values.head(kept).cwiseSqrt().asDiagonal();
    if (coordinates.size() == 0) {
      factor.block(state * length, 0, r, kept) = block;
    } else {
      factor.block(state * length, 0, coordinates.rows(), kept).noalias() = coordinates * block;
    }
  }
  ModeNorm norm(mode, coordinates, states, length);
  return std::make_unique<ModeStart>(std::move(engine), std::move(norm), std::move(factor), seed);
}

}  // namespace brink
