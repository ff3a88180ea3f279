// Inverse questions and coupling from outside.

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "program.hpp"

using nlohmann::json;
using program::parse;
using program::Scratch;

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
