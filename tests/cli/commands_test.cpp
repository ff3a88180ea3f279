// The subcommands from outside: results, order, streams, run directories.

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "brink/data/npy.hpp"
#include "program.hpp"

using nlohmann::json;
using program::Scratch;

namespace {

json parse(const program::Outcome& outcome) {
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  return json::parse(outcome.output);
}

constexpr const char* kVerify = R"([model]
kind = "jacobian"
file = "G1.npy"
[optimizer]
rule = "heavy-ball"
momentum = [0.0, 0.5]
[batch]
size = [1, 3]
[grid]
eta_over_threshold = [1.0, 1.2]
[simulation]
replicas = 400
steps = 512
burn_in = 90
seed = 3
[verify]
measure_threshold = false
)";

}  // namespace

TEST_CASE("threshold gives the exact thresholds in the order of the contract", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto result =
      parse(scratch.brink("threshold --jacobian G1.npy --rule heavy-ball,nesterov --momentum 0.5,0 "
                          "--batch 2,1 --sampling bernoulli,without-replacement --format json"));
  CHECK(result["schema"] == "brink.threshold/1");
  CHECK(result["model"]["samples"] == 3);
  CHECK(result["model"]["rank"] == 2);
  const auto& rows = result["rows"];
  REQUIRE(rows.size() == 16);
  std::size_t i = 0;
  for (const char* rule : {"heavy-ball", "nesterov"}) {
    for (const double momentum : {0.5, 0.0}) {
      for (const int batch : {2, 1}) {
        for (const char* sampling : {"bernoulli", "without-replacement"}) {
          CHECK(rows[i]["rule"] == rule);
          CHECK(rows[i]["momentum"] == momentum);
          CHECK(rows[i]["batch"] == batch);
          CHECK(rows[i]["sampling"] == sampling);
          ++i;
        }
      }
    }
  }
  CHECK(rows[3]["eta_mean_square"].get<double>() == Approx(0.43179774766624).epsilon(1e-10));
  CHECK(rows[7]["eta_mean_square"].get<double>() == Approx(0.576039492188993).epsilon(1e-10));
  CHECK(rows[4]["eta_mean_square"].get<double>() == Approx(0.872909817406041).epsilon(1e-10));
}

