#include "brink/model/original_problem.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "brink/model/array_problems.hpp"
#include "brink/model/least_squares.hpp"
#include "data/support.hpp"
#include "model/numbers.hpp"

using namespace brink;
using namespace brink::test;
using Catch::Contains;

namespace {

/// Softmax curvature diag(π) − ππᵀ for every sample: rank c − 1.
RowMatrix softmax_curvature(Index samples, Index outputs) {
  RowMatrix s(samples * outputs, outputs);
  const RowMatrix logits = numbers(samples, outputs, 8);
  for (Index k = 0; k < samples; ++k) {
    const Vector p = logits.row(k).array().exp() / logits.row(k).array().exp().sum();
    s.middleRows(k * outputs, outputs) = Matrix(p.asDiagonal()) - p * p.transpose();
  }
  return s;
}

Vector sum_of_gradients(const OriginalProblem& problem, const Vector& theta, const std::vector<std::uint32_t>& batch) {
  // Poisoned: what is not written, or read before it is written, shows.
  Vector gradient = Vector::Constant(problem.dimension(), NAN);
  Vector workspace = Vector::Constant(std::max<Index>(problem.workspace_size(), 1), NAN);
  problem.sum_of_gradients(theta.data(), batch.data(), static_cast<Index>(batch.size()), gradient.data(),
                           workspace.data());
  return gradient;
}

Vector mean_gradient(const OriginalProblem& problem, const Vector& theta) {
  std::vector<std::uint32_t> all(static_cast<std::size_t>(problem.samples()));
  std::iota(all.begin(), all.end(), 0U);
  return sum_of_gradients(problem, theta, all) / static_cast<double>(problem.samples());
}

Vector finite_difference(const OriginalProblem& problem, const Vector& theta) {
  constexpr double h = 1e-3;  // exact for a quadratic, up to rounding
  Vector gradient(theta.size());
  for (Index i = 0; i < theta.size(); ++i) {
    Vector up = theta;
    Vector down = theta;
    up[i] += h;
    down[i] -= h;
    gradient[i] = (problem.loss(up) - problem.loss(down)) / (2 * h);
  }
  return gradient;
}

/// The Hessian of the loss by second differences of the loss alone.
Matrix brute_force_hessian(const OriginalProblem& problem) {
  const Index p = problem.dimension();
  const Vector& at = problem.minimum();
  Matrix hessian(p, p);
  constexpr double h = 0.1;
  for (Index i = 0; i < p; ++i) {
    for (Index j = 0; j < p; ++j) {
      const auto loss = [&](double si, double sj) {
        Vector theta = at;
        theta[i] += si * h;
        theta[j] += sj * h;
        return problem.loss(theta);
      };
      hessian(i, j) = (loss(1, 1) - loss(1, -1) - loss(-1, 1) + loss(-1, -1)) / (4 * h * h);
    }
  }
  return hessian;
}

/// The laws that tie a problem in parameter space to its linearized model, in the original coordinates.
void check_problem(const OriginalProblem& problem, const LinearizedModel& model) {
  const Index p = problem.dimension();
  const Index n = problem.samples();
  REQUIRE(model.basis().rows() == p);
  REQUIRE(model.samples().samples == n);
  const Matrix& v = model.basis();
  const double scale = model.spectrum().cwiseAbs().maxCoeff();

  const Matrix hessian = brute_force_hessian(problem);
  CHECK((hessian - v * model.spectrum().asDiagonal() * v.transpose()).norm() < 1e-9 * scale);

  const Vector theta = problem.minimum() + numbers(p, 1, 4).col(0);
  const Vector gradient = mean_gradient(problem, theta);
  CHECK((gradient - finite_difference(problem, theta)).norm() < 1e-8 * gradient.norm());
  CHECK(mean_gradient(problem, problem.minimum()).norm() < 1e-10 * gradient.norm());

  // Sample by sample, at a point in the range: ∇ℓ_k(θ* + Vz) = V(G_kᵀ Σ_k G_k z + b_k).
  const Vector z = numbers(model.rank(), 1, 2).col(0);
  const Vector shifted = problem.minimum() + v * z;
  const SampleRows& s = model.samples();
  for (Index k = 0; k < n; ++k) {
    Vector outputs = s.rows.middleRows(k * s.outputs, s.outputs) * z;
    if (s.is_signed()) outputs = outputs.cwiseProduct(s.signs.segment(k * s.outputs, s.outputs)).eval();
    Vector expected = s.rows.middleRows(k * s.outputs, s.outputs).transpose() * outputs;
    if (!model.interpolates()) expected += model.gradient_noise().row(k).transpose();
    const Vector sample = sum_of_gradients(problem, shifted, {static_cast<std::uint32_t>(k)});
    CHECK((sample - v * expected).norm() < 1e-8 * (1 + expected.norm()));
  }
  // A repeated sample counts twice; an empty batch has no gradient.
  const Vector twice = sum_of_gradients(problem, theta, {0, 0});
  CHECK((twice - 2 * sum_of_gradients(problem, theta, {0})).norm() < 1e-12 * twice.norm());
  CHECK(sum_of_gradients(problem, theta, {}).isZero(0));

  // The projection is orthogonal, onto the span of the sample gradients.
  const Vector direction = numbers(p, 1, 6).col(0);
  const Vector projected = problem.project_to_range(direction);
  CHECK((problem.project_to_range(projected) - projected).norm() < 1e-10 * projected.norm());
  CHECK(std::abs(projected.dot(direction - projected)) < 1e-10 * direction.squaredNorm());
  const Vector inside = sum_of_gradients(problem, shifted, {0});
  CHECK((problem.project_to_range(inside) - inside).norm() < 1e-8 * inside.norm());
}

}  // namespace

