#include "brink/model/model_source.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <numeric>

#include "brink/data/data_set.hpp"
#include "brink/data/npy.hpp"
#include "brink/model/inspection.hpp"
#include "brink/model/quadratic_ensemble.hpp"
#include "brink/model/random_features.hpp"
#include "data/support.hpp"
#include "model/numbers.hpp"

using namespace brink;
using namespace brink::test;
using Catch::Contains;

namespace {

std::string load_refusal(const OptionTable& options, const std::filesystem::path& directory = ".") {
  return refusal([&] { (void)load_model(options, directory); });
}

/// Mean gradient at the minimum of the original problem.
double gradient_at_minimum(const OriginalProblem& problem) {
  std::vector<std::uint32_t> all(static_cast<std::size_t>(problem.samples()));
  std::iota(all.begin(), all.end(), 0U);
  Vector gradient(problem.dimension());
  Vector workspace(std::max<Index>(1, problem.workspace_size()));
  problem.sum_of_gradients(problem.minimum().data(), all.data(), problem.samples(), gradient.data(), workspace.data());
  return gradient.norm() / static_cast<double>(problem.samples());
}

constexpr std::int64_t operator""_i(unsigned long long value) { return static_cast<std::int64_t>(value); }

}  // namespace

TEST_CASE("every kind explains its options and loads from the defaults it states", "[fast][model]") {
  std::vector<std::string> names;
  for (const auto& kind : model_kinds()) {
    names.push_back(kind.name);
    CHECK_FALSE(kind.summary.empty());
    CHECK_FALSE(kind.options.empty());
    for (const auto& option : kind.options) {
      CHECK_FALSE(option.help.empty());
      CHECK_FALSE(option.allowed.empty());
    }
  }
  CHECK(std::vector<std::string>(names.begin(), names.begin() + 6) ==
        std::vector<std::string>{"quadratic", "regression", "random-features", "jacobian", "gram", "hessians"});
}

TEST_CASE("unknown kinds and keys are answered with the nearest known one", "[fast][model]") {
  CHECK_THAT(load_refusal({}), Contains("kind = missing") && Contains("random-features"));
  CHECK_THAT(load_refusal({{"kind", std::string("jacobean")}}), Contains("nearest is \"jacobian\""));
  CHECK_THAT(load_refusal({{"kind", 3_i}}), Contains("kind = 3"));
  CHECK_THAT(load_refusal({{"kind", std::string("quadratic")}, {"sample", 3_i}}), Contains("\"samples\""));
  CHECK_THAT(load_refusal({{"kind", std::string("quadratic")}, {"samples", std::string("many")}}), Contains("many"));
}

TEST_CASE("a new kind is one registration line", "[fast][model]") {
  register_model_kind(
      {"test-unit-curvature", "One sample of unit curvature.", {}, [](const auto&, const auto&) {
         return LoadedModel{LinearizedModel::from_rows(RowMatrix::Ones(1, 1), 1, 1e-16), nullptr, {}, {}, {}};
       }});
  const LoadedModel loaded = load_model({{"kind", std::string("test-unit-curvature")}}, ".");
  CHECK(loaded.model.lambda_max() == 1);
  CHECK(loaded.kind == "test-unit-curvature");
  CHECK_THAT(refusal([] { register_model_kind({"gram", "", {}, {}}); }), Contains("gram") && Contains("new name"));
}