TEST_CASE("The Gram matrix gives what the rows give", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const std::string grid = " --rule heavy-ball --momentum 0,0.9 --batch 1,2,3 --format json";
  const auto rows = parse(scratch.brink("threshold --jacobian G1.npy" + grid))["rows"];
  const auto gram = parse(scratch.brink("threshold --gram K1.npy" + grid))["rows"];
  REQUIRE(rows.size() == gram.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    CHECK(gram[i]["eta_mean_square"].get<double>() == Approx(rows[i]["eta_mean_square"].get<double>()).epsilon(1e-9));
}

TEST_CASE("Defaults are those of the contract", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto plain = parse(scratch.brink("threshold --jacobian G1.npy --format json"))["rows"];
  REQUIRE(plain.size() == 1);
  CHECK(plain[0]["rule"] == "sgd");
  CHECK(plain[0]["momentum"] == 0);
  CHECK(plain[0]["batch"] == 1);
  CHECK(plain[0]["sampling"] == "without-replacement");
  CHECK_FALSE(plain[0].contains("bounds"));
  CHECK_FALSE(plain[0].contains("growth"));
  const auto momentum = parse(scratch.brink("threshold --jacobian G1.npy --rule sgd,heavy-ball --format json"))["rows"];
  CHECK(momentum[0]["momentum"] == 0);
  CHECK(momentum[1]["momentum"] == 0.9);
}

TEST_CASE("Bounds, growth and stationary states appear when they are asked for", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  brink::write_npy(scratch.path() / "b.npy", brink::RowMatrix{{1, 0}, {-1, 1}, {0, -1}});
  const auto row =
      parse(scratch.brink("threshold --jacobian G1.npy --gradient-noise b.npy --bounds --eta 0.65,0.1 "
                          "--format json"))["rows"][0];
  REQUIRE(row["growth"].size() == 2);
  CHECK(row["growth"][0]["eta"] == 0.65);
  CHECK(row["growth"][0]["log_growth"].get<double>() == Approx(0.232287737857).epsilon(1e-10));
  CHECK(row["growth"][0]["stable"] == false);
  CHECK_FALSE(row["growth"][0].contains("stationary"));
  CHECK(row["growth"][1]["stable"] == true);
  CHECK(row["growth"][1]["stationary"]["trace"].get<double>() > 0);
  bool found = false;
  for (const auto& bound : row["bounds"]) {
    CHECK_FALSE(bound["source"].get<std::string>().empty());
    if (bound["name"] != "frobenius") continue;
    found = true;
    CHECK(bound["eta"].get<double>() == Approx(1 / std::sqrt(31.0 / 9 * .198450593846)).epsilon(1e-9));
    CHECK(bound["vacuous"] == true);
  }
  CHECK(found);
}

TEST_CASE("Fresh rows and full batches stand in a grid with gradient noise", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  brink::write_npy(scratch.path() / "b.npy", brink::RowMatrix{{1, 0}, {-1, 1}, {0, -1}});
  const auto rows =
      parse(scratch.brink("threshold --jacobian G1.npy --gradient-noise b.npy --batch 3 --eta 0.1,2 "
                          "--rule heavy-ball --sampling without-replacement,gaussian "
                          "--format json"))["rows"];
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["critical"]["batch_sharpness_in_times_eta"].get<double>() == Approx(3.8).epsilon(1e-12));
  CHECK(rows[0]["growth"][0]["stationary"]["trace"] == 0);
  const auto& fresh = rows[1]["growth"];
  CHECK(fresh[0]["stable"] == true);
  REQUIRE(fresh[0].contains("stationary"));
  CHECK(fresh[0]["stationary"].is_null());
  CHECK(fresh[0]["status"] == "not applicable");
  CHECK_FALSE(fresh[1].contains("stationary"));
}

TEST_CASE("all conditions are in the result, each with its label", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto rows =
      parse(scratch.brink("threshold --jacobian G1.npy --sampling bernoulli --batch 1 --bounds "
                          "--format json"))["rows"];
  std::vector<std::string> names;
  for (const auto& bound : rows[0]["bounds"]) {
    names.push_back(bound["name"]);
    CHECK(bound["eta"].is_number());
    CHECK(bound["eta_over_mean_square"].is_number());
    CHECK(bound["status"] != "not applicable");
  }
  CHECK(names == std::vector<std::string>{"noise-kernel", "mean", "wu-ma-e", "wu-ma-e-box", "frobenius", "trace",
                                          "mulayoff-15", "mulayoff-16", "rank-one", "coherence", "every-batch",
                                          "batch-gap"});
}

TEST_CASE("the figure of all conditions is in the run, with its data", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto outcome = scratch.brink("threshold --jacobian G1.npy --batch 1,2,3 --bounds-figure --out run");
  CHECK(outcome.exit_code == 0);
  for (const char* file : {"figures/bounds.csv", "figures/bounds.gp", "tables/bounds.csv", "result.json"})
    CHECK(std::filesystem::exists(scratch.path() / "run" / file));
}

