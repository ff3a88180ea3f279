// What must not change the threshold, and the corners where it is known without computing.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/stability/closed_form.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"
#include "oracle/second_moment.hpp"

using brink::LinearizedModel;
using oracle::Example;
using oracle::kEpsilon;
using oracle::Matrix;
using oracle::Rule;
using oracle::Vector;

namespace {

std::vector<Rule> rules() {
  return {oracle::sgd(), oracle::heavy_ball(0.9), oracle::heavy_ball(-0.5), oracle::nesterov(0.9),
          oracle::nesterov(-0.6)};
}

double threshold(const LinearizedModel& model, const Rule& rule, const std::string& law, int batch_size) {
  return brink::mean_square_threshold(model, *rule.make(), *brink::make_batch_law(law), batch_size).eta;
}

template <class Check>
void for_all_cells(Check&& check) {
  for (const auto& rule : rules())
    for (const auto& law : oracle::all_laws()) {
      INFO(rule.label() << ", " << law);
      check(rule, law);
    }
}

/// Indefinite samples whose mean has a negative eigenvalue near −1/3.
std::vector<Matrix> saddle() {
  Matrix a(2, 2), b(2, 2), c(2, 2);
  a << 1, 0, 0, -0.5;
  b << 2, 0.1, 0.1, -0.4;
  c << 1.5, 0, 0, -0.1;
  return {a, b, c};
}

/// The second direction is curved up in one sample, down in the other, flat in the mean.
std::vector<Matrix> flat_direction() {
  Matrix a(2, 2), b(2, 2);
  a << 1, 0, 0, 1;
  b << 2, 0, 0, -1;
  return {a, b};
}

Matrix stacked(const std::vector<Matrix>& hessians) {
  const auto d = hessians.front().rows();
  Matrix out(static_cast<brink::Index>(hessians.size()) * d, d);
  for (std::size_t k = 0; k < hessians.size(); ++k) out.middleRows(static_cast<brink::Index>(k) * d, d) = hessians[k];
  return out;
}

Example scaled(Example example, double factor) {
  example.rows *= factor;
  return example;
}

}  // namespace

TEST_CASE("rows s times as long have a threshold s² times smaller", "[fast][stability]") {
  const Example example = oracle::random_rows(6, 3, 2, 71);
  const auto model = example.model();
  for (const double factor : {1e-3, 3.0, 1e4}) {
    const auto other = scaled(example, factor).model();
    for_all_cells([&](const Rule& rule, const std::string& law) {
      CHECK(threshold(other, rule, law, 2) * factor * factor == Approx(threshold(model, rule, law, 2)).epsilon(1e-11));
    });
  }
}

TEST_CASE("a rotation of the parameters, or more of them, changes nothing", "[fast][stability]") {
  const Example example = oracle::random_rows(6, 3, 1, 72);
  const auto model = example.model();
  oracle::Random random(73);
  Example rotated = example;
  rotated.rows = example.rows * oracle::random_rotation(3, random);
  Example embedded = example;
  embedded.rows = example.rows * oracle::random_rotation(9, random).topRows(3);
  const auto rotated_model = rotated.model(), embedded_model = embedded.model();
  REQUIRE(embedded_model.rank() == 3);
  for_all_cells([&](const Rule& rule, const std::string& law) {
    const double expected = threshold(model, rule, law, 2);
    CHECK(threshold(rotated_model, rule, law, 2) == Approx(expected).epsilon(1e-11));
    CHECK(threshold(embedded_model, rule, law, 2) == Approx(expected).epsilon(1e-11));
  });
}

TEST_CASE("rows, Gram matrix and Hessians are three roads to one threshold", "[fast][stability]") {
  for (const auto& example : {oracle::random_rows(6, 3, 2, 74), oracle::random_rows(2, 7, 2, 75)}) {
    const auto rows = example.model();
    const auto gram = LinearizedModel::from_gram(example.rows * example.rows.transpose(), example.outputs, kEpsilon);
    const auto dense = LinearizedModel::from_hessians(stacked(example.hessians()), example.samples(), kEpsilon);
    for_all_cells([&](const Rule& rule, const std::string& law) {
      const double expected = threshold(rows, rule, law, 1);
      CHECK(threshold(gram, rule, law, 1) == Approx(expected).epsilon(1e-9));
      CHECK(threshold(dense, rule, law, 1) == Approx(expected).epsilon(1e-9));
    });
  }
}

TEST_CASE("the order of samples and the order and rotation of outputs change nothing", "[fast][stability]") {
  const Example example = oracle::random_rows(5, 3, 2, 76);
  const auto model = example.model();
  oracle::Random random(77);
  const Matrix turn = oracle::random_rotation(2, random);
  Example other = example;
  for (int k = 0; k < 5; ++k) other.rows.middleRows(2 * k, 2) = turn * example.rows.middleRows(2 * (4 - k), 2);
  const auto other_model = other.model();
  for_all_cells([&](const Rule& rule, const std::string& law) {
    CHECK(threshold(other_model, rule, law, 2) == Approx(threshold(model, rule, law, 2)).epsilon(1e-11));
  });
}

