// brink alignment from outside.

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "brink/data/npy.hpp"
#include "program.hpp"

using nlohmann::json;
using program::parse;
using program::Scratch;

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