TEST_CASE("inverse questions are answered beside the thresholds", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto result = parse(scratch.brink(
      "threshold --jacobian G1.npy --rule heavy-ball --momentum 0,0.5 --batch 1,2 --eta 0.7 --format json "
      "--solve batch,momentum,best-eta,best-momentum"));
  CHECK(result["rows"].size() == 4);
  CHECK(result["rows"][0]["growth"][0]["margin"].get<double>() == Approx(1 - 0.7 / 0.576039492188993));
  const auto& solutions = result["solutions"];
  // Two momenta for the batch, two batches for the momentum, all four cells for the step, two batches for the best.
  REQUIRE(solutions.size() == 2 + 2 + 4 + 2);
  CHECK(solutions[0]["quantity"] == "batch");
  CHECK(solutions[0]["batch"] == 2);
  CHECK(solutions[2]["quantity"] == "momentum");
  CHECK(solutions[2]["ranges"].empty());
  CHECK(solutions[3]["ranges"].size() == 1);
  CHECK(solutions[4]["log_growth"].get<double>() < 0);
  CHECK(solutions[8]["momentum_error"].get<double>() > 0);
  const auto none = parse(scratch.brink("threshold --jacobian G1.npy --eta 5 --solve batch --format json"));
  CHECK(none["solutions"][0]["batch"].is_null());
  CHECK(none["solutions"][0].contains("reason"));
  CHECK(scratch.brink("threshold --jacobian G1.npy --solve batch").exit_code == 2);
  CHECK(scratch.brink("threshold --jacobian G1.npy --solve everything").exit_code == 2);
  CHECK(scratch.brink("threshold --jacobian G1.npy --eta 1 --solve momentum").exit_code == 2);
}

TEST_CASE("a population has larger batches and thresholds with an error", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto rows =
      parse(scratch.brink("threshold --jacobian G1.npy --population 300 --batch 1,300 --format json"))["rows"];
  CHECK(rows[0]["eta_mean_square_standard_error"].get<double>() > 0);
  CHECK(rows[0]["eta_mean_square"].get<double>() == Approx(0.576039492188993));
  CHECK(rows[1]["eta_mean_square"] == rows[1]["eta_deterministic"]);
  CHECK(scratch.brink("threshold --jacobian G1.npy --population 300 --batch 301").exit_code == 2);
  CHECK(scratch.brink("threshold --jacobian G1.npy --population 2").exit_code == 2);
}

TEST_CASE("couple carries a step size over", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto result =
      parse(scratch.brink("couple --jacobian G1.npy --rule heavy-ball --from 0.2,0.5,1 --momentum 0,0.5 --batch 1,2 "
                          "--out run --format json"));
  CHECK(result["schema"] == "brink.couple/1");
  const double share = 0.2 / 0.43179774766624;
  CHECK(result["from"]["eta_over_threshold"].get<double>() == Approx(share).epsilon(1e-10));
  REQUIRE(result["rows"].size() == 4);
  CHECK(result["rows"][0]["eta"].get<double>() == Approx(share * 0.576039492188993).epsilon(1e-10));
  CHECK(result["rows"][2]["eta"].get<double>() == Approx(0.2).epsilon(1e-10));
  CHECK(result["rows"][3]["rules_of_thumb"][0]["name"] == "linear");
  CHECK(result["rows"][3]["rules_of_thumb"][0]["eta"].get<double>() == Approx(0.4));
  CHECK(std::filesystem::exists(scratch.path() / "run/figures/coupling.csv"));
  CHECK(scratch.brink("couple --jacobian G1.npy --from 2,0,1").exit_code == 2);
  CHECK(scratch.brink("couple --jacobian G1.npy --from 0.2,0").exit_code == 2);
  CHECK(scratch.brink("couple --jacobian G1.npy").exit_code == 2);
}

