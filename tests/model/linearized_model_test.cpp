#include "brink/model/linearized_model.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "data/support.hpp"
#include "model/numbers.hpp"

using namespace brink;
using namespace brink::test;
using Catch::Contains;

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

Matrix signed_product(const RowMatrix& rows, const Vector& signs) {
  return signs.size() == 0 ? Matrix(rows.transpose() * rows) : Matrix(rows.transpose() * signs.asDiagonal() * rows);
}

/// The laws every model with samples obeys. `hessian` is the mean Hessian in the original coordinates.
void check_laws(const LinearizedModel& model, double scale) {
  const SampleRows& s = model.samples();
  const Vector& spectrum = model.spectrum();
  REQUIRE(s.rows.rows() == s.samples * s.outputs);
  REQUIRE(s.rows.cols() == model.rank());
  Matrix product = signed_product(s.rows, s.signs) / static_cast<double>(s.samples);
  product.diagonal() -= spectrum;
  CHECK(product.cwiseAbs().maxCoeff() <= 1e-12 * scale);
  for (Index i = 1; i < spectrum.size(); ++i) CHECK(spectrum[i - 1] >= spectrum[i]);
  CHECK(model.origin().eigen_residual < 1e-12);
  if (model.basis().size() != 0) {
    const Matrix defect = model.basis().transpose() * model.basis() - Matrix::Identity(model.rank(), model.rank());
    CHECK(defect.cwiseAbs().maxCoeff() < 1e-10);
  }
}

}  // namespace

TEST_CASE("rows and Gram matrix give one model", "[fast][model]") {
  struct Shape {
    Index samples, outputs, parameters;
  };
  for (const Shape shape : {Shape{7, 1, 4}, {4, 1, 9}, {5, 3, 6}, {2, 3, 11}, {6, 1, 6}, {1, 1, 3}, {1, 2, 1}}) {
    CAPTURE(shape.samples, shape.outputs, shape.parameters);
    const RowMatrix a = numbers(shape.samples * shape.outputs, shape.parameters, 0.3);
    const LinearizedModel rows = LinearizedModel::from_rows(a, shape.outputs, kEpsilon);
    const LinearizedModel gram = LinearizedModel::from_gram(a * a.transpose(), shape.outputs, kEpsilon);
    check_laws(rows, rows.lambda_max());
    check_laws(gram, gram.lambda_max());
    REQUIRE(rows.rank() == gram.rank());
    CHECK(rows.rank() == std::min(a.rows(), a.cols()));
    CHECK((rows.spectrum() - gram.spectrum()).cwiseAbs().maxCoeff() < 1e-13 * rows.lambda_max());
    // Rows agree up to the sign of each eigenvector.
    for (Index i = 0; i < rows.rank(); ++i) {
      const Vector x = rows.samples().rows.col(i);
      const Vector y = gram.samples().rows.col(i);
      CHECK(std::min((x - y).norm(), (x + y).norm()) < 1e-7 * x.norm());
    }
    const RowMatrix& g = rows.samples().rows;
    CHECK((g * g.transpose() - a * a.transpose()).norm() < 1e-12 * a.squaredNorm());
    CHECK((g * rows.basis().transpose() - a).norm() < 1e-10 * a.norm());
    CHECK(rows.trace() == Approx(a.squaredNorm() / static_cast<double>(shape.samples)).epsilon(1e-13));
    CHECK(gram.basis().size() == 0);
    CHECK(rows.origin().route == "rows");
    CHECK(gram.origin().route == "gram");
  }
}

TEST_CASE("an exact spectrum: orthogonal rows", "[fast][model]") {
  RowMatrix a = RowMatrix::Zero(4, 3);
  a(0, 1) = 3;
  a(1, 0) = 1;
  a(2, 2) = 2;
  const LinearizedModel model = LinearizedModel::from_rows(a, 1, kEpsilon);
  CHECK((model.spectrum() - Eigen::Vector3d(9, 4, 1) / 4).norm() < 1e-15);
  CHECK(model.frobenius() == Approx(std::sqrt(81 + 16 + 1) / 4).epsilon(1e-15));
  // Two outputs of two samples: the mean is over two.
  CHECK(LinearizedModel::from_rows(a, 2, kEpsilon).lambda_max() == Approx(4.5).epsilon(1e-15));
}

