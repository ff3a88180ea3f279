// What every subcommand shares: figures, streams, help, interruption; and the small ones.

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "configurations.hpp"
#include "program.hpp"

using nlohmann::json;
using program::kVerify;
using program::parse;
using program::Scratch;

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

TEST_CASE("An interrupted run leaves nothing that looks finished", "[cli]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  std::string slow = kVerify;
  slow.replace(slow.find("steps = 512"), 11, "steps = 20000");
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
