#pragma once
// Small models on which theory and reference are compared, and the rules and laws they are compared under.

#include <string>
#include <vector>

#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "oracle/recursion.hpp"

namespace oracle {

/// Samples in parameter space: row k·c+j is output j of sample k, H_k = Σ_j signs·row·rowᵀ.
struct Example {
  std::string name;
  Matrix rows;
  int outputs = 1;
  Vector signs = {};      ///< empty: all +1
  Matrix gradients = {};  ///< b_k (n × d), empty when the minimum interpolates

  [[nodiscard]] int samples() const { return static_cast<int>(rows.rows()) / outputs; }
  [[nodiscard]] int dimension() const { return static_cast<int>(rows.cols()); }
  [[nodiscard]] std::vector<Matrix> hessians() const;
  [[nodiscard]] Matrix mean_hessian() const;
  [[nodiscard]] brink::LinearizedModel model() const;  ///< through from_rows, or from_signed_rows when there are signs
};

/// Three samples in the plane, rows (1,0), (1,1), (0,2).
[[nodiscard]] Example three_rows();

/// One parameter, samples of the given curvatures.
[[nodiscard]] Example one_parameter(const std::vector<double>& curvatures);

/// Gaussian rows.
[[nodiscard]] Example random_rows(int samples, int dimension, int outputs, std::uint64_t seed);

/// Two outputs a sample, the second one with a small negative curvature: indefinite H_k, positive definite H.
[[nodiscard]] Example random_indefinite(int samples, int dimension, std::uint64_t seed);

/// With gradients b_k of mean zero.
[[nodiscard]] Example with_gradients(Example example, std::uint64_t seed);

/// A rule by name and parameters, with the recursion that defines it.
struct Rule {
  std::string name;
  brink::RuleParameters parameters;

  [[nodiscard]] std::unique_ptr<brink::UpdateRule> make() const { return brink::make_update_rule(name, parameters); }
  [[nodiscard]] Recursion reference() const { return recursion(name, parameters); }
  [[nodiscard]] std::string label() const;
};

/// Every rule, with positive and negative momentum, and with weight decay.
[[nodiscard]] std::vector<Rule> all_rules();

[[nodiscard]] Rule sgd();
[[nodiscard]] Rule heavy_ball(double momentum);
[[nodiscard]] Rule nesterov(double momentum);

/// The names of the laws; the finite ones draw from the samples of the model.
[[nodiscard]] std::vector<std::string> finite_laws();
[[nodiscard]] std::vector<std::string> all_laws();

}  // namespace oracle