TEST_CASE("Jacobian files in every convention give one model", "[fast][model]") {
  const TemporaryDirectory directory;
  const RowMatrix j = numbers(12, 5, 0.2);
  write_npy(directory.path() / "flat.npy", j);
  write_npy(directory.path() / "three.npy", {4, 3, 5}, j.data());
  const LoadedModel flat = load_model(
      {{"kind", std::string("jacobian")}, {"file", std::string("flat.npy")}, {"outputs", 3_i}}, directory.path());
  const LoadedModel three =
      load_model({{"kind", std::string("jacobian")}, {"file", std::string("three.npy")}}, directory.path());
  CHECK(flat.model.samples().rows == three.model.samples().rows);
  CHECK(flat.model.samples().samples == 4);
  CHECK(flat.model.samples().outputs == 3);
  CHECK(std::get<std::int64_t>(three.resolved.at("outputs")) == 3);
  CHECK(std::get<std::string>(three.resolved.at("kind")) == "jacobian");
  CHECK(three.notes.empty());
  REQUIRE(three.original);
  CHECK(three.original->dimension() == 5);

  // A loss that is twice ours, with noise at the minimum.
  const RowMatrix noise = centered(numbers(4, 5, 3));
  write_npy(directory.path() / "b.npy", noise);
  const RowMatrix identity = RowMatrix::Identity(3, 3).replicate(4, 1);
  write_npy(directory.path() / "S.npy", {4, 3, 3}, identity.data());
  const LoadedModel scaled = load_model({{"kind", std::string("jacobian")},
                                         {"file", std::string("three.npy")},
                                         {"loss_scale", 2.0},
                                         {"gradient_noise", std::string("b.npy")},
                                         {"output_curvature", std::string("S.npy")}},
                                        directory.path());
  CHECK((scaled.model.spectrum() - 2 * three.model.spectrum()).norm() < 1e-13 * scaled.model.lambda_max());
  CHECK(scaled.model.gradient_noise().norm() == Approx(2 * noise.norm()).epsilon(1e-13));
  REQUIRE(scaled.notes.size() == 2);
  CHECK_THAT(scaled.notes[0], Contains("scaled by 2"));
  CHECK_THAT(scaled.notes[1], Contains("S.npy"));
}

TEST_CASE("wrong array options are refused by name", "[fast][model]") {
  const TemporaryDirectory directory;
  const RowMatrix j = numbers(12, 5, 0.2);
  write_npy(directory.path() / "flat.npy", j);
  write_npy(directory.path() / "three.npy", {4, 3, 5}, j.data());
  write_npy(directory.path() / "line.npy", {60}, j.data());
  write_npy(directory.path() / "four.npy", {2, 2, 3, 5}, j.data());
  const auto bad = [&](const std::string& kind, OptionTable options) {
    options["kind"] = kind;
    return load_refusal(options, directory.path());
  };
  CHECK_THAT(bad("jacobian", {}), Contains("file = missing"));
  CHECK_THAT(bad("jacobian", {{"file", std::string("absent.npy")}}),
             Contains("absent.npy") && Contains("no such file"));
  CHECK_THAT(bad("jacobian", {{"file", std::string("line.npy")}}), Contains("(60,)") && Contains("(n, c, p)"));
  CHECK_THAT(bad("jacobian", {{"file", std::string("four.npy")}}), Contains("(2, 2, 3, 5)"));
  CHECK_THAT(bad("jacobian", {{"file", std::string("flat.npy")}, {"outputs", 5_i}}), Contains("outputs = 5"));
  for (const std::int64_t outputs : {0, -2}) {
    CHECK_THAT(bad("jacobian", {{"file", std::string("flat.npy")}, {"outputs", outputs}}),
               Contains("need an integer >= 1"));
  }
  CHECK_THAT(bad("jacobian", {{"file", std::string("three.npy")}, {"outputs", 2_i}}), Contains("second axis"));
  CHECK_THAT(bad("jacobian", {{"file", std::string("flat.npy")}, {"loss_scale", -1.0}}), Contains("loss_scale = -1"));
  CHECK_THAT(bad("jacobian", {{"file", std::string("three.npy")}, {"gradient_noise", std::string("flat.npy")}}),
             Contains("flat.npy") && Contains("(12, 5)") && Contains("(4, 5)"));
  CHECK_THAT(bad("jacobian", {{"file", std::string("three.npy")}, {"output_curvature", std::string("three.npy")}}),
             Contains("need (4, 3, 3)"));
  CHECK_THAT(bad("gram", {{"file", std::string("flat.npy")}}), Contains("(12, 5)") && Contains("(n*c, n*c)"));
  CHECK_THAT(bad("gram", {{"file", std::string("flat.npy")}, {"outputs", 0_i}}), Contains("outputs = 0"));
  CHECK_THAT(bad("hessians", {{"file", std::string("three.npy")}}), Contains("(4, 3, 5)") && Contains("(n, d, d)"));
  CHECK_THAT(bad("gram", {{"file", std::string("flat.npy")}, {"gradient_noise", std::string("flat.npy")}}),
             Contains("unknown key"));

  // 2^40 numbers that the file really has (holes), and that no machine here holds.
  const auto huge = directory.write(
      "huge.npy", npy_file("{'descr': '|i1', 'fortran_order': False, 'shape': (1048576, 1048576), }", ""));
  const auto header = std::filesystem::file_size(huge);
  std::error_code sparse_failed;
  std::filesystem::resize_file(huge, header + (1ULL << 40), sparse_failed);
  if (!sparse_failed) {
    CHECK_THAT(bad("jacobian", {{"file", std::string("huge.npy")}}), Contains("huge.npy") && Contains("GiB"));
    CHECK_THAT(bad("gram", {{"file", std::string("huge.npy")}}), Contains("huge.npy") && Contains("GiB"));
  }
}

