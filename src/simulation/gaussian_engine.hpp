#pragma once
// Fresh Gaussian rows a ~ N(0, diag(λ)): the population limit, where only the spectrum matters.

#include "brink/simulation/engine.hpp"

namespace brink {

[[nodiscard]] std::unique_ptr<Engine> make_gaussian_engine(const Vector& spectrum, const Dynamics& dynamics);

}  // namespace brink