TEST_CASE("shuffled epochs stand beside independent batches", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto row =
      parse(scratch.brink("threshold --jacobian G1.npy --batch 1 --eta 0.65 --reshuffling --format json"))["rows"][0];
  const auto& epochs = row["reshuffled"];
  CHECK(row["eta_mean_square"].get<double>() == Approx(0.576039492188993).epsilon(1e-10));
  CHECK(epochs["eta"].get<double>() > 0.5);
  CHECK(epochs["eta_mean"].get<double>() >= epochs["eta"].get<double>());
  CHECK(epochs["eta_cyclic"].is_number());
  // The thresholds of all notions stand in one line of the table.
  const std::string table = scratch.brink("threshold --jacobian G1.npy --batch 1 --reshuffling --format csv").output;
  CHECK(table.find("eta_mean_square,") != std::string::npos);
  CHECK(table.find("eta_reshuffled,eta_reshuffled_error,eta_reshuffled_mean,eta_cyclic") != std::string::npos);
  const std::string line = table.substr(table.find('\n') + 1);
  CHECK(line.find(epochs["eta_mean"].dump()) != std::string::npos);
  CHECK(epochs["error"].get<double>() < 1e-9);
  CHECK(epochs["error_kind"] == "residual");
  CHECK(epochs["steps_per_epoch"] == 3);
  CHECK(epochs["last_batch"] == "smaller");
  const double exact = epochs["growth"][0]["log_growth"];
  const auto simulated =
      parse(scratch.brink("simulate --jacobian G1.npy --sampling reshuffled --eta 0.65 --replicas 1000 "
                          "--steps 900 --burn-in 60 --format json"))["rows"][0];
  CHECK(simulated["sampling"] == "reshuffled");
  CHECK(simulated["steps_per_epoch"] == 3);
  CHECK(std::abs(simulated["log_growth"].get<double>() - exact) < 5 * simulated["standard_error"].get<double>());
  const auto dropped =
      parse(scratch.brink("threshold --jacobian G1.npy --batch 2 --reshuffling --last-batch dropped "
                          "--out run --format json"))["rows"][0];
  CHECK(dropped["reshuffled"]["steps_per_epoch"] == 1);
  CHECK(dropped["reshuffled"]["eta"].get<double>() == Approx(dropped["eta_mean_square"].get<double>()).epsilon(1e-12));
  CHECK(scratch.read("run/config.toml").find("last_batch = \"dropped\"") != std::string::npos);
  CHECK_FALSE(parse(scratch.brink("threshold --jacobian G1.npy --format json"))["rows"][0].contains("reshuffled"));
}

TEST_CASE("alignment at a direction, at the critical mode, along a trajectory, and escape", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  brink::write_npy(scratch.path() / "d.npy", {2}, brink::RowMatrix{{1, 0}}.data());
  const auto result =
      parse(scratch.brink("alignment --jacobian G1.npy --batch 1,2 --direction d.npy --eta 2,0.65 --replicas 1000 "
                          "--steps 512 --burn-in 60 --out run --format json"));
  CHECK(result["schema"] == "brink.alignment/1");
  // x = (1, 0): gradients (1,0), (1,1), 0, H = [[2,1],[1,5]]/3.
  const double mean_part = (2 * 2 * 2 + 2 * 2 * 1 * 1 + 1 * 1 * 5) / 27.0;
  const double noise = (2.0 / 3 + (2 + 2 + 5) / 3.0) / 3 - mean_part;
  CHECK(result["direction"]["mu"].get<double>() == Approx(noise / (2.0 / 3 * 31.0 / 9)).epsilon(1e-10));
  CHECK(result["direction"]["outside_range"].get<double>() < 1e-14);
  REQUIRE(result["rows"].size() == 2);
  const auto& row = result["rows"][0];
  CHECK(row["smallest_mu"].get<double>() == Approx(.198450593846).epsilon(1e-9));
  CHECK(row["eta_bound"].get<double>() == Approx(1.209523209351).epsilon(1e-9));
  CHECK(row["critical"]["mu"].get<double>() ==
        Approx(row["critical"]["direction_alignment"].get<double>() * row["critical"]["magnitude"].get<double>()));
  REQUIRE(row["escape"].size() == 2);
  const auto& slow = row["escape"][1];
  CHECK(slow["log_growth"].get<double>() == Approx(0.232287737857).epsilon(1e-10));
  CHECK(std::abs(slow["log_growth_measured"].get<double>() - 0.232287737857) <
        5 * slow["standard_error"].get<double>());
  for (const auto& escape : row["escape"]) {
    CHECK(escape["log_growth_bound"].get<double>() < escape["log_growth"].get<double>());
    CHECK(escape["trajectory"]["mu"].get<double>() >= .198450593846);
    CHECK(escape["trajectory"]["mu_standard_error"].get<double>() > 0);
  }
  for (const char* file : {"run/figures/escape.csv", "run/figures/alignment-sgd-0-without-replacement-1.csv",
                           "run/tables/alignment.csv", "run/tables/direction.csv", "run/result.json"})
    CHECK(scratch.has(file));
  const auto mode = parse(scratch.brink("alignment --gram K1.npy --mode 2 --format json"));
  CHECK(mode["direction"]["name"] == "mode 2");
  CHECK(mode["rows"][0]["escape"].empty());
  const auto momentum = parse(scratch.brink("alignment --jacobian G1.npy --rule heavy-ball --format json"))["rows"][0];
  CHECK(momentum["eta_bound"].is_null());
  CHECK(momentum["reason"].get<std::string>().find("SGD") != std::string::npos);
}