TEST_CASE("exported Jacobian rows and their linearized model", "[fast][model]") {
  for (const Index p : {Index{3}, Index{13}}) {
    for (const Index c : {Index{1}, Index{3}}) {
      for (const double scale : {1.0, 0.25}) {
        for (const bool curved : {false, true}) {
          for (const bool noisy : {false, true}) {
            CAPTURE(p, c, scale, curved, noisy);
            RowsData data;
            data.rows = numbers(4 * c, p, 0.6);
            data.outputs = c;
            data.loss_scale = scale;
            if (curved)
              data.output_curvature = c == 1 ? RowMatrix(numbers(4, 1, 1).cwiseAbs()) : softmax_curvature(4, c);
            const LinearizedModel clean = linearize(data);
            if (noisy) {
              // Inside the range of H, so that nothing has to be left out.
              data.gradient_noise = centered(numbers(4, clean.rank(), 9)) * clean.basis().transpose();
            }
            const LinearizedModel model = linearize(data);
            CHECK(model.interpolates() == !noisy);
            check_problem(*make_problem(data, model), model);
          }
        }
      }
    }
  }
}

TEST_CASE("per-sample Hessians and their linearized model", "[fast][model]") {
  const Index d = 5;
  HessiansData data;
  data.hessians.resize(4 * d, d);
  for (Index k = 0; k < 4; ++k) {
    const RowMatrix factor = numbers(2, d, static_cast<double>(k) + 0.1);
    data.hessians.middleRows(k * d, d) = factor.transpose() * factor;
  }
  for (const bool indefinite : {false, true}) {
    for (const double scale : {1.0, 3.0}) {
      CAPTURE(indefinite, scale);
      data.loss_scale = scale;
      if (indefinite) data.hessians(d + 2, 2) -= 0.4;
      data.gradient_noise = centered(numbers(4, d, 3));
      const LinearizedModel model = linearize(data);
      CHECK(model.samples().is_signed() == indefinite);
      CHECK(model.rank() == d);
      check_problem(*make_problem(data, model), model);
      if (indefinite) data.hessians(d + 2, 2) += 0.4;
    }
  }
}

TEST_CASE("a Gram matrix moves outputs as the Jacobian moves parameters", "[fast][model]") {
  for (const Index p : {Index{4}, Index{40}}) {
    for (const bool curved : {false, true}) {
      CAPTURE(p, curved);
      const Index c = 3;
      RowsData rows;
      rows.rows = numbers(5 * c, p, 0.6);
      rows.outputs = c;
      rows.loss_scale = 0.7;
      if (curved) rows.output_curvature = softmax_curvature(5, c);
      GramData gram{rows.rows * rows.rows.transpose(), c, rows.output_curvature, rows.loss_scale, rows.input_epsilon};
      const LinearizedModel rows_model = linearize(rows);
      const LinearizedModel model = linearize(gram);
      REQUIRE(model.rank() == rows_model.rank());
      CHECK((model.spectrum() - rows_model.spectrum()).norm() < 1e-12 * model.lambda_max());
      // The same samples, up to a rotation: their Gram matrices agree.
      const RowMatrix& g = model.samples().rows;
      const RowMatrix& h = rows_model.samples().rows;
      CHECK((g * g.transpose() - h * h.transpose()).norm() < 1e-12 * g.squaredNorm());

      const auto in_parameters = make_problem(rows, rows_model);
      const auto in_functions = make_problem(gram, model);
      REQUIRE(in_functions->dimension() == 5 * c);
      REQUIRE(in_functions->samples() == 5);
      const Vector theta = numbers(p, 1, 2).col(0);
      const Vector f = rows.rows * theta;
      CHECK(in_functions->loss(f) == Approx(in_parameters->loss(theta)).epsilon(1e-13));
      const std::vector<std::uint32_t> batch = {3, 0, 3};
      const Vector moved = rows.rows * sum_of_gradients(*in_parameters, theta, batch);
      CHECK((sum_of_gradients(*in_functions, f, batch) - moved).norm() < 1e-12 * moved.norm());
      CHECK(in_functions->minimum().isZero(0));

      // Movements of f lie in the range, and the projection leaves them alone.
      CHECK((in_functions->project_to_range(moved) - moved).norm() < 1e-9 * moved.norm());
      const Vector direction = numbers(5 * c, 1, 7).col(0);
      const Vector projected = in_functions->project_to_range(direction);
      CHECK((in_functions->project_to_range(projected) - projected).norm() < 1e-10 * direction.norm());
      CHECK(std::abs(projected.dot(direction - projected)) < 1e-10 * direction.squaredNorm());
    }
  }
}

