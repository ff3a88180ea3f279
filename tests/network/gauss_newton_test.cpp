// Rows, Gram matrix and sample gradients of a network, against its Jacobian.

#include "brink/network/gauss_newton.hpp"

#include <catch2/catch.hpp>

#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"
#include "oracle/random.hpp"

using namespace brink;

TEMPLATE_TEST_CASE("the Gram matrix in blocks is that of the rows", "[fast][network]", float, double) {
  oracle::Random random(4);
  const auto drawn = [&](Index rows, Index columns) {
    return RowMatrix(RowMatrix::NullaryExpr(rows, columns, [&](Index, Index) { return random.normal(); }));
  };
  const Network network = fully_connected({3, 5, 2}, "tanh", true);
  const RowMatrix inputs = drawn(7, 3);
  const RowMatrix targets = drawn(7, 2);
  const auto objective = make_network_objective<TestType>(network, inputs, targets, LossKind::half_square);
  const auto theta = initial_parameters(network, "default", 1, 2).template cast<TestType>().eval();
  const std::vector<std::uint32_t> samples = {6, 0, 3, 4, 1};
  const Batch batch{samples, 5};
  const double epsilon = std::numeric_limits<TestType>::epsilon();

  RowMatrixOf<TestType> jacobian;
  objective->jacobian(theta, batch, jacobian);
  const RowMatrix rows = gauss_newton_rows(*objective, theta, batch);
  CHECK(rows == RowMatrix(jacobian.template cast<double>()));
  for (const Index block : {0, 1, 2, 3, 100}) {
    const Matrix gram = gauss_newton_gram(*objective, theta, batch, block);
    CAPTURE(block);
    REQUIRE(gram.rows() == 10);
    CHECK(gram == Matrix(gram.transpose()));
    CHECK((gram - rows * rows.transpose()).norm() < 10 * epsilon * gram.norm());
  }

  RowMatrixOf<TestType> residuals;
  objective->residuals(theta, batch, residuals);
  const RowMatrix gradients = sample_gradients(*objective, theta, batch);
  for (Index k = 0; k < 5; ++k) {
    const Vector expected =
        rows.middleRows(2 * k, 2).transpose() * residuals.row(k).transpose().template cast<double>();
    CHECK((gradients.row(k).transpose() - expected).norm() < 10 * epsilon * expected.norm());
  }
}