TEST_CASE("an output that is always zero changes nothing", "[fast][stability]") {
  const Example example = oracle::random_rows(5, 3, 1, 78);
  Example padded = example;
  padded.outputs = 2;
  padded.rows = Matrix::Zero(10, 3);
  for (int k = 0; k < 5; ++k) padded.rows.row(2 * k) = example.rows.row(k);
  const auto model = example.model(), padded_model = padded.model();
  for_all_cells([&](const Rule& rule, const std::string& law) {
    CHECK(threshold(padded_model, rule, law, 2) == Approx(threshold(model, rule, law, 2)).epsilon(1e-11));
  });
}

TEST_CASE("duplicated data: a law that draws with replacement cannot tell", "[fast][stability]") {
  const Example example = oracle::random_rows(5, 3, 1, 79);
  Example twice = example;
  twice.rows.resize(10, 3);
  twice.rows << example.rows, example.rows;
  const auto model = example.model(), twice_model = twice.model();
  for (const auto& rule : rules()) {
    INFO(rule.label());
    CHECK(threshold(twice_model, rule, "with-replacement", 2) ==
          Approx(threshold(model, rule, "with-replacement", 2)).epsilon(1e-11));
    // One sample is one sample, however the batch of one is drawn.
    CHECK(threshold(twice_model, rule, "without-replacement", 1) ==
          Approx(threshold(model, rule, "without-replacement", 1)).epsilon(1e-11));
    // More copies, less noise is removed by drawing without replacement.
    CHECK(threshold(twice_model, rule, "without-replacement", 2) < threshold(model, rule, "without-replacement", 2));
  }
}

TEST_CASE("identical samples and a single sample have no noise of choice: the threshold is the edge",
          "[fast][stability]") {
  Example identical{"identical samples", Matrix(4, 2), 1};
  for (int k = 0; k < 4; ++k) identical.rows.row(k) << 1.5, 0.5;
  Example pairs{"identical pairs", Matrix(6, 2), 2};
  for (int k = 0; k < 3; ++k) pairs.rows.middleRows(2 * k, 2) << 1.5, 0.5, -0.3, 1;
  const Example single = oracle::random_rows(1, 3, 2, 80);
  for (const auto& example : {identical, pairs, single}) {
    const auto model = example.model();
    for (const auto& rule : rules())
      for (const std::string law : {"without-replacement", "with-replacement"}) {
        INFO(example.name << ", " << rule.label() << ", " << law);
        const auto found = brink::mean_square_threshold(model, *rule.make(), *brink::make_batch_law(law), 1);
        const double edge = rule.make()->deterministic_edge() / model.lambda_max();
        CHECK(found.eta == Approx(edge).epsilon(2e-9));
        CHECK(found.eta_deterministic == Approx(edge).epsilon(1e-11));
        CHECK(found.eta <= found.eta_deterministic);
        CHECK(brink::mean_square_growth(model, *rule.make(), *brink::make_batch_law(law), 1, 0.9 * edge).stable);
        CHECK(!brink::mean_square_growth(model, *rule.make(), *brink::make_batch_law(law), 1, 1.1 * edge).stable);
      }
  }
}

TEST_CASE("full batch: the threshold is the noise-free edge and the growth the spectral radius of A",
          "[fast][stability]") {
  for (const auto& example :
       {oracle::three_rows(), oracle::random_rows(5, 3, 2, 81), oracle::random_indefinite(5, 2, 82)}) {
    const auto model = example.model();
    for (const auto& cell : oracle::all_rules()) {
      const auto rule = cell.make();
      for (const std::string law_name : {"without-replacement", "bernoulli"}) {
        INFO(example.name << ", " << cell.label() << ", " << law_name);
        const auto law = brink::make_batch_law(law_name);
        const auto found = brink::mean_square_threshold(model, *rule, *law, example.samples());
        CHECK(found.eta == Approx(found.eta_deterministic).epsilon(1e-11));
        CHECK(found.critical_mode.size() == 0);
        for (const double ratio : {0.1, 0.99, 1.01, 5.0}) {
          const double eta = ratio * found.eta;
          double radius = 0;
          for (const double lambda : model.spectrum()) {
            const Matrix a = oracle::lifted_map(cell.reference(), eta, Matrix::Constant(1, 1, lambda));
            radius = std::max(radius, oracle::spectral_radius(a));
          }
          const auto growth = brink::mean_square_growth(model, *rule, *law, example.samples(), eta);
          CHECK(growth.log_growth == Approx(2 * std::log(radius)).margin(1e-8));
        }
      }
    }
  }
}

