// brink limit from outside.

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "program.hpp"

using nlohmann::json;
using program::parse;
using program::Scratch;

TEST_CASE("limit prints thresholds of infinitely large models in the order of the grid", "[cli][fast]") {
  const Scratch scratch;
  const auto result =
      parse(scratch.brink("limit --ratio 0.5 --batch-per-dimension 0.5,2 --rule heavy-ball --momentum 0,0.5 "
                          "--sampling gaussian,without-replacement --eta 0.1,0.5 --format json"));
  CHECK(result["schema"] == "brink.limit/1");
  CHECK(result["spectrum"]["kind"] == "marchenko-pastur");
  CHECK(result["spectrum"]["ratio"] == 0.5);
  const auto& rows = result["rows"];
  REQUIRE(rows.size() == 8);
  CHECK(rows[0]["eta_mean_square"].get<double>() == Approx(8.0 / 15).epsilon(1e-12));
  CHECK(rows[1]["sampling"] == "without-replacement");
  CHECK(rows[1]["eta_mean_square"].get<double>() == Approx(0.6).epsilon(1e-12));
  CHECK(rows[2]["batch_per_dimension"] == 2);
  CHECK(rows[2]["at_noise_free_edge"] == true);
  CHECK(rows[3]["noise"] == 0);
  CHECK(rows[4]["momentum"] == 0.5);
  CHECK(rows[4]["eta_mean_square"].get<double>() == Approx(36.0 / 91).epsilon(1e-12));
  for (const auto& row : rows) {
    CHECK(row["residual"].get<double>() < 1e-9);
    CHECK_FALSE(row["method"].get<std::string>().empty());
    REQUIRE(row["growth"].size() == 2);
    for (const auto& growth : row["growth"])
      CHECK(growth["stable"] == (growth["eta"].get<double>() < row["eta_mean_square"].get<double>()));
  }
}

TEST_CASE("limit puts finite models and simulations beside the limit", "[cli]") {
  const Scratch scratch;
  const std::string arguments =
      "limit --ratio 0.5 --batch-per-dimension 0.5,1 --dimensions 20,40 --draws 4 --eta 0.2 --loss-steps 20 "
      "--irreducible 0.1 --replicas 64 --seed 3 --format json";
  const auto outcome = scratch.brink(arguments + " --threads 2 --out run");
  const auto result = parse(outcome);
  CHECK(scratch.brink(arguments + " --threads 1").output == outcome.output);
  CHECK(scratch.read("run/result.json") == outcome.output);
  const auto& row = result["rows"][1];
  REQUIRE(row["draws"].size() == 2);
  CHECK(row["draws"][1]["dimension"] == 40);
  CHECK(row["draws"][1]["samples"] == 80);
  CHECK(row["draws"][1]["batch"] == 40);
  CHECK(std::abs(row["draws"][1]["relative_difference"].get<double>()) < 0.3);
  CHECK(row["draws"][1]["standard_error"].get<double>() > 0);
  const auto& loss = row["growth"][0]["loss"];
  CHECK(loss["kernel_norm"].get<double>() < 1);
  CHECK(loss["simulated"]["dimension"] == 40);
  REQUIRE(loss["points"].size() > 10);
  CHECK(loss["points"][0]["loss"].get<double>() == Approx(1).epsilon(1e-12));
  for (const auto& point : loss["points"]) {
    CHECK(point["standard_error"].get<double>() > 0);
    if (point["step"].get<int>() > 0) CHECK(std::abs(point["z"].get<double>()) < 4.5);
  }
  for (const char* file :
       {"figures/limit-dimension-sgd-gaussian-0.5.csv", "figures/limit-batch.csv",
        "figures/loss-curve-sgd-gaussian-1.csv", "tables/limit.csv", "tables/draws.csv", "tables/loss-curve.csv"})
    CHECK(scratch.has(std::string("run/") + file));
}

TEST_CASE("a power law has infinitely many parameters and batches of a fixed size", "[cli][fast]") {
  const Scratch scratch;
  const auto result =
      parse(scratch.brink("limit --spectrum power-law --exponent 2 --batch 1,16 --dimensions 50,500 --eta 0.1,1 "
                          "--format json"));
  const auto& rows = result["rows"];
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["batch"] == 1);
  CHECK(rows[0]["eta_mean_square"].get<double>() == Approx(0.610985662265438).epsilon(1e-11));
  CHECK(rows[0]["growth"][0]["log_growth"] == 0);
  CHECK(rows[0]["growth"][0]["stable"] == true);
  CHECK(rows[0]["growth"][1]["stable"] == false);
  CHECK(rows[0]["draws"][0]["draws"] == 1);
  CHECK(rows[0]["draws"][0]["relative_difference"].get<double>() >
        rows[0]["draws"][1]["relative_difference"].get<double>());
}

TEST_CASE("limit refuses what has no limit", "[cli][fast]") {
  const Scratch scratch;
  const struct {
    const char* arguments;
    const char* culprit;
  } cases[] = {{"limit --spectrum uniform", "uniform"},
               {"limit --spectrum power-law --exponent 1", "exponent"},
               {"limit --spectrum power-law --batch-per-dimension 1", "--batch"},
               {"limit --spectrum power-law --batch 0", "batch"},
               {"limit --spectrum power-law --sampling bernoulli", "bernoulli"},
               {"limit --spectrum point-mass --sampling without-replacement", "without-replacement"},
               {"limit --batch 4", "--batch-per-dimension"},
               {"limit --batch-per-dimension 3 --sampling without-replacement", "at most 2"},
               {"limit --batch-per-dimension 0", "batch per dimension"},
               {"limit --batch-per-dimension nan", "--batch-per-dimension"},
               {"limit --ratio 0", "ratio"},
               {"limit --ratio -1", "ratio"},
               {"limit --ratio x", "--ratio"},
               {"limit --scale 0", "scale"},
               {"limit --rule adam", "adam"},
               {"limit --eta 0", "eta"},
               {"limit --eta 1e400", "--eta"},
               {"limit --dimensions 0", "--dimensions"},
               {"limit --dimensions 100,10", "--dimensions"},
               {"limit --dimensions 10 --draws 0", "--draws"},
               {"limit --batch-per-dimension 0.01 --dimensions 10", "at least 50"},
               {"limit --loss-steps 10", "--eta"},
               {"limit --eta 0.1 --loss-steps 1000000", "--loss-steps"},
               {"limit --eta 0.1 --loss-steps 10 --replicas 10", "--dimensions"},
               {"limit --eta 0.1 --loss-steps 10 --dimensions 10 --replicas 1", "--replicas"},
               {"limit --eta 0.1 --irreducible 1", "--loss-steps"},
               {"limit --eta 0.1 --loss-steps 10 --irreducible -1", "--irreducible"},
               {"limit --eta 100 --loss-steps 1000", "steps"},
               {"limit --jacobian G1.npy", "--jacobian"}};
  for (const auto& one : cases) {
    const auto outcome = scratch.brink(one.arguments);
    INFO(one.arguments << ": " << outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.output.empty());
    CHECK(outcome.error_lines().size() == 1);
    CHECK(outcome.errors.find(one.culprit) != std::string::npos);
  }
}
