// brink threshold from outside: order, conditions, growth, other sources of noise.

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "brink/data/npy.hpp"
#include "program.hpp"

using nlohmann::json;
using program::parse;
using program::Scratch;

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