TEST_CASE("rank one: a model of one direction is one-dimensional", "[fast][stability]") {
  oracle::Random random(83);
  const Matrix sizes = random.normals(6, 1), direction = random.normals(1, 4);
  const Example line{"rank one", sizes * direction};
  const Example scalar{"one dimension", sizes * direction.norm()};
  const auto model = line.model(), expected = scalar.model();
  REQUIRE(model.rank() == 1);
  for_all_cells([&](const Rule& rule, const std::string& law) {
    CHECK(threshold(model, rule, law, 2) == Approx(threshold(expected, rule, law, 2)).epsilon(1e-11));
  });
}

TEST_CASE("repeated eigenvalues: the threshold is continuous where they meet", "[fast][stability]") {
  // Without the split H is a circulant matrix (up to the rotation), which has a double eigenvalue.
  oracle::Random random(84);
  const Matrix turn = oracle::random_rotation(4, random);
  const auto model = [&](double split) {
    Matrix rows = Matrix::Zero(8, 4);
    for (int i = 0; i < 4; ++i) {
      rows(2 * i, i) = std::sqrt(1 + split * i);
      rows(2 * i + 1, i) = -std::sqrt(1 + split * i);
      rows(2 * i + 1, (i + 1) % 4) = 1e-1;
    }
    return Example{"split", rows * turn}.model();
  };
  const auto equal = model(0), nearly = model(1e-12), apart = model(1e-6);
  for_all_cells([&](const Rule& rule, const std::string& law) {
    const double expected = threshold(equal, rule, law, 2);
    CHECK(threshold(nearly, rule, law, 2) == Approx(expected).epsilon(1e-10));
    CHECK(threshold(apart, rule, law, 2) == Approx(expected).epsilon(1e-4));
  });
}

TEST_CASE("noise that does not touch the sharpest direction leaves the threshold at the edge", "[fast][stability]") {
  // Two outputs: the first sees only the sharp direction, equally in every sample, the second a flat noisy one.
  Matrix rows = Matrix::Zero(8, 2);
  for (int k = 0; k < 4; ++k) {
    rows(2 * k, 0) = 3;
    rows(2 * k + 1, 1) = 0.1 * (k + 1);
  }
  const auto model = Example{"quiet sharp direction", rows, 2}.model();
  for (const auto& rule : rules())
    for (const std::string law : {"without-replacement", "with-replacement"}) {
      INFO(rule.label() << ", " << law);
      const auto found = brink::mean_square_threshold(model, *rule.make(), *brink::make_batch_law(law), 1);
      CHECK(found.eta == Approx(found.eta_deterministic).epsilon(2e-9));
      CHECK(found.eta_deterministic == Approx(rule.make()->deterministic_edge() / 9).epsilon(1e-11));
    }
}

TEST_CASE("a direction of negative or zero curvature is unstable at every step size", "[fast][stability][oracle]") {
  for (const auto& hessians : {saddle(), flat_direction()}) {
    const int samples = static_cast<int>(hessians.size());
    const auto model = LinearizedModel::from_hessians(stacked(hessians), samples, kEpsilon);
    for (const auto& cell : oracle::all_rules()) {
      if (cell.parameters.weight_decay != 0) continue;
      const auto rule = cell.make();
      for (const auto& law_name : oracle::finite_laws()) {
        INFO(cell.label() << ", " << law_name << ", n=" << samples);
        const auto law = brink::make_batch_law(law_name);
        const auto found = brink::mean_square_threshold(model, *rule, *law, 1);
        CHECK(found.eta == 0);
        CHECK(!found.warnings.empty());
        const auto moment = oracle::second_moment_of(law_name, hessians, 1, cell.reference());
        for (const double eta : {0.01, 0.5}) {
          const auto growth = brink::mean_square_growth(model, *rule, *law, 1, eta);
          CHECK(growth.log_growth > 0);
          CHECK(!growth.stable);
          CHECK(growth.log_growth == Approx(oracle::log_growth(moment(eta))).margin(1e-8));
        }
      }
    }
  }
}

TEST_CASE("weight decay that lifts every eigenvalue of H gives a saddle a threshold", "[fast][stability][oracle]") {
  const auto hessians = saddle();
  const auto model = LinearizedModel::from_hessians(stacked(hessians), 3, kEpsilon);
  for (auto cell : {oracle::sgd(), oracle::heavy_ball(0.5), oracle::nesterov(0.9)}) {
    cell.parameters.weight_decay = 1;
    for (const auto& law : oracle::finite_laws()) {
      INFO(cell.label() << ", " << law);
      const auto moment = oracle::second_moment_of(law, hessians, 1, cell.reference());
      const double expected = oracle::threshold(moment, 1e-3);
      REQUIRE(expected > 0);
      CHECK(threshold(model, cell, law, 1) == Approx(expected).epsilon(1e-8));
    }
    // Not lifted far enough.
    cell.parameters.weight_decay = 0.3;
    CHECK(threshold(model, cell, "bernoulli", 1) == 0);
  }
}
