// brink train from outside.

#include <fmt/format.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "brink/data/npy.hpp"
#include "oracle/random.hpp"
#include "program.hpp"

using nlohmann::json;
using program::Scratch;

namespace {

constexpr const char* kTrain = R"([model]
kind = "regression"
data = "d.csv"
[optimizer]
rule = "heavy-ball"
momentum = 0.5
[batch]
size = 4
[training]
eta = 0.05
steps = 201
seed = 3
)";

/// `rows` samples of five inputs and one target, which a linear function of the inputs meets up to `noise`.
std::string linear_table(int rows, double noise) {
  oracle::Random random(8);
  std::string text;
  for (int k = 0; k < rows; ++k) {
    double target = noise * random.normal();
    for (int i = 0; i < 5; ++i) {
      const double x = random.normal();
      target += (i - 1.5) * x;
      text += fmt::format("{},", x);
    }
    text += fmt::format("{}\n", target);
  }
  return text;
}

std::unique_ptr<Scratch> scratch_with(const std::string& data, const std::string& more = "") {
  auto scratch = std::make_unique<Scratch>();
  scratch->write("d.csv", data);
  scratch->write("t.toml", kTrain + more);
  return scratch;
}

double threshold_of(const Scratch& scratch, const std::string& model) {
  const auto outcome =
      scratch.brink("threshold " + model + " --rule heavy-ball --momentum 0.5 --batch 4 --format json");
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  return json::parse(outcome.output)["rows"][0]["eta_mean_square"];
}

}  // namespace

TEST_CASE("a trained and linearized problem has the thresholds of the model it is", "[cli]") {
  // The model of the same configuration knows its minimum without training.
  const double noise = GENERATE(0.0, 0.3);
  const auto scratch = scratch_with(linear_table(20, noise), "");
  const auto outcome = scratch->brink("train t.toml --linearize --out r --format json");
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const json result = json::parse(outcome.output);
  CHECK(json::parse(scratch->read("r/result.json")) == result);
  CHECK(result["schema"] == "brink.train/1");
  CHECK(result["status"] == "steps-done");
  CHECK(result["steps"] == 201);
  CHECK(result["minimum"]["converged"] == true);
  CHECK(result["minimum"]["is_minimum"] == true);
  CHECK(result["minimum"]["interpolates"] == (noise == 0));
  CHECK(result["minimum"]["rank"] == 5);
  CHECK(result["linearization"]["file"] == "J.npy");
  CHECK(scratch->has("r/theta.npy"));
  CHECK(scratch->has("r/gradient_noise.npy") == (noise != 0));
  const std::string arrays =
      std::string("--jacobian r/J.npy") + (noise != 0 ? " --gradient-noise r/gradient_noise.npy" : "");
  CHECK(threshold_of(*scratch, arrays) == Approx(threshold_of(*scratch, "--config t.toml")).epsilon(1e-10));

  const std::string record = scratch->read("r/tables/record.csv");
  CHECK(record.rfind("step,eta,momentum,batch,loss,gradient_norm\n0,0.05,0.5,4,", 0) == 0);
  CHECK(std::count(record.begin(), record.end(), '\n') == 203);
}

TEST_CASE("the parameters of a run and its linearization stay together", "[cli]") {
  const auto scratch = scratch_with(linear_table(20, 0), "");
  REQUIRE(scratch->brink("train t.toml --linearize --out r").exit_code == 0);
  const std::string theta = scratch->read("r/theta.npy"), rows = scratch->read("r/J.npy");
  const auto again = scratch->brink("train t.toml --out r");
  CHECK(again.exit_code == 0);
  CHECK(again.errors.find("the run is linearized, as it was") != std::string::npos);
  CHECK(scratch->read("r/theta.npy") == theta);
  CHECK(scratch->read("r/J.npy") == rows);
  REQUIRE(scratch->brink("train t.toml --out r --force").exit_code == 0);
  CHECK(scratch->read("r/theta.npy") != theta);
  CHECK_FALSE(scratch->has("r/J.npy"));
}

TEST_CASE("more parameters than samples: the Gram matrix, and its thresholds", "[cli]") {
  const auto scratch = scratch_with(linear_table(4, 0.1));
  const auto outcome = scratch->brink("train t.toml --linearize --out r --format json");
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  CHECK(json::parse(outcome.output)["linearization"]["file"] == "gram.npy");
  CHECK(threshold_of(*scratch, "--gram r/gram.npy") ==
        Approx(threshold_of(*scratch, "--config t.toml")).epsilon(1e-10));
}