TEST_CASE("Gram and Hessian files", "[fast][model]") {
  const TemporaryDirectory directory;
  const RowMatrix j = numbers(8, 3, 0.2);
  write_npy(directory.path() / "K.npy", RowMatrix(j * j.transpose()));
  const LoadedModel gram =
      load_model({{"kind", std::string("gram")}, {"file", std::string("K.npy")}, {"outputs", 2_i}}, directory.path());
  CHECK(gram.model.rank() == 3);
  CHECK(gram.model.samples().samples == 4);
  CHECK(gram.original->dimension() == 8);
  CHECK(gram.model.trace() == Approx(j.squaredNorm() / 4).epsilon(1e-13));

  RowMatrix hessians(8 * 3, 3);
  for (Index k = 0; k < 8; ++k) hessians.middleRows(3 * k, 3) = j.row(k).transpose() * j.row(k);
  write_npy(directory.path() / "H.npy", {8, 3, 3}, hessians.data());
  const LoadedModel loaded = load_model(
      {{"kind", std::string("hessians")}, {"file", std::string("H.npy")}, {"loss_scale", 2.0}}, directory.path());
  CHECK(loaded.model.samples().outputs == 1);
  CHECK(loaded.model.trace() == Approx(2 * j.squaredNorm() / 8).epsilon(1e-13));
  CHECK(loaded.original->samples() == 8);
}

TEST_CASE("a preconditioner is a change of parameters", "[fast][model]") {
  const TemporaryDirectory directory;
  const RowMatrix j = numbers(8, 3, 0.2);
  const Vector d{{0.5, 2.0, 7.0}};
  const RowMatrix scaled = j * d.cwiseSqrt().cwiseInverse().asDiagonal();
  write_npy(directory.path() / "J.npy", j);
  write_npy(directory.path() / "scaled.npy", scaled);
  write_npy(directory.path() / "d.npy", {3}, d.data());
  RowMatrix hessians(8 * 3, 3);
  for (Index k = 0; k < 8; ++k) hessians.middleRows(3 * k, 3) = j.row(k).transpose() * j.row(k);
  write_npy(directory.path() / "H.npy", {8, 3, 3}, hessians.data());
  const auto spectrum = [&](const char* kind, const char* file, bool preconditioned) {
    OptionTable options = {{"kind", std::string(kind)}, {"file", std::string(file)}};
    if (preconditioned) options.emplace("preconditioner", std::string("d.npy"));
    const LoadedModel loaded = load_model(options, directory.path());
    CHECK(loaded.notes.empty() != preconditioned);
    // Real steps on the same problem: the direct engine sees the same Hessian.
    CHECK(gradient_at_minimum(*loaded.original) < 1e-12);
    return loaded.model.spectrum();
  };
  const Vector expected = spectrum("jacobian", "scaled.npy", false);
  CHECK((spectrum("jacobian", "J.npy", true) - expected).norm() < 1e-12);
  CHECK((spectrum("hessians", "H.npy", true) - expected).norm() < 1e-12);

  for (const double bad : {0.0, -1.0, std::nan("")}) {
    Vector wrong = d;
    wrong[1] = bad;
    write_npy(directory.path() / "d.npy", {3}, wrong.data());
    CHECK_THROWS_AS(spectrum("jacobian", "J.npy", true), InvalidInput);
  }
  write_npy(directory.path() / "d.npy", {2}, d.data());
  CHECK_THAT(
      load_refusal(
          {{"kind", std::string("jacobian")}, {"file", std::string("J.npy")}, {"preconditioner", std::string("d.npy")}},
          directory.path()),
      Contains("d.npy") && Contains("(3,)"));
}