TEST_CASE("directions without curvature are dropped and counted", "[fast][model]") {
  RowMatrix a = numbers(8, 5, 1.1);
  a.col(3) = a.col(0) - 2 * a.col(1);
  a.col(4).setZero();
  const LinearizedModel model = LinearizedModel::from_rows(a, 1, kEpsilon);
  CHECK(model.rank() == 3);
  CHECK(model.origin().dropped == 2);
  CHECK(model.origin().rank_tolerance == Approx(5 * kEpsilon));
  CHECK(model.origin().largest_dropped <= 5 * kEpsilon * model.lambda_max());
  CHECK(LinearizedModel::from_gram(a * a.transpose(), 1, kEpsilon).rank() == 3);

  // The cut follows the type the numbers came in.
  RowMatrix b = RowMatrix::Zero(2, 2);
  b(0, 0) = 1;
  b(1, 1) = 1e-4;  // eigenvalue 1e-8 of the largest
  CHECK(LinearizedModel::from_rows(b, 1, kEpsilon).rank() == 2);
  const LinearizedModel cut = LinearizedModel::from_rows(b, 1, 0x1p-23);
  CHECK(cut.rank() == 1);
  CHECK(cut.origin().largest_dropped == Approx(0.5e-8));
}

TEST_CASE("signed rows keep zero and negative curvature inside the span of the rows", "[fast][model]") {
  // H_1 = e1e1ᵀ + e2e2ᵀ, H_2 = e1e1ᵀ − e2e2ᵀ in three dimensions: H = diag(1, 0, 0) on the span of e1, e2.
  RowMatrix a = RowMatrix::Zero(4, 3);
  a(0, 0) = a(1, 1) = a(2, 0) = a(3, 1) = 1;
  const Vector signs = Eigen::Vector4d(1, 1, 1, -1);
  const LinearizedModel model = LinearizedModel::from_signed_rows(a, signs, 2, kEpsilon);
  check_laws(model, 1);
  REQUIRE(model.rank() == 2);
  CHECK(model.lambda_max() == Approx(1).epsilon(1e-14));
  CHECK(model.spectrum()[1] == 0);
  CHECK(model.origin().dropped == 1);
  CHECK(model.origin().warnings.empty());

  for (const auto& [outputs, parameters] : {std::pair<Index, Index>{1, 4}, {3, 7}, {2, 30}}) {
    CAPTURE(outputs, parameters);
    const RowMatrix b = numbers(6 * outputs, parameters, 0.7);
    Vector mixed = Vector::Ones(6 * outputs);
    mixed[1] = mixed[4] = -1;
    const LinearizedModel indefinite = LinearizedModel::from_signed_rows(b, mixed, outputs, kEpsilon);
    check_laws(indefinite, b.squaredNorm());
    CHECK(indefinite.samples().signs == mixed);
    const Matrix hessian = signed_product(b, mixed) / 6;
    const Matrix rebuilt = indefinite.basis() * indefinite.spectrum().asDiagonal() * indefinite.basis().transpose();
    CHECK((hessian - rebuilt).norm() < 1e-12 * b.squaredNorm());
    if (indefinite.spectrum().minCoeff() < 0) {
      CHECK_THAT(indefinite.origin().warnings.at(0), Contains("negative") && Contains("not a minimum"));
    }
  }
  CHECK_FALSE(LinearizedModel::from_signed_rows(a, Vector::Ones(4), 2, kEpsilon).samples().is_signed());
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_signed_rows(a, -Vector::Ones(4), 2, kEpsilon); }),
             Contains("positive"));
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_signed_rows(a, 2 * signs, 2, kEpsilon); }),
             Contains("+1 or -1"));
}

