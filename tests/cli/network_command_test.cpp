// Networks as models of every command, and as problems of brink train.

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "oracle/random.hpp"
#include "program.hpp"

using nlohmann::json;
using program::Scratch;

namespace {

constexpr const char* kNetwork = R"([model]
kind = "network"
data = "d.csv"
hidden = [5]
activation = "tanh"
initialization = "xavier-normal"
seed = 4
[optimizer]
rule = "heavy-ball"
momentum = 0.5
[batch]
size = 2
[training]
eta = 0.02
steps = 20
[grid]
eta_over_threshold = [0.9, 1.5]
[simulation]
replicas = 64
steps = 400
burn_in = 60
seed = 3
[verify]
direct_cells = [0]
measure_threshold = false
)";

std::unique_ptr<Scratch> scratch_with_network() {
  auto scratch = std::make_unique<Scratch>();
  oracle::Random random(8);
  std::string text;
  for (int k = 0; k < 7; ++k)
    text += fmt::format("{},{},{}\n", random.normal(), random.normal(), 0.5 * random.normal());
  scratch->write("d.csv", text);
  scratch->write("n.toml", kNetwork);
  return scratch;
}

std::string replaced(const std::string& what, const std::string& with) {
  std::string text = kNetwork;
  return text.replace(text.find(what), what.size(), with);
}

}  // namespace

TEST_CASE("a trained network has the thresholds of its exported Jacobian", "[cli]") {
  const auto scratch = scratch_with_network();
  const auto trained = scratch->brink("train n.toml --linearize --out run");
  INFO(trained.errors);
  REQUIRE(trained.exit_code == 0);
  CHECK(trained.output.find("it interpolates") != std::string::npos);
  const auto exported =
      scratch->brink("threshold --gram run/gram.npy --rule heavy-ball --momentum 0.5 --batch 2 --format json");
  INFO(exported.errors);
  REQUIRE(exported.exit_code == 0);
  // The same minimum, from its saved parameters.
  scratch->write("at.toml", replaced("seed = 4", "seed = 4\nparameters = \"run/theta.npy\""));
  const auto direct = scratch->brink("threshold --config at.toml --format json");
  INFO(direct.errors);
  REQUIRE(direct.exit_code == 0);
  const auto a = json::parse(exported.output), b = json::parse(direct.output);
  CHECK(b["model"]["rank"] == 7);
  CHECK(a["rows"][0]["eta_mean_square"].get<double>() ==
        Approx(b["rows"][0]["eta_mean_square"].get<double>()).epsilon(1e-8));
}

TEST_CASE("theory and linearized trajectories agree with the network itself", "[cli]") {
  const auto scratch = scratch_with_network();
  const auto outcome = scratch->brink("verify n.toml --format json");
  INFO(outcome.errors << outcome.output);
  const auto report = json::parse(outcome.output);
  int direct = 0;
  for (const auto& one : report["comparisons"]) {
    CHECK(one["verdict"] != "disagree");
    CHECK(std::abs(one["z"].get<double>()) < 4.5);
    direct += one["engine"] == "direct" ? 1 : 0;
  }
  CHECK(direct == 2);
  // A theory that is off by a tenth disagrees with the network too.
  const auto wrong = scratch->brink("verify n.toml --perturb-theory 0.1 --out wrong --format json");
  CHECK(wrong.exit_code == 1);
  bool noticed = false;
  const auto shifted = json::parse(wrong.output);
  for (const auto& one : shifted["comparisons"])
    if (one["engine"] == "direct")
      noticed = noticed || std::abs(one["z"].get<double>()) > one["critical_z"].get<double>();
  CHECK(noticed);
}

TEST_CASE("every architecture trains, and what cannot be one is refused", "[cli]") {
  const auto scratch = scratch_with_network();
  for (const char* architecture : {"fully-connected", "diagonal", "diagonal-square", "autoencoder"}) {
    scratch->write("a.toml",
                   replaced("hidden = [5]", fmt::format("hidden = [5]\narchitecture = \"{}\"", architecture)));
    const auto outcome = scratch->brink(fmt::format("train a.toml --out {}", architecture));
    CAPTURE(architecture, outcome.errors);
    CHECK(outcome.exit_code == 0);
  }
  for (const auto& [what, with] :
       std::vector<std::pair<std::string, std::string>>{{"\"tanh\"", "\"softplus\""},
                                                        {"hidden = [5]", "hidden = [0]"},
                                                        {"hidden = [5]", "architecture = \"transformer\""},
                                                        {"hidden = [5]", "architecture = \"convolutional\""},
                                                        {"hidden = [5]", "loss = \"cross-entropy\""},
                                                        {"hidden = [5]", "frozen_layers = 3"},
                                                        {"hidden = [5]", "parameters = \"nowhere.npy\""},
                                                        {"xavier-normal", "orthogonal"}}) {
    scratch->write("wrong.toml", replaced(what, with));
    const auto outcome = scratch->brink("threshold --config wrong.toml");
    CAPTURE(with, outcome.errors);
    CHECK(outcome.exit_code == 2);
  }
}

