// brink verify from outside: verdicts, resuming, configurations.

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "configurations.hpp"
#include "program.hpp"

using nlohmann::json;
using program::kVerify;
using program::parse;
using program::Scratch;

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