TEST_CASE("a trajectory that ends in the minimum leaves the rest of its line", "[cli][fast]") {
  const Scratch scratch;
  // Two orthogonal unit rows, B = 1: a step of size 1 annihilates the coordinate that it draws.
  brink::write_npy(scratch.path() / "axes.npy", {2, 2}, brink::RowMatrix{{1, 0}, {0, 1}}.data());
  const auto row =
      parse(scratch.brink("alignment --jacobian axes.npy --batch 1 --eta 0.65,1 --replicas 500 "
                          "--steps 256 --burn-in 60 --out run --format json"))["rows"][0];
  CHECK(row["escape"][0]["trajectory"]["mu"].is_number());
  const auto& ended = row["escape"][1];
  CHECK(ended["trajectory"].is_null());
  CHECK(ended["reason"].get<std::string>().find("reached the minimum exactly") != std::string::npos);
  CHECK(ended["log_growth"].get<double>() == Approx(std::log(0.5)).epsilon(1e-10));
  CHECK(std::abs(ended["log_growth_measured"].get<double>() - std::log(0.5)) <
        5 * ended["standard_error"].get<double>());
  CHECK(std::filesystem::exists(scratch.path() / "run/figures/escape.csv"));
}

TEST_CASE("a list of formats redraws a figure in each", "[cli][plots]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  CHECK(scratch.brink("threshold --jacobian G1.npy --batch 1,2 --bounds-figure --out run").exit_code == 0);
  const auto outcome = scratch.brink("figure run bounds --terminal pdf,svg --width 178");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.find("bounds.pdf") != std::string::npos);
  CHECK(outcome.output.find("bounds.svg") != std::string::npos);
  CHECK(scratch.brink("figure run bounds --terminal jpeg").exit_code == 2);
}

TEST_CASE("simulate measures growth and Lyapunov exponents", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const std::string common =
      "simulate --jacobian G1.npy --eta 0.65 --replicas 1000 --steps 512 --burn-in 60 --format json";
  const auto cloning = parse(scratch.brink(common))["rows"][0];
  CHECK(cloning["method"] == "cloning");
  CHECK(std::abs(cloning["log_growth"].get<double>() - 0.232287737857) < 5 * cloning["standard_error"].get<double>());
  CHECK(cloning["lyapunov"].is_null());
  CHECK(cloning.contains("reason"));
  const auto lyapunov = parse(scratch.brink(common + " --method lyapunov"))["rows"][0];
  CHECK(lyapunov["log_growth"].is_null());
  CHECK(lyapunov["lyapunov"].get<double>() < 0);
  CHECK(lyapunov["lyapunov_standard_error"].get<double>() > 0);
}