TEST_CASE("least squares that interpolates and that does not", "[fast][model]") {
  for (const Index c : {Index{1}, Index{3}}) {
    for (const Index q : {Index{3}, Index{6}, Index{10}}) {
      CAPTURE(c, q);
      const Index n = 6;
      const RowMatrix features = numbers(n, q, 0.6);
      const RowMatrix targets = numbers(n, c, 5);
      const LeastSquares solved = solve_least_squares(features, targets, std::numeric_limits<double>::epsilon());
      CHECK(solved.problem->dimension() == q * c);
      CHECK(solved.model.interpolates() == (q >= n));
      CHECK((solved.relative_residual > 1e-3) == (q < n));
      check_problem(*solved.problem, solved.model);
      // Minimum norm: θ* has no part outside the range.
      const Vector& minimum = solved.problem->minimum();
      CHECK((solved.problem->project_to_range(minimum) - minimum).norm() < 1e-10 * minimum.norm());
      if (!solved.model.interpolates()) {
        CHECK(solved.model.gradient_noise().colwise().mean().norm() < 1e-12 * solved.model.gradient_noise().norm());
      }
    }
  }
  // The loss is the mean of half squares, by hand: φ = (1, 2), y = (3, 1), θ = 1.
  const LeastSquares tiny =
      solve_least_squares((RowMatrix(2, 1) << 1, 2).finished(), (RowMatrix(2, 1) << 3, 1).finished(), 1e-16);
  CHECK(tiny.problem->loss(Vector::Ones(1)) == Approx((4 + 1) / 4.0).epsilon(1e-15));
  CHECK(tiny.problem->minimum()[0] == Approx(1).epsilon(1e-15));
  CHECK(tiny.model.lambda_max() == Approx(2.5).epsilon(1e-15));
  CHECK_THAT(refusal([] { (void)solve_least_squares(numbers(4, 2, 0), numbers(3, 1, 0), 1e-16); }), Contains("3 x 1"));
}

TEST_CASE("least squares with nearly dependent features still finds its minimum", "[fast][model]") {
  // Singular values down to 1e-6: refinement has to undo the squared condition number.
  RowMatrix features = numbers(12, 20, 0.6);
  for (Index j = 0; j < 20; ++j) features.col(j) *= std::pow(10, -0.3 * static_cast<double>(j));
  const RowMatrix targets = features * numbers(20, 2, 1);
  const LeastSquares solved = solve_least_squares(features, targets, std::numeric_limits<double>::epsilon());
  CHECK(solved.relative_residual < 1e-7);
  CHECK(mean_gradient(*solved.problem, solved.problem->minimum()).norm() < 1e-12 * targets.norm());
}

TEST_CASE("arrays that do not fit together are refused", "[fast][model]") {
  RowsData data;
  data.rows = numbers(6, 4, 0.5);
  data.outputs = 2;
  const auto rows_refusal = [&] { return refusal([&] { (void)linearize(data); }); };
  data.loss_scale = 0;
  CHECK_THAT(rows_refusal(), Contains("loss_scale = 0"));
  data.loss_scale = NAN;
  CHECK_THAT(rows_refusal(), Contains("loss_scale = nan"));
  data.loss_scale = 1;
  data.output_curvature = softmax_curvature(2, 2);
  CHECK_THAT(rows_refusal(), Contains("output curvature") && Contains("4 x 2") && Contains("6 x 2"));
  data.output_curvature = softmax_curvature(3, 2);
  data.output_curvature(2, 1) += 0.01;
  CHECK_THAT(rows_refusal(), Contains("asymmetry of sample 1"));
  data.output_curvature = softmax_curvature(3, 2);
  data.output_curvature(4, 0) -= 0.5;
  CHECK_THAT(rows_refusal(), Contains("smallest eigenvalue of sample 2") && Contains("semidefinite"));
  data.output_curvature(4, 0) = NAN;
  CHECK_THAT(rows_refusal(), Contains("finite"));
  data.output_curvature = {};
  data.outputs = 4;
  CHECK_THAT(rows_refusal(), Contains("outputs = 4"));
  HessiansData hessians;
  hessians.hessians = numbers(7, 2, 1);
  CHECK_THAT(refusal([&] { (void)linearize(hessians); }), Contains("7 x 2"));
}