TEST_CASE("per-sample Hessians become rows", "[fast][model]") {
  const Index n = 5;
  const Index d = 4;
  // Positive semidefinite of ranks 1, 2, 2, 1, 2; then one made indefinite.
  RowMatrix hessians(n * d, d);
  for (Index k = 0; k < n; ++k) {
    const RowMatrix factor = numbers(k == 0 || k == 3 ? 1 : 2, d, static_cast<double>(k));
    hessians.middleRows(k * d, d) = factor.transpose() * factor;
  }
  const LinearizedModel psd = LinearizedModel::from_hessians(hessians, n, kEpsilon);
  CHECK(psd.samples().outputs == 2);
  CHECK_FALSE(psd.samples().is_signed());
  CHECK(psd.origin().route == "hessians");
  check_laws(psd, psd.lambda_max());

  hessians.middleRows(2 * d, d).diagonal() -= Eigen::Vector4d(0.1, 0.3, 0.2, 0);
  const LinearizedModel indefinite = LinearizedModel::from_hessians(hessians, n, kEpsilon);
  REQUIRE(indefinite.samples().is_signed());
  check_laws(indefinite, indefinite.lambda_max());
  for (const auto* model : {&psd, &indefinite}) {
    // Every sample, not only the mean, is the same quadratic.
    const SampleRows& s = model->samples();
    for (Index k = 0; k < n; ++k) {
      if (model == &psd && k == 2) continue;
      Matrix expected = hessians.middleRows(k * d, d);
      const RowMatrix g = s.rows.middleRows(k * s.outputs, s.outputs) * model->basis().transpose();
      const Vector signs = s.is_signed() ? Vector(s.signs.segment(k * s.outputs, s.outputs)) : Vector();
      CHECK((signed_product(g, signs) - expected).norm() < 1e-12 * expected.norm());
    }
  }
  RowMatrix asymmetric = hessians;
  asymmetric(2 * d + 1, 3) += 1e-6;
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_hessians(asymmetric, n, kEpsilon); }),
             Contains("hessians[2, ") && Contains("symmetric"));
  CHECK_NOTHROW(LinearizedModel::from_hessians(asymmetric, n, 1e-6));
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_hessians(RowMatrix::Zero(4, 2), 2, kEpsilon); }),
             Contains("rank = 0"));
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_hessians(hessians, 4, kEpsilon); }), Contains("20 x 4"));
}

TEST_CASE("gradient noise is rotated into the eigenbasis", "[fast][model]") {
  for (const Index parameters : {Index{3}, Index{12}}) {
    const RowMatrix a = numbers(8, parameters, 0.2);
    // Inside the row space: b_k = ρ_k a_k, centered.
    const RowMatrix noise = centered(a.array().colwise() * numbers(8, 1, 5).col(0).array());
    const LinearizedModel model = LinearizedModel::from_rows(a, 1, kEpsilon, noise);
    CHECK_FALSE(model.interpolates());
    REQUIRE(model.gradient_noise().rows() == 8);
    REQUIRE(model.gradient_noise().cols() == model.rank());
    CHECK((model.gradient_noise() * model.basis().transpose() - noise).norm() < 1e-10 * noise.norm());
    CHECK(model.origin().warnings.empty());
  }
  const RowMatrix a = numbers(4, 9, 0.2);
  const LinearizedModel outside = LinearizedModel::from_rows(a, 1, kEpsilon, centered(numbers(4, 9, 2)));
  REQUIRE(outside.origin().warnings.size() == 1);
  CHECK_THAT(outside.origin().warnings[0], Contains("outside the range"));
  CHECK(LinearizedModel::from_rows(a, 1, kEpsilon, RowMatrix::Zero(4, 9)).interpolates());

  RowMatrix drifting = centered(numbers(4, 9, 2));
  drifting.array() += 1e-5;
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_rows(a, 1, kEpsilon, drifting); }),
             Contains("mean of gradient_noise") && Contains("1e-06"));
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_rows(a, 1, kEpsilon, numbers(4, 8, 2)); }),
             Contains("4 x 8") && Contains("4 x 9"));
}

TEST_CASE("a matrix that is no Gram matrix is refused with its worst entry or eigenvalue", "[fast][model]") {
  const RowMatrix a = numbers(6, 4, 0.9);
  const Matrix good = a * a.transpose();
  Matrix k = good;
  k(4, 1) += 1e-8;
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_gram(k, 1, kEpsilon); }),
             Contains("(4, 1)") && Contains("(1, 4)") && Contains("n*c*eps*lambda_max"));
  CHECK_NOTHROW(LinearizedModel::from_gram(k, 1, 1e-7));
  k = good - 0.5 * Matrix::Identity(6, 6);
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_gram(k, 1, kEpsilon); }),
             Contains("smallest eigenvalue") && Contains("= -0.5") && Contains("semidefinite"));
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_gram(-good, 1, kEpsilon); }), Contains("smallest eigenvalue"));
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_gram(Matrix::Zero(3, 3), 1, kEpsilon); }), Contains("rank = 0"));
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_gram(Matrix::Ones(3, 2), 1, kEpsilon); }), Contains("3 x 2"));
  CHECK_THAT(refusal([&] { (void)LinearizedModel::from_gram(good, 4, kEpsilon); }), Contains("outputs = 4"));
}