TEST_CASE("quadratic ensembles have the population they were asked for", "[model]") {
  const Vector spectrum = power_law_spectrum(4, 1.5);
  CHECK(spectrum[3] == Approx(0.125).epsilon(1e-15));
  constexpr Index n = 40000;
  for (const std::string law : {"gaussian", "student-t"}) {
    for (const Index outputs : {Index{1}, Index{2}}) {
      CAPTURE(law, outputs);
      const double nu = 12;
      const RowMatrix a = quadratic_rows(spectrum, n / outputs, outputs, law, nu, 3);
      const Matrix mean = a.transpose() * a / static_cast<double>(n / outputs);
      // Entry (i, j) is a mean of n numbers; five standard deviations. E z_i²z_j² is (ν−2)/(ν−4) times the Gaussian's.
      const double tail = law == "gaussian" ? 1 : (nu - 2) / (nu - 4);
      for (Index i = 0; i < 4; ++i) {
        for (Index k = 0; k < 4; ++k) {
          const double moment = tail * (i == k ? 3 : 1) - (i == k ? 1 : 0);
          const double deviation = std::sqrt(spectrum[i] * spectrum[k] * moment / n);
          CHECK(std::abs(mean(i, k) - (i == k ? spectrum[i] : 0)) < 5 * deviation);
        }
      }
      // The fourth moment tells the two laws apart.
      const double kurtosis = a.col(0).array().pow(4).mean() / std::pow(a.col(0).array().square().mean(), 2);
      CHECK(kurtosis == Approx(3 * tail).epsilon(0.08));
    }
  }
  CHECK(quadratic_rows(spectrum, 5, 1, "gaussian", 5, 1) ==
        quadratic_rows(spectrum, 9, 1, "gaussian", 5, 1).topRows(5));
  CHECK(quadratic_rows(spectrum, 5, 1, "gaussian", 5, 1) != quadratic_rows(spectrum, 5, 1, "gaussian", 5, 2));
}