TEST_CASE("Standard output does not depend on the number of threads", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  for (const std::string command :
       {"threshold --jacobian G1.npy --rule heavy-ball --momentum 0,0.5,0.9 --batch 1,2,3 --bounds --eta 0.3,0.6",
        "simulate --jacobian G1.npy --rule heavy-ball --momentum 0,0.5 --batch 1,2 --eta 0.3 --replicas 128 --steps "
        "128 "
        "--burn-in 20"}) {
    for (const std::string format : {"json", "csv", "table"}) {
      const auto one = scratch.brink(command + " --format " + format + " --threads 1");
      const auto two = scratch.brink(command + " --format " + format + " --threads 2");
      CHECK(one.exit_code == 0);
      CHECK_FALSE(one.output.empty());
      CHECK(one.output == two.output);
    }
  }
}

TEST_CASE("quiet leaves standard error empty", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto outcome = scratch.brink("threshold --jacobian G1.npy --batch 1,2 --quiet");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.empty());
}

TEST_CASE("verify confirms a correct theory and contradicts a perturbed one", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  scratch.write("small.toml", kVerify);
  const auto outcome = scratch.brink("verify small.toml --format json --threads 2");
  const auto result = parse(outcome);
  CHECK(result["schema"] == "brink.verify/1");
  CHECK(result["agree"] == true);
  bool direct = false;
  for (const auto& comparison : result["comparisons"]) {
    CHECK(comparison["verdict"] == "agree");
    CHECK(comparison["detectable_threshold_error"].get<double>() <= 0.02);
    direct = direct || comparison["engine"] == "direct";
  }
  CHECK(direct);
  CHECK(scratch.read("runs/small/result.json") == outcome.output);
  for (const char* file : {"config.toml", "provenance.json", "tables/comparisons.csv", "tables/cells.csv",
                           "figures/thresholds.csv", "figures/thresholds.gp"})
    CHECK(scratch.has(std::string("runs/small/") + file));

  const auto again = scratch.brink("verify small.toml --format json --threads 1 --force");
  CHECK(again.exit_code == 0);
  CHECK(again.output == outcome.output);
  CHECK(again.errors.find("taking up") == std::string::npos);

  const auto perturbed = scratch.brink("verify small.toml --format json --perturb-theory 0.03");
  CHECK(perturbed.exit_code == 1);
  CHECK(json::parse(perturbed.output)["agree"] == false);
}

TEST_CASE("what was measured is not measured again, unless it is of no use", "[cli]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  scratch.write("small.toml", kVerify);
  const auto first = scratch.brink("verify small.toml --format json");
  REQUIRE(first.exit_code == 0);
  const std::string checkpoint = scratch.read("runs/small/checkpoint.json");

  // As an interrupted run leaves it: some units, no result.
  auto partial = json::parse(checkpoint);
  partial["units"].erase(partial["units"].size() - 3);
  scratch.write("runs/small/checkpoint.json", partial.dump());
  std::filesystem::remove(scratch.path() / "runs/small/result.json");
  const auto resumed = scratch.brink("verify small.toml --format json");
  CHECK(resumed.exit_code == 0);
  CHECK(resumed.output == first.output);
  CHECK(resumed.errors.find("taking up") != std::string::npos);
  CHECK(json::parse(scratch.read("runs/small/checkpoint.json")) == json::parse(checkpoint));

  // Another build, or half a file: measured anew, to the same numbers.
  auto foreign = json::parse(checkpoint);
  foreign["build"] = "another";
  foreign["units"][0]["value"] = 17;
  for (const std::string& useless : {foreign.dump(), checkpoint.substr(0, checkpoint.size() / 2), std::string("[]")}) {
    scratch.write("runs/small/checkpoint.json", useless);
    const auto anew = scratch.brink("verify small.toml --format json");
    CHECK(anew.output == first.output);
    CHECK(anew.errors.find("taking up") == std::string::npos);
  }
}

