#pragma once
// What every engine shares: the layout of a state (x, then the buffers of the update rule) and the real update.

#include "brink/simulation/engine.hpp"

namespace brink {

class FilterEngine : public Engine {
 public:
  Index state_size() const final { return state_size_; }
  double squared_norm(const double* state) const final;
  void scale(double* state, double factor) const final;

 protected:
  /// `length` numbers for x and for every buffer, then `memory` more that an engine keeps with a state: they scale with
  /// it, but neither move nor count in its norm. Throws InvalidInput for a dynamics without rule or law or with a bad
  /// η.
  FilterEngine(std::string_view function, const Dynamics& dynamics, Index length, Index memory = 0);

  /// Moves `count` consecutive states by their gradients (count × length, overwritten).
  void update(double* gradients, Index count, double* states) const;

  /// Writes a state whose x is `direction` normalized and whose buffers are zero.
  void start(const Vector& direction, double* state) const;

  const Dynamics& dynamics() const { return dynamics_; }
  Index length() const { return length_; }

 private:
  Dynamics dynamics_;
  std::shared_ptr<const UpdateRule> rule_;
  Index length_;
  Index moving_size_;  ///< x and the buffers
  Index state_size_;
};

/// Independent standard normals: the start of replica `replica`.
Vector random_direction(std::uint64_t seed, std::uint32_t replica, Index size);

}  // namespace brink