TEST_CASE("quadratic models", "[fast][model]") {
  const std::string kind = "quadratic";
  const LoadedModel loaded = load_model({{"kind", kind},
                                         {"spectrum", std::vector<double>{1, 4, 2}},
                                         {"samples", 50_i},
                                         {"rows", std::string("student-t")},
                                         {"degrees_of_freedom", 2.5}},
                                        ".");
  CHECK(loaded.model.rank() == 3);
  CHECK(loaded.original->samples() == 50);
  CHECK(std::get<std::int64_t>(loaded.resolved.at("dimension")) == 3);
  const LoadedModel fresh =
      load_model({{"kind", kind}, {"rows", std::string("fresh-gaussian")}, {"dimension", 7_i}, {"exponent", 2.0}}, ".");
  CHECK_FALSE(fresh.model.has_samples());
  CHECK_FALSE(fresh.original);
  CHECK(fresh.model.spectrum()[6] == Approx(1.0 / 49).epsilon(1e-15));
  const LoadedModel wide = load_model({{"kind", kind}, {"dimension", 30_i}, {"samples", 10_i}, {"outputs", 2_i}}, ".");
  CHECK(wide.model.rank() == 20);
  CHECK(wide.model.samples().outputs == 2);

  const auto bad = [&](OptionTable options) {
    options["kind"] = kind;
    return load_refusal(options);
  };
  CHECK_THAT(bad({{"spectrum", std::vector<double>{1, -1}}}), Contains("spectrum[1] = -1"));
  CHECK_THAT(bad({{"spectrum", std::vector<double>{1}}, {"exponent", 1.0}}), Contains("exponent = 1"));
  CHECK_THAT(bad({{"rows", std::string("cauchy")}}), Contains("cauchy") && Contains("student-t"));
  CHECK_THAT(bad({{"rows", std::string("student-t")}, {"degrees_of_freedom", 2.0}}),
             Contains("degrees_of_freedom = 2"));
  CHECK_THAT(bad({{"degrees_of_freedom", 4.0}}), Contains("student-t"));
  CHECK_THAT(bad({{"rows", std::string("fresh-gaussian")}, {"samples", 4_i}}), Contains("samples = 4"));
  CHECK_THAT(bad({{"samples", 0_i}}), Contains("samples = 0"));
  CHECK_THAT(bad({{"dimension", 0_i}}), Contains("dimension = 0"));
  CHECK_THAT(bad({{"outputs", 0_i}}), Contains("outputs = 0"));
  CHECK_THAT(bad({{"samples", 1000000000_i}, {"dimension", 1000000_i}}), Contains("GiB"));
}

TEST_CASE("random features converge to their kernels", "[model]") {
  RowMatrix x = numbers(3, 10, 0.3);
  scale_inputs(x, "samples");
  constexpr Index m = 40000;
  const auto kernel = [&](const std::string& activation) {
    const RowMatrix features = random_features(x, {m, activation, 1, 4});
    return Matrix(features * features.transpose());
  };
  const Matrix relu = kernel("relu");
  const Matrix erf = kernel("erf");
  const Matrix fourier = kernel("fourier");
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j < 3; ++j) {
      const double cosine = x.row(i).dot(x.row(j)) / 10;
      const double angle = std::acos(std::min(1.0, std::max(-1.0, cosine)));
      // Arc-cosine kernel of degree 1 [Cho & Saul 2009], arcsine kernel [Williams 1997], Gaussian kernel.
      CHECK(relu(i, j) ==
            Approx((std::sin(angle) + (std::numbers::pi - angle) * cosine) / (2 * std::numbers::pi)).margin(0.03));
      CHECK(erf(i, j) == Approx(2 / std::numbers::pi * std::asin(2 * cosine / 3)).margin(0.03));
      CHECK(fourier(i, j) == Approx(std::exp(-(x.row(i) - x.row(j)).squaredNorm() / 20)).margin(0.03));
    }
  }
  const RowMatrix few = random_features(x, {5, "tanh", 0.5, 1});
  const RowMatrix more = random_features(x, {20, "tanh", 0.5, 1});
  CHECK((few * std::sqrt(5) - more.leftCols(5) * std::sqrt(20)).norm() < 1e-14);
  CHECK_THAT(refusal([&] { (void)random_features(x, {5, "gelu", 1, 0}); }), Contains("gelu") && Contains("\"relu\""));
  CHECK_THAT(refusal([&] { (void)random_features(x, {0, "relu", 1, 0}); }), Contains("features = 0"));
  CHECK_THAT(refusal([&] { (void)random_features(x, {5, "relu", 0, 0}); }), Contains("weight_scale = 0"));
}

