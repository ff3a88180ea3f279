// Least squares as a network of one layer, against its definition and finite differences.

#include "brink/network/linear_model.hpp"

#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "brink/network/trainable_problem.hpp"
#include "training/objectives.hpp"

using namespace brink;
using namespace brink::test;

TEST_CASE("the linear model is least squares", "[fast][network]") {
  oracle::Random random(4);
  const RowMatrix features = normal_matrix(7, 3, random);
  const RowMatrix targets = normal_matrix(7, 2, random);
  const auto model = make_linear_model<double>(features, targets);
  REQUIRE(model->parameters() == 6);
  const Vector theta = normal_vector(6, random);
  const Vector v = normal_vector(6, random);
  const std::vector<std::uint32_t> chosen = {2, 5, 5};
  for (const Batch& batch : {model->all(), Batch{chosen, 4.0}}) {
    double loss = 0;
    Vector gradient = Vector::Zero(6);
    Vector bent = Vector::Zero(6);
    for (const auto k : batch.samples) {
      for (Index j = 0; j < 2; ++j) {
        double f = 0;
        double along = 0;
        for (Index i = 0; i < 3; ++i) {
          f += theta[j * 3 + i] * features(k, i);
          along += v[j * 3 + i] * features(k, i);
        }
        const double r = f - targets(k, j);
        loss += 0.5 * r * r / batch.divisor;
        for (Index i = 0; i < 3; ++i) gradient[j * 3 + i] += r * features(k, i) / batch.divisor;
        for (Index i = 0; i < 3; ++i) bent[j * 3 + i] += along * features(k, i) / batch.divisor;
      }
    }
    Vector out(6);
    CHECK(model->gradient(theta, batch, out) == Approx(loss).epsilon(1e-13));
    CHECK((out - gradient).norm() < 1e-13 * gradient.norm());
    CHECK(model->loss(theta, batch) == Approx(loss).epsilon(1e-13));
    model->hessian_product(theta, batch, v, out);
    CHECK((out - bent).norm() < 1e-13 * bent.norm());
    RowMatrix rows;
    RowMatrix r;
    model->jacobian(theta, batch, rows);
    model->residuals(theta, batch, r);
    REQUIRE(rows.rows() == static_cast<Index>(2 * batch.samples.size()));
    const Vector flat = Eigen::Map<const Vector>(r.data(), r.size());
    CHECK((rows.transpose() * flat / batch.divisor - gradient).norm() < 1e-13 * gradient.norm());
  }
  CHECK_THROWS_AS(make_linear_model<double>(features, RowMatrix::Ones(6, 1)), InvalidInput);
  CHECK_THROWS_AS(make_linear_model<float>(RowMatrix(), RowMatrix()), InvalidInput);
}

TEST_CASE("kinds of trainable problem are named, and unknown ones refused", "[fast][network]") {
  std::vector<std::string> names;
  for (const auto& kind : trainable_kinds()) names.push_back(kind.name);
  CHECK(std::find(names.begin(), names.end(), "random-features") != names.end());
  CHECK_THROWS_AS(load_trainable({}, "."), InvalidInput);
  CHECK_THROWS_AS(load_trainable({{"kind", std::string("randomfeatures")}}, "."), InvalidInput);
  CHECK_THROWS_AS(load_trainable({{"kind", std::int64_t{3}}}, "."), InvalidInput);
}