TEST_CASE("A run of another configuration is replaced only by force", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  CHECK(scratch.brink("threshold --jacobian G1.npy --batch 1 --out run").exit_code == 0);
  CHECK(scratch.has("run/result.json"));
  CHECK(scratch.brink("threshold --jacobian G1.npy --batch 1 --out run").exit_code == 0);
  const auto other = scratch.brink("threshold --jacobian G1.npy --batch 2 --out run");
  CHECK(other.exit_code == 2);
  CHECK(other.output.empty());
  CHECK(other.errors.find("--force") != std::string::npos);
  CHECK(scratch.brink("threshold --jacobian G1.npy --batch 2 --out run --force").exit_code == 0);
}

TEST_CASE("Files that a configuration names are relative to it", "[cli][fast]") {
  const Scratch scratch;
  std::filesystem::create_directories(scratch.path() / "deeper");
  scratch.write_small_arrays();
  std::filesystem::rename(scratch.path() / "G1.npy", scratch.path() / "deeper" / "G1.npy");
  scratch.write("deeper/model.toml", kVerify);
  const auto result = parse(scratch.brink("threshold --config deeper/model.toml --batch 2 --format json"));
  REQUIRE(result["rows"].size() == 2);  // momentum from the file, batch from the flag
  CHECK(result["rows"][0]["batch"] == 2);
}

TEST_CASE("inspect tells what an array and what a model is", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  CHECK(parse(scratch.brink("inspect G1.npy --format json"))["array"]["shape"] == json({3, 2}));
  const auto model = parse(scratch.brink("inspect --gram K1.npy --format json"))["model"];
  CHECK(model["rank"] == 2);
  CHECK(model["route"] == "gram");
  for (const char* kind : {"quadratic", "regression", "random-features", "jacobian", "gram", "hessians"}) {
    const auto outcome = scratch.brink(std::string("inspect --explain ") + kind);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output.find("default") != std::string::npos);
  }
}

TEST_CASE("check passes, and prints what it computed", "[cli][fast]") {
  const Scratch scratch;
  const auto result = parse(scratch.brink("check --format json"));
  CHECK(result["passed"] == true);
  CHECK(result["rows"].size() > 50);
  for (const auto& row : result["rows"]) {
    INFO(row.dump());
    CHECK(row["passes"] == true);
    CHECK(std::abs(row["difference"].get<double>()) <= row["tolerance"].get<double>());
  }
}

TEST_CASE("Every help has examples", "[cli][fast]") {
  const Scratch scratch;
  const auto all = scratch.brink("--help");
  CHECK(all.exit_code == 0);
  CHECK(all.errors.empty());
  for (const std::string command : {"threshold", "simulate", "verify", "inspect", "check", "figure"}) {
    CHECK(all.output.find(command) != std::string::npos);
    const auto help = scratch.brink(command + " --help");
    CHECK(help.exit_code == 0);
    CHECK(help.output.find("Usage: brink " + command) != std::string::npos);
    CHECK(help.output.find("Example") != std::string::npos);
  }
}

TEST_CASE("An interrupted run leaves nothing that looks finished", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  std::string slow = kVerify;
  slow.replace(slow.find("steps = 512"), 11, "steps = 6000");
  slow.replace(slow.find("[0.0, 0.5]"), 10, "[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]");
  scratch.write("slow.toml", slow);
  for (const std::string signal : {"INT", "TERM"}) {
    // The background job of a shell ignores SIGINT, so timeout sends it to a foreground child.
    const auto outcome = program::run_under("timeout --foreground --preserve-status -s " + signal + " 1",
                                            "verify slow.toml", scratch.path());
    CHECK(outcome.exit_code == 130);
    CHECK(outcome.output.empty());
    CHECK_FALSE(scratch.has("runs/slow/result.json"));
    // What was being measured has ended and is kept.
    CHECK(scratch.read("runs/slow/checkpoint.json").find("\"units\"") != std::string::npos);
  }
}