TEST_CASE("rows that would take too much memory are never whole, and the thresholds are the same", "[cli]") {
  const auto scratch = scratch_with_network();
  scratch->write("g.toml", replaced("hidden = [5]", "hidden = [5]\nrows_memory = 0"));
  const auto rows = scratch->brink("threshold --config n.toml --format json");
  const auto gram = scratch->brink("threshold --config g.toml --format json");
  INFO(gram.errors);
  REQUIRE(rows.exit_code == 0);
  REQUIRE(gram.exit_code == 0);
  CHECK(gram.output.find("through the Gram matrix") != std::string::npos);
  CHECK(rows.output.find("through the Gram matrix") == std::string::npos);
  CHECK(json::parse(gram.output)["rows"][0]["eta_mean_square"].get<double>() ==
        Approx(json::parse(rows.output)["rows"][0]["eta_mean_square"].get<double>()).epsilon(1e-8));
}

TEST_CASE("cross-entropy: separable classes have no minimum, smoothed labels have one", "[cli]") {
  const auto scratch = scratch_with_network();
  oracle::Random random(3);
  std::string text;
  for (int k = 0; k < 8; ++k) text += fmt::format("{},{},{}\n", random.normal(), random.normal(), k % 3);
  scratch->write("c.csv", text);
  const auto config = [](const std::string& more) {
    return fmt::format(R"([model]
kind = "network"
data = "c.csv"
classes = [0, 1, 2]
hidden = [8]
loss = "cross-entropy"
seed = 4
{})",
                       more);
  };
  scratch->write("separable.toml", config(""));
  const auto refused = scratch->brink("threshold --config separable.toml --batch 2");
  INFO(refused.errors);
  CHECK(refused.exit_code == 3);
  CHECK(refused.errors.find("separable classes under cross-entropy") != std::string::npos);
  CHECK(refused.errors.find("label_smoothing") != std::string::npos);

  scratch->write("smooth.toml", config("label_smoothing = 0.2\n"));
  const auto found = scratch->brink("threshold --config smooth.toml --batch 2,8 --format json");
  INFO(found.errors << found.output);
  REQUIRE(found.exit_code == 0);
  CHECK(found.output.find("every sample at its own minimum") != std::string::npos);
  const auto rows = json::parse(found.output)["rows"];
  CHECK(rows[0]["eta_mean_square"].get<double>() < rows[1]["eta_mean_square"].get<double>());
  CHECK(rows[1]["eta_mean_square"].get<double>() * json::parse(found.output)["model"]["lambda_max"].get<double>() ==
        Approx(2).epsilon(1e-9));
  scratch->write("wrong.toml", replaced("hidden = [5]", "label_smoothing = 0.1"));
  CHECK(scratch->brink("threshold --config wrong.toml").exit_code == 2);
}

TEST_CASE("matrix sensing is a model of every command", "[cli]") {
  const auto scratch = scratch_with_network();
  const auto config = [](const std::string& more) {
    return "[model]\nkind = \"matrix-sensing\"\nrows = 4\ncolumns = 4\nrank = 3\nsamples = 9\nseed = 2\n" + more;
  };
  // U U' that is found has the rank 2 of the truth: the tangent space there has 4·2 − 1 = 7 dimensions.
  for (const auto& [more, rank] : std::vector<std::pair<std::string, int>>{
           {"", 9}, {"symmetric = true\n", 7}, {"measurements = \"entries\"\n", 9}}) {
    scratch->write("s.toml", config(more));
    const auto outcome = scratch->brink("threshold --config s.toml --batch 1,9 --format json");
    CAPTURE(more, outcome.errors);
    REQUIRE(outcome.exit_code == 0);
    const auto found = json::parse(outcome.output);
    CHECK(found["model"]["rank"] == rank);
    CHECK(found["rows"][1]["eta_mean_square"].get<double>() * found["model"]["lambda_max"].get<double>() ==
          Approx(2).epsilon(1e-9));
    CHECK(scratch->brink("train s.toml --linearize --force --out s").exit_code == 0);
  }
  for (const char* more : {"true_rank = 5\n", "measurements = \"rows\"\n", "noise = -1.0\n"}) {
    scratch->write("s.toml", config(more));
    const auto outcome = scratch->brink("threshold --config s.toml");
    CAPTURE(more, outcome.errors);
    CHECK(outcome.exit_code == 2);
  }
}