TEST_CASE("training interrupted by Ctrl-C goes on to the same bytes", "[cli]") {
  const std::string precision = GENERATE("double", "float");
  const auto scratch = scratch_with(linear_table(20, 0.3), "record_every = 100001\nprecision = \"" + precision +
                                                               "\"\ninterventions = [\"step 500000: batch = 8\"]\n");
  std::string text = scratch->read("t.toml");
  text.replace(text.find("steps = 201"), 11, "steps = 4000000");
  scratch->write("t.toml", text);
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(scratch->brink("train t.toml --out calm").exit_code == 0);
  // The whole run takes several times as long as it is left alone, on any machine.
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / 5;
  int interruptions = 0;
  program::Outcome last;
  for (int i = 0; i < 100; ++i) {
    // Without --foreground it sends the signal twice, and the second one ends the program at once, as it should.
    last =
        program::run_under(fmt::format("timeout --foreground --preserve-status -s INT {:.3f}", std::max(seconds, 0.1)),
                           "train t.toml --out stopped", scratch->path());
    if (last.exit_code != 130) break;
    ++interruptions;
    CHECK_FALSE(scratch->has("stopped/result.json"));
    CHECK(scratch->has("stopped/training.state"));
  }
  INFO(last.errors);
  CHECK(last.exit_code == 0);
  CHECK(interruptions > 0);
  CHECK(last.errors.find("taking up step") != std::string::npos);
  for (const char* file : {"theta.npy", "result.json", "tables/record.csv", "figures/training.csv", "config.toml"}) {
    INFO(file);
    CHECK(scratch->read(std::string("stopped/") + file) == scratch->read(std::string("calm/") + file));
  }
}

TEST_CASE("distance is measured from where another run ended", "[cli]") {
  const auto scratch = scratch_with(linear_table(20, 0.3));
  REQUIRE(scratch->brink("train t.toml --out r").exit_code == 0);
  scratch->write("again.toml", std::string(kTrain) + "probes = [\"distance\"]\nreference = \"r/theta.npy\"\n");
  const auto again = scratch->brink("train again.toml --out s --format json");
  INFO(again.errors);
  REQUIRE(again.exit_code == 0);
  // θ starts at zero: at first it is as far away as the end is from there, and at the end it has arrived.
  const brink::NpyArray end = brink::read_npy(scratch->path() / "r/theta.npy");
  const auto distance_at = [record = scratch->read("s/tables/record.csv")](const std::string& step) {
    std::istringstream line(record.substr(record.find("\n" + step + ",") + 1));
    std::string field;
    for (int column = 0; column < 7; ++column) std::getline(line, field, ',');
    return std::stod(field);
  };
  CHECK(distance_at("0") == Approx(end.values.norm()).epsilon(1e-12));
  CHECK(distance_at("201") == 0);

  scratch->write("d.csv", "1,2,3\n4,5,6\n7,8,10\n");
  const auto other = scratch->brink("train again.toml --out u --format json");
  CHECK(other.exit_code == 2);
  CHECK(other.errors.find("[training]: reference = ") != std::string::npos);
  CHECK(other.errors.find("2 numbers") != std::string::npos);
}

TEST_CASE("a damaged state starts the run over, with the same result", "[cli]") {
  const auto scratch = scratch_with(linear_table(20, 0.3));
  REQUIRE(scratch->brink("train t.toml --out r").exit_code == 0);
  const std::string result = scratch->read("r/result.json");
  std::string state = scratch->read("r/training.state");
  state[state.size() / 2] ^= 1;
  scratch->write("r/training.state", state);
  const auto again = scratch->brink("train t.toml --out r");
  CHECK(again.exit_code == 0);
  CHECK(again.errors.find("taking up") == std::string::npos);
  CHECK(scratch->read("r/result.json") == result);
  CHECK(scratch->brink("train t.toml --out r").errors.find("taking up step 201") != std::string::npos);
}

TEST_CASE("a run that diverges says so and exits with 3", "[cli]") {
  const auto scratch = scratch_with(linear_table(20, 0.3), "interventions = [\"step 50: eta = 30\"]\nminimum = true\n");
  const auto outcome = scratch->brink("train t.toml --out r --format json");
  CHECK(outcome.exit_code == 3);
  const json result = json::parse(outcome.output);
  CHECK(result["status"] == "diverged");
  CHECK(result["interventions"][0]["step"] == 50);
  CHECK(result["loss"].is_number());
  CHECK_FALSE(result.contains("minimum"));
  CHECK_FALSE(scratch->has("r/theta.npy"));
  CHECK(outcome.errors.find("diverged") != std::string::npos);
}

