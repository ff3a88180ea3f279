// The linearization of a network at a minimum, by rows and by their Gram matrix.

#include "brink/training/linearization.hpp"

#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "brink/training/minimum.hpp"
#include "oracle/dense.hpp"
#include "training/objectives.hpp"

using namespace brink;
using namespace brink::test;

namespace {

/// The exact Hessian at the point, column by column, and its eigenvalues, descending.
Vector hessian_eigenvalues(const Objective<double>& objective, const Vector& theta) {
  Matrix h(theta.size(), theta.size());
  Vector column(theta.size());
  for (Index i = 0; i < theta.size(); ++i) {
    objective.hessian_product(theta, objective.all(), Vector::Unit(theta.size(), i), column);
    h.col(i) = column;
  }
  return oracle::symmetric_eigenvalues(h).reverse();
}

}  // namespace

TEST_CASE("at a minimum that interpolates the model has the eigenvalues of the Hessian", "[fast][training]") {
  const auto net = tiny_net();  // 12 samples, 32 parameters: the Gram matrix is smaller
  const Minimum minimum = find_minimum(net, tiny_start(net));
  REQUIRE(minimum.certificate.interpolates);
  const Linearization gram = linearize_network(net, minimum.theta, true);
  CHECK(gram.rows.size() == 0);
  CHECK(gram.gradient_noise.size() == 0);
  RowMatrix j;
  net.jacobian(minimum.theta, net.all(), j);
  CHECK((gram.gram - j * j.transpose()).norm() < 1e-13 * gram.gram.norm());
  const LinearizedModel model = linearized_model(gram);
  const Vector exact = hessian_eigenvalues(net, minimum.theta);
  REQUIRE(model.rank() == 12);
  for (Index i = 0; i < 12; ++i) CHECK(model.spectrum()[i] == Approx(exact[i]).epsilon(1e-9));
  CHECK(model.interpolates());
}

TEST_CASE("away from interpolation the model has the gradients of the samples", "[fast][training]") {
  const auto net = noisy_teacher();
  const Minimum minimum = find_minimum(net, tiny_start(net, 22));
  REQUIRE(minimum.converged);
  const Linearization rows = linearize_network(net, minimum.theta, minimum.certificate.interpolates);
  CHECK(rows.gram.size() == 0);
  REQUIRE(rows.gradient_noise.rows() == 40);
  RowMatrix j;
  RowMatrix r;
  net.jacobian(minimum.theta, net.all(), j);
  net.residuals(minimum.theta, net.all(), r);
  CHECK((rows.rows - j).norm() == 0);
  for (Index k = 0; k < 40; ++k)
    CHECK((rows.gradient_noise.row(k) - r(k, 0) * j.row(k)).norm() < 1e-13 * j.row(k).norm());
  CHECK_FALSE(linearized_model(rows).interpolates());
  // Elsewhere the gradients have a mean: no minimum, no linearized model.
  CHECK_THROWS_AS(linearized_model(linearize_network(net, tiny_start(net), false)), InvalidInput);
}