TEST_CASE("independent outputs share one decomposition", "[fast][model]") {
  const Index n = 6;
  const Index c = 3;
  for (const Index q : {Index{4}, Index{9}}) {
    CAPTURE(q);
    const RowMatrix features = numbers(n, q, 0.4);
    const LinearizedModel single = LinearizedModel::from_rows(features, 1, kEpsilon);
    RowMatrix residuals = numbers(n, c, 3);
    const Matrix u =
        single.samples().rows * (static_cast<double>(n) * single.spectrum()).cwiseSqrt().cwiseInverse().asDiagonal();
    residuals -= u * (u.transpose() * residuals);
    if (q >= n) residuals = RowMatrix();
    const LinearizedModel model = LinearizedModel::from_independent_outputs(single, c, residuals);
    check_laws(model, model.lambda_max());

    // The same from explicit rows J_k = I ⊗ φ_kᵀ and explicit gradients b_k = ρ_k ⊗ φ_k.
    RowMatrix rows = RowMatrix::Zero(n * c, q * c);
    RowMatrix gradients(n, q * c);
    for (Index k = 0; k < n; ++k) {
      for (Index j = 0; j < c; ++j) {
        rows.row(k * c + j).segment(j * q, q) = features.row(k);
        if (q < n) gradients.row(k).segment(j * q, q) = residuals(k, j) * features.row(k);
      }
    }
    const LinearizedModel direct = LinearizedModel::from_rows(rows, c, kEpsilon);
    REQUIRE(direct.rank() == model.rank());
    CHECK((direct.spectrum() - model.spectrum()).norm() < 1e-13 * model.frobenius());
    CHECK((model.samples().rows * model.basis().transpose() - rows).norm() < 1e-12 * rows.norm());
    if (q < n)
      CHECK((model.gradient_noise() * model.basis().transpose() - gradients).norm() < 1e-12 * gradients.norm());
    CHECK(model.interpolates() == (q >= n));
  }
}

TEST_CASE("a spectrum alone is a population", "[fast][model]") {
  const LinearizedModel model = LinearizedModel::from_spectrum(Eigen::Vector3d(1, 4, 2));
  CHECK(model.spectrum() == Eigen::Vector3d(4, 2, 1));
  CHECK_FALSE(model.has_samples());
  CHECK_THAT(refusal([&] { (void)model.samples(); }), Contains("gaussian"));
  CHECK_THAT(refusal([] { (void)LinearizedModel::from_spectrum(Eigen::Vector2d(1, 0)); }), Contains("spectrum[1] = 0"));
  CHECK_THAT(refusal([] { (void)LinearizedModel::from_spectrum(Vector()); }), Contains("empty"));
  CHECK_THAT(refusal([] { (void)LinearizedModel::from_spectrum(Eigen::Vector2d(1, NAN)); }), Contains("nan"));
}

TEST_CASE("rows that are no model are refused", "[fast][model]") {
  RowMatrix a = numbers(4, 3, 0.1);
  const auto rows_refusal = [](const RowMatrix& rows, Index outputs, double epsilon) {
    return refusal([&] { (void)LinearizedModel::from_rows(rows, outputs, epsilon); });
  };
  CHECK_THAT(rows_refusal(a, 3, kEpsilon), Contains("4 x 3") && Contains("outputs = 3"));
  CHECK_THAT(rows_refusal(a, 0, kEpsilon), Contains("outputs = 0"));
  CHECK_THAT(rows_refusal(a, 1, 0), Contains("input_epsilon"));
  CHECK_THAT(rows_refusal(RowMatrix(0, 3), 1, kEpsilon), Contains("0 x 3"));
  CHECK_THAT(rows_refusal(RowMatrix::Zero(4, 3), 1, kEpsilon), Contains("rank = 0"));
  a(2, 1) = std::numeric_limits<double>::infinity();
  CHECK_THAT(rows_refusal(a, 1, kEpsilon), Contains("rows[2, 1] = inf"));
}