TEST_CASE("regression on a table", "[fast][model]") {
  const TemporaryDirectory directory;
  // y = 1 + 2a − b exactly, and a second target that no plane meets.
  directory.write("t.csv", "a,b,y,z\n0,0,1,0\n1,0,3,0\n0,1,0,0\n1,1,2,1\n2,1,4,5\n");
  OptionTable options = {{"kind", std::string("regression")}, {"data", std::string("t.csv")}, {"outputs", 2_i}};
  const LoadedModel plane = load_model(options, directory.path());
  CHECK(plane.original->samples() == 5);
  CHECK(plane.original->dimension() == 4);
  CHECK(plane.model.samples().outputs == 2);
  CHECK_FALSE(plane.model.interpolates());
  CHECK_THAT(plane.notes.back(), Contains("does not interpolate"));
  CHECK(gradient_at_minimum(*plane.original) < 1e-14);
  CHECK(std::get<std::int64_t>(plane.resolved.at("samples")) == 5);

  directory.write("u.csv", "0,0,1\n1,0,3\n0,1,0\n1,1,2\n2,1,4\n");
  options = {{"kind", std::string("regression")}, {"data", std::string("u.csv")}, {"intercept", true}};
  const LoadedModel exact = load_model(options, directory.path());
  CHECK(exact.model.interpolates());
  CHECK((exact.original->minimum() - Eigen::Vector3d(2, -1, 1)).norm() < 1e-13);

  // The last column as a class.
  directory.write("c.csv", "0,1,3\n1,0,5\n1,1,3\n4,1,7\n2,3,5\n");
  options = {
      {"kind", std::string("regression")}, {"data", std::string("c.csv")}, {"classes", std::vector<double>{3, 5}}};
  CHECK(load_model(options, directory.path()).original->samples() == 4);
  options["classes"] = std::vector<double>{3, 5, 7};
  CHECK(load_model(options, directory.path()).original->dimension() == 6);
  options["samples"] = 3_i;
  CHECK(load_model(options, directory.path()).original->samples() == 3);
  options["classes"] = std::vector<double>{3, 9};
  CHECK_THAT(load_refusal(options, directory.path()), Contains("9 does not"));
  options = {{"kind", std::string("regression")}, {"data", std::string("u.csv")}, {"samples", 6_i}};
  CHECK_THAT(load_refusal(options, directory.path()), Contains("at most the 5"));
  options = {{"kind", std::string("regression")}, {"data", std::string("u.csv")}, {"outputs", 3_i}};
  CHECK_THAT(load_refusal(options, directory.path()), Contains("at least one input"));
  CHECK_THAT(load_refusal({{"kind", std::string("regression")}, {"data", std::string("cifar")}}), Contains("cifar"));
  directory.write("half.csv", "1,0.5\n2,1\n");
  options = {
      {"kind", std::string("regression")}, {"data", std::string("half.csv")}, {"classes", std::vector<double>{1, 2}}};
  CHECK_THAT(load_refusal(options, directory.path()), Contains("half.csv, sample 0") && Contains("0.5"));
}

TEST_CASE("models of real images", "[model]") {
  if (!std::filesystem::exists(data_directory() / "fashion-mnist")) {
    WARN("Fashion-MNIST is not installed");
    return;
  }
  for (const std::string activation : {"relu", "tanh", "erf", "fourier"}) {
    const LoadedModel loaded = load_model({{"kind", std::string("random-features")},
                                           {"classes", std::vector<double>{0, 1}},
                                           {"samples", 64_i},
                                           {"features", 256_i},
                                           {"activation", activation}},
                                          ".");
    CAPTURE(activation);
    CHECK(loaded.model.rank() == 64);
    CHECK(loaded.model.interpolates());
    CHECK(loaded.original->dimension() == 256);
    CHECK(loaded.original->loss(loaded.original->minimum()) < 1e-20);
    const ModelInspection seen = inspect_model(loaded);
    CHECK(seen.consistency < 1e-12);
    CHECK(seen.parameters == 256);
  }
  const LoadedModel ten = load_model({{"kind", std::string("regression")},
                                      {"classes", std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
                                      {"samples", 40_i},
                                      {"center", true},
                                      {"scaling", std::string("global")}},
                                     ".");
  CHECK(ten.model.samples().outputs == 10);
  CHECK(ten.original->dimension() == 7840);
  CHECK(ten.model.rank() == 390);  // centering removes one direction of each output
  CHECK_FALSE(ten.model.interpolates());
  CHECK(inspect_model(ten).consistency < 1e-12);
  CHECK(gradient_at_minimum(*ten.original) < 1e-12);
}