TEST_CASE("bad configurations of training are refused with what is needed", "[cli]") {
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& word) {
    const auto scratch = scratch_with(linear_table(20, 0.3));
    std::string text = scratch->read("t.toml");
    text.replace(text.find(from), from.size(), to);
    scratch->write("t.toml", text);
    const auto outcome = scratch->brink("train t.toml --out r");
    INFO(text << outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.errors.find(word) != std::string::npos);
    CHECK(outcome.output.empty());
  };
  refused("steps = 201", "stepz = 201", "steps");
  refused("steps = 201", "steps = -1", "steps");
  refused("eta = 0.05", "eta = 0", "eta");
  refused("eta = 0.05", "eta = nan", "eta");
  refused("size = 4", "size = 21", "batch size");
  refused("size = 4", "size = [1, 2]", "size");
  refused("\"heavy-ball\"", "\"adamw\"", "adam");
  refused("momentum = 0.5", "momentum = 1.0", "momentum");
  refused("\"regression\"", "\"quadratic\"", "regression");
  refused("seed = 3", "interventions = [\"step 5: lr = 1\"]", "eta");
  refused("seed = 3", "stop = [\"accuracy > 0.9\"]", "gradient_norm");
  refused("seed = 3", "precision = \"half\"", "precision");
  refused("seed = 3", "noise_covariance = \"missing.npy\"", "missing.npy");
}

TEST_CASE("probes of curvature stand in the record, and change nothing", "[cli]") {
  const auto plain = scratch_with(linear_table(16, 0.5));
  const auto probed = scratch_with(
      linear_table(16, 0.5),
      "record_every = 25\nprobes = [\"sharpness\", \"trace\", \"batch_sharpness_in\", \"eta_over_threshold\"]\n");
  REQUIRE(plain->brink("train t.toml --out run").exit_code == 0);
  const auto outcome = probed->brink("train t.toml --linearize --out run --format json");
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const auto record = probed->read("run/tables/record.csv");
  std::istringstream lines(record);
  std::string line;
  std::getline(lines, line);
  CHECK(line ==
        "step,eta,momentum,batch,loss,gradient_norm,sharpness,sharpness_error,trace,trace_error,batch_sharpness_in,"
        "batch_sharpness_in_error,eta_over_threshold,eta_over_threshold_error");
  // A least-squares problem has one Hessian: curvature and threshold are those of the linearized model, at every step.
  const auto inspected = probed->brink(
      "threshold --jacobian run/J.npy --gradient-noise run/gradient_noise.npy --rule "
      "heavy-ball --momentum 0.5 --batch 4 --format json");
  INFO(inspected.errors);
  REQUIRE(inspected.exit_code == 0);
  const auto theory = json::parse(inspected.output);
  int rows = 0;
  while (std::getline(lines, line)) {
    std::vector<double> values;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) values.push_back(std::stod(field));
    REQUIRE(values.size() == 14);
    CHECK(values[6] == Approx(theory["model"]["lambda_max"].get<double>()).epsilon(1e-7));
    CHECK(std::abs(values[8] - theory["model"]["trace"].get<double>()) <= 1e-9 + 5 * values[9]);
    CHECK(values[10] > 0);
    CHECK(values[11] < 0.06 * values[10]);
    CHECK(values[12] == Approx(0.05 / theory["rows"][0]["eta_mean_square"].get<double>()).epsilon(1e-6));
    ++rows;
  }
  CHECK(rows == 10);
  // The trajectory is that without probes, to the last byte.
  auto theta = scratch_with(linear_table(16, 0.5), "record_every = 25\nprobes = [\"sharpness\"]\n");
  REQUIRE(theta->brink("train t.toml --out run").exit_code == 0);
  CHECK(theta->read("run/theta.npy") == plain->read("run/theta.npy"));
  const auto wrong = scratch_with(linear_table(16, 0.5), "probes = [\"flatness\"]\n")->brink("train t.toml");
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.errors.find("flatness") != std::string::npos);
  CHECK(wrong.errors.find("batch_sharpness") != std::string::npos);
}
