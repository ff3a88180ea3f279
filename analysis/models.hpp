#pragma once
// The models that several studies share.

#include <cstdint>
#include <memory>
#include <string>

#include "brink/model/least_squares.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/network/layers.hpp"
#include "brink/network/network_objective.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink::analysis {

/// n Gaussian rows in d dimensions with the population spectrum i^−exponent.
[[nodiscard]] LinearizedModel gaussian_model(Index samples, Index dimension, double exponent, std::uint64_t seed);

/// ReLU (or tanh) random features of n Fashion-MNIST images of the first two classes, shuffled by the seed.
[[nodiscard]] LeastSquares feature_model(Index samples, Index features, const std::string& activation,
                                         std::uint64_t seed);

/// Images of the classes 0 … classes−1 of Fashion-MNIST, shuffled by the seed; every image has mean square 1 where
/// `scaled`. Targets are ±1 for two classes, one-hot for more.
struct Images {
  RowMatrix inputs;
  RowMatrix targets;
};
[[nodiscard]] Images images(Index samples, int classes, std::uint64_t seed, bool scaled = true);

/// A network with its data, in both precisions.
struct Task {
  Network network;
  RowMatrix inputs;
  RowMatrix targets;

  [[nodiscard]] std::shared_ptr<const NetworkObjective<float>> single() const;
  [[nodiscard]] std::shared_ptr<const NetworkObjective<double>> precise() const;
};

/// 32-64-64-4, tanh, on 1024 Gaussian inputs; one-hot labels of a random network, 30% of them random.
[[nodiscard]] Task teacher_task(std::uint64_t seed);

constexpr Index kSmallTaskSamples = 256;

/// 16-24-24-1, tanh, on 256 Gaussian inputs; ±1 labels of a random network, 20% of them random: small enough for the
/// exact threshold at every record.
[[nodiscard]] Task small_task(std::uint64_t seed);

/// A fully connected network on `images`.
[[nodiscard]] Task image_task(Index samples, int classes, const std::vector<Index>& hidden,
                              const std::string& activation, std::uint64_t seed);

/// The rule called `name` with momentum β.
[[nodiscard]] std::unique_ptr<UpdateRule> rule_with(const std::string& name, double momentum);

/// `values` by plain text for labels: "0.5".
[[nodiscard]] std::string label(const std::string& name, double value);

}  // namespace brink::analysis
