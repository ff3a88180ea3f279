// The exact expected loss against closed forms, all paths of a short run, and the growth rate.

#include "brink/stability/moment_curve.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/examples.hpp"

using namespace brink;

namespace {

/// E of the loss after `steps` steps of B = 1 from x, buffers zero, over all sequences of samples.
double loss_over_all_paths(const LinearizedModel& model, const UpdateRule& rule, double eta, const Vector& state,
                           int steps) {
  const Index r = model.rank();
  if (steps == 0) return 0.5 * model.spectrum().dot(state.head(r).cwiseAbs2());
  const RowMatrix& rows = model.samples().rows;
  const Index c = model.samples().outputs;
  double sum = 0;
  for (Index k = 0; k < model.samples().samples; ++k) {
    Vector outputs = rows.middleRows(k * c, c) * state.head(r);
    if (model.samples().is_signed()) outputs = outputs.cwiseProduct(model.samples().signs.segment(k * c, c));
    Vector gradient = rows.middleRows(k * c, c).transpose() * outputs;
    Vector next = state;
    rule.step(eta, gradient.data(), next.data(), next.data() + r, r);
    sum += loss_over_all_paths(model, rule, eta, next, steps - 1);
  }
  return sum / static_cast<double>(model.samples().samples);
}

}  // namespace

TEST_CASE("one parameter: the expected loss is a power of the growth factor", "[stability][fast]") {
  const auto model = LinearizedModel::from_rows(RowMatrix{{1.0}, {std::sqrt(2.0)}}, 1, 2.3e-16);
  const auto curve =
      expected_loss_curve(model, *oracle::sgd().make(), *make_batch_law("without-replacement"), 1, 1.3, 40);
  REQUIRE(curve.size() == 41);
  for (std::size_t t = 0; t < curve.size(); ++t) CHECK(curve[t] == Approx(std::pow(1.325, t)).epsilon(1e-12));
}

TEST_CASE("the expected loss is the mean over all sequences of samples", "[stability][fast]") {
  for (const auto& example :
       {oracle::three_rows(), oracle::random_rows(3, 2, 2, 5), oracle::random_indefinite(3, 2, 7)}) {
    const auto model = example.model();
    if (model.spectrum().minCoeff() < 0) continue;
    for (const auto& rule : oracle::all_rules()) {
      const auto update = rule.make();
      const double eta = 0.4 / model.lambda_max();
      const auto curve = expected_loss_curve(model, *update, *make_batch_law("without-replacement"), 1, eta, 4);
      const Index r = model.rank();
      for (const int steps : {1, 4}) {
        double mean = 0;
        for (Index i = 0; i < r; ++i) {
          Vector state = Vector::Zero(update->states() * r);
          state[i] = std::sqrt(2 / model.trace());
          mean += loss_over_all_paths(model, *update, eta, state, steps);
        }
        CAPTURE(example.name, rule.label(), steps);
        CHECK(curve[static_cast<std::size_t>(steps)] == Approx(mean).epsilon(1e-11));
      }
    }
  }
}

TEST_CASE("in the long run the expected loss grows at the exact rate", "[stability][fast]") {
  const auto model = oracle::random_rows(12, 4, 1, 3).model();
  for (const auto& law_name : oracle::all_laws()) {
    const auto law = make_batch_law(law_name);
    const auto rule = oracle::heavy_ball(0.5).make();
    const double eta = 1.1 * mean_square_threshold(model, *rule, *law, 2).eta;
    const auto curve = expected_loss_curve(model, *rule, *law, 2, eta, 4000);
    const double growth = mean_square_growth(model, *rule, *law, 2, eta).log_growth;
    CAPTURE(law_name);
    CHECK(std::log(curve[4000] / curve[3000]) / 1000 == Approx(growth).epsilon(1e-9));
  }
}

TEST_CASE("an expected loss that no number holds is refused", "[stability][fast]") {
  const auto model = oracle::three_rows().model();
  const auto rule = oracle::sgd().make();
  const auto law = make_batch_law("without-replacement");
  CHECK_THROWS_AS(expected_loss_curve(model, *rule, *law, 1, 50, 1000), NotConverged);
  CHECK_THROWS_AS(expected_loss_curve(model, *rule, *law, 1, -1, 10), InvalidInput);
  CHECK_THROWS_AS(expected_loss_curve(model, *rule, *law, 1, std::nan(""), 10), InvalidInput);
  CHECK_THROWS_AS(expected_loss_curve(model, *rule, *law, 4, 0.1, 10), InvalidInput);
  CHECK_THROWS_AS(expected_loss_curve(model, *rule, *law, 1, 0.1, -1), InvalidInput);
  CHECK(expected_loss_curve(model, *rule, *law, 1, 0, 3) == std::vector<double>{1, 1, 1, 1});
}
