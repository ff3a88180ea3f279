// Gather and spread against sums over samples, in both precisions.

#include "brink/stability/sample_products.hpp"

#include <catch2/catch.hpp>

#include "brink/stability/closed_form.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"

using oracle::Example;
using oracle::Matrix;

namespace {

Matrix lower(const Matrix& a) { return a.triangularView<Eigen::Lower>(); }

template <class Scalar>
void check_products(const brink::BasicSampleProducts<Scalar>& products, const Matrix& x, const brink::RowMatrix& q,
                    const Matrix& y, double rounding) {
  typename brink::BasicSampleProducts<Scalar>::Square square = x.cast<Scalar>();
  brink::RowMatrix gathered;
  products.gather(square, gathered);
  CHECK((products.unit() * gathered - q).norm() <= rounding * q.norm());
  const double size = q.cwiseAbs().maxCoeff();
  products.spread(q / size, square);
  const Matrix spread = (products.unit() * size) * square.template cast<double>();
  CHECK((lower(spread) - lower(y)).norm() <= rounding * y.norm());
  const Matrix diagonal = x.diagonal().asDiagonal();
  products.gather(diagonal.cast<Scalar>(), gathered);
  brink::RowMatrix from_diagonal;
  products.gather_diagonal(x.diagonal(), from_diagonal);
  CHECK((gathered - from_diagonal).norm() <= rounding * from_diagonal.norm());
}

}  // namespace

TEST_CASE("gather and spread are sums over samples, to the rounding of their precision", "[fast][stability]") {
  for (const auto& example : {oracle::random_rows(7, 5, 1, 701), oracle::random_rows(6, 4, 3, 702),
                              oracle::random_indefinite(8, 3, 703), oracle::random_rows(240, 130, 1, 704)})
    for (const double scale : {1.0, 1e-15, 1e12}) {
      Example scaled = example;
      scaled.rows *= scale;
      const auto model = scaled.model();
      const auto& samples = model.samples();
      const brink::Index r = model.rank(), c = samples.outputs;
      oracle::Random random(710);
      const Matrix x = random.normals(static_cast<int>(r), static_cast<int>(r));
      const Matrix symmetric = 1e9 * (x + x.transpose());
      Matrix y = Matrix::Zero(r, r);
      brink::RowMatrix q(samples.rows.rows(), c);
      for (brink::Index k = 0; k < samples.samples; ++k) {
        const Matrix a = samples.rows.middleRows(k * c, c);
        q.middleRows(k * c, c) = a * symmetric * a.transpose();
        const Matrix signs =
            samples.is_signed() ? Matrix(samples.signs.segment(k * c, c).asDiagonal()) : Matrix(Matrix::Identity(c, c));
        y += a.transpose() * signs * q.middleRows(k * c, c) * signs * a;
      }
      INFO(scaled.name << " scale " << scale);
      check_products(brink::SampleProducts(model), symmetric, q, y, 1e-13);
      check_products(brink::SingleSampleProducts(model), symmetric, q, y, 1e-5);
    }
}

TEST_CASE("a start in single precision leaves nothing of itself in the threshold", "[stability]") {
  // Rank 210 starts in single precision; the secular equation of fresh Gaussian rows and the closed form do not.
  const auto model = oracle::random_rows(300, 210, 1, 705).model();
  const auto law = brink::make_batch_law("without-replacement");
  for (const auto& cell : {oracle::heavy_ball(0.9), oracle::heavy_ball(-0.5)}) {
    const auto rule = cell.make();
    const auto transfer = brink::mean_square_threshold(model, *rule, *law, 3);
    const auto closed = brink::closed_form_threshold(model, *rule, *law, 3);
    CHECK(transfer.eta == Approx(closed.eta).epsilon(1e-11));
    CHECK(transfer.products <= 2);
  }
}
