// brink moments from outside: notions, growth, tail index, islands, and what it refuses.

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "brink/data/npy.hpp"
#include "program.hpp"

using nlohmann::json;
using program::parse;
using program::Scratch;

namespace {

void write_scalars(const Scratch& scratch, const std::string& name, double a, double b) {
  brink::RowMatrix rows(2, 1);
  rows << std::sqrt(a), std::sqrt(b);
  brink::write_npy(scratch.path() / name, rows);
}

/// The threshold of a notion, the one with a moment when it is given.
json notion(const json& row, const std::string& name, double moment = -1) {
  for (const auto& one : row["thresholds"])
    if (one["notion"] == name && (moment < 0 || one["moment"].get<double>() == moment)) return one;
  FAIL("no notion " << name);
  return {};
}

}  // namespace

TEST_CASE("moments lists every notion of stability, in order", "[cli][fast]") {
  const Scratch scratch;
  write_scalars(scratch, "two.npy", 1, 2);
  const auto result = parse(scratch.brink("moments --jacobian two.npy --eta 1.3,0.9 --moments 0,1,2,4 --format json"));
  CHECK(result["schema"] == "brink.moments/1");
  REQUIRE(result["rows"].size() == 1);
  const auto& row = result["rows"][0];
  CHECK(row["rule"] == "sgd");
  CHECK(row["batch"] == 1);
  CHECK(notion(row, "mean")["eta"].get<double>() == Approx(4.0 / 3));
  CHECK(notion(row, "mean-square")["eta"].get<double>() == Approx(1.2));
  CHECK(notion(row, "moment", 4)["eta"].get<double>() == Approx(1.09459760548).epsilon(1e-11));
  CHECK(notion(row, "moment", 1)["eta"].get<double>() == Approx(4.0 / 3).epsilon(1e-11));
  const auto almost_sure = notion(row, "almost-sure");
  CHECK(almost_sure["intervals"][0]["upper"].get<double>() == Approx(1.5).epsilon(1e-11));
  CHECK(almost_sure["complete"] == true);
  CHECK(almost_sure["searched_to"] == "all step sizes");
  REQUIRE(row["growth"].size() == 2);
  const auto& growth = row["growth"][0];
  CHECK(growth["eta"] == 1.3);
  CHECK(growth["moments"][2]["log_growth"].get<double>() == Approx(0.281412459438).epsilon(1e-11));
  CHECK(growth["moments"][0]["log_growth"].get<double>() == Approx(-0.366984587540).epsilon(1e-11));
  CHECK(growth["moments"][0]["error_kind"] == "residual");
  CHECK(growth["tail_index"].get<double>() == Approx(1.21189652498).epsilon(1e-11));
  CHECK(row["growth"][1]["tail_index"].is_null());
  CHECK(row["growth"][1]["status"] == "none");
  CHECK(row["growth"][1]["reason"].get<std::string>().find("no batch") != std::string::npos);
  // At η = 1 the sample of curvature 1 sends every trajectory to the minimum: λ = −∞ is null, with a reason.
  const auto dead = parse(scratch.brink("moments --jacobian two.npy --eta 1 --moments 0 --format json"));
  CHECK(dead["rows"][0]["growth"][0]["moments"][0]["log_growth"].is_null());
  CHECK(dead["rows"][0]["growth"][0]["moments"][0]["reason"] == "log_growth: minus infinity");
}

TEST_CASE("moments finds the almost surely stable island, by proof and by trajectories", "[cli]") {
  const Scratch scratch;
  write_scalars(scratch, "far.npy", 0.2, 3.8);
  const auto exact = notion(parse(scratch.brink("moments --jacobian far.npy --moments 0 --format json"))["rows"][0],
                            "almost-sure")["intervals"];
  REQUIRE(exact.size() == 2);
  CHECK(exact[1]["lower"].get<double>() == Approx(4.703686282635).epsilon(1e-11));
  const std::string simulated =
      "moments --jacobian far.npy --moments 0 --method simulation --scan 0.2,6,30 --replicas 256 --steps 512 "
      "--format json";
  const auto one = scratch.brink(simulated + " --threads 1");
  const auto measured = notion(parse(one)["rows"][0], "almost-sure");
  CHECK(measured["error_kind"] == "standard error");
  CHECK(measured["complete"] == false);
  REQUIRE(measured["intervals"].size() == 2);
  for (const std::size_t i : {0U, 1U})
    for (const std::string end : {"lower", "upper"}) {
      const double value = measured["intervals"][i][end], error = measured["intervals"][i][end + "_error"];
      CAPTURE(i, end, value, error);
      CHECK(std::abs(value - exact[i][end].get<double>()) <= 4 * error);
    }
  CHECK(scratch.brink(simulated + " --threads 2").output == one.output);
}

TEST_CASE("moments measures what theory does not reach, and draws both figures", "[cli]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto result =
      parse(scratch.brink("moments --jacobian G1.npy --rule heavy-ball --momentum 0.5 --batch 1,2 --moments 0,2,4 "
                          "--replicas 128 --steps 128 --burn-in 32 --eta 0.45 --out run --format json"));
  REQUIRE(result["rows"].size() == 2);
  for (const auto& row : result["rows"]) {
    const auto almost_sure = notion(row, "almost-sure");
    CHECK(almost_sure["error_kind"] == "standard error");
    const double fourth = notion(row, "moment", 4)["eta"], second = notion(row, "mean-square")["eta"];
    CHECK(notion(row, "moment", 4)["error_kind"] == "residual");
    CHECK(fourth < second);
    CHECK(second < almost_sure["eta"].get<double>());
    CHECK(row["growth"].size() == 1);
  }
  for (const char* file : {"run/figures/moments-heavy-ball-0.5-without-replacement-1.csv",
                           "run/figures/moments-heavy-ball-0.5-without-replacement-2.gp", "run/figures/notions.csv",
                           "run/tables/thresholds.csv", "run/tables/growth.csv", "run/result.json"}) {
    CAPTURE(file);
    CHECK(std::filesystem::exists(scratch.path() / file));
  }
}

TEST_CASE("moments refuses senseless arguments", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const struct {
    const char* arguments;
    const char* culprit;
  } cases[] = {{"--moments -1", "moments = -1"},
               {"--moments 65", "moments = 65"},
               {"--moments nan", "--moments"},
               {"--moments 2,2", "moments = 2"},
               {"--moments two", "--moments"},
               {"--scan 1,2", "--scan"},
               {"--scan 0,2,5", "scan from = 0"},
               {"--scan 2,1,5", "scan to = 1"},
               {"--scan 1,2,1", "--scan how many"},
               {"--scan 1,2,2.5", "--scan how many"},
               {"--scan 1,inf,5", "--scan"},
               {"--method cloning", "--method = cloning"},
               {"--replicas 1", "--replicas"},
               {"--steps 63", "--steps"},
               {"--burn-in -1", "--burn-in"},
               {"--eta 0", "eta"},
               {"--batch 4", "1..3"},
               {"--rule sgd --momentum 0.5", "momentum"},
               {"--eta 1e-400", "eta"}};
  for (const auto& bad : cases) {
    const auto outcome = scratch.brink(std::string("moments --jacobian G1.npy ") + bad.arguments);
    CAPTURE(bad.arguments, outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.output.empty());
    CHECK(outcome.error_lines().size() == 1);
    CHECK(outcome.errors.find(bad.culprit) != std::string::npos);
  }
}
