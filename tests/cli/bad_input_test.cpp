// Whatever a user can get wrong: exit code 2, one line on standard error that names the culprit, nothing on standard
// output, nothing left that looks finished.

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "brink/data/npy.hpp"
#include "program.hpp"

using program::Outcome;
using program::Scratch;

namespace {

void check_refused(const Outcome& outcome, const std::string& culprit) {
  INFO("standard error: " << outcome.errors);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.output.empty());
  CHECK(outcome.error_lines().size() == 1);
  CHECK(outcome.errors.find(culprit) != std::string::npos);
}

constexpr const char* kModel = "[model]\nkind = \"jacobian\"\nfile = \"G1.npy\"\n";

}  // namespace

TEST_CASE("Arguments out of range are refused", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const struct {
    const char* arguments;
    const char* culprit;
  } cases[] = {
      {"threshold --jacobian G1.npy --batch 0", "0"},
      {"threshold --jacobian G1.npy --batch 4", "1..3"},
      {"threshold --jacobian G1.npy --batch 1.5", "--batch"},
      {"threshold --jacobian G1.npy --batch 1,,2", "--batch"},
      {"threshold --jacobian G1.npy --rule heavy-ball --momentum 1", "momentum"},
      {"threshold --jacobian G1.npy --rule heavy-ball --momentum -1", "momentum"},
      {"threshold --jacobian G1.npy --rule heavy-ball --momentum nan", "--momentum"},
      {"threshold --jacobian G1.npy --momentum 0.9", "momentum"},
      {"threshold --jacobian G1.npy --rule adam", "adam"},
      {"threshold --jacobian G1.npy --sampling shuffle", "shuffle"},
      {"threshold --jacobian G1.npy --rule qhm --nu 2", "nu"},
      {"threshold --jacobian G1.npy --rule dampened --dampening 1", "dampening"},
      {"threshold --jacobian G1.npy --weight-decay -1", "weight"},
      {"threshold --jacobian G1.npy --eta 0", "eta"},
      {"threshold --jacobian G1.npy --eta -0.1", "eta"},
      {"threshold --jacobian G1.npy --eta inf", "--eta"},
      {"threshold --jacobian G1.npy --threads 0", "--threads"},
      {"threshold --jacobian G1.npy --format xml", "--format"},
      {"threshold --jacobian G1.npy --seed -1", "--seed"},
      {"threshold --jacobian G1.npy --seed 1 --seed 2", "--seed"},
      {"threshold --jacobian G1.npy --nu 0.1 --nu 0.2", "--nu"},
      {"threshold --jacobian G1.npy --outputs 2", "G1.npy"},
      {"threshold --jacobian G1.npy --outputs 0", "outputs"},
      {"threshold --jacobian G1.npy --loss-scale 0", "loss_scale"},
      {"threshold --jacobian G1.npy --gram K1.npy", "exactly one"},
      {"threshold", "--jacobian"},
      {"threshold --jacobian missing.npy", "missing.npy"},
      {"threshold --config missing.toml", "missing.toml"},
      {"threshold --jacobian G1.npy --wrong 1", "--wrong"},
      {"threshold --gram K1.npy --gradient-noise G1.npy", "none with --gram"},
      {"threshold --jacobian G1.npy --eta 1e300", "eta = 1e+300"},
      {"threshold --jacobian G1.npy --eta 1e-300", "eta = 1e-300"},
      {"threshold --jacobian G1.npy --seed 1.5", "an integer in 0.."},
      {"threshold --jacobian G1.npy --seed 9223372036854775808", "an integer in 0.."},
      {"simulate --jacobian G1.npy", "--eta"},
      {"simulate --jacobian G1.npy --eta 0.5 --steps 0", "steps"},
      {"simulate --jacobian G1.npy --eta 0.5 --burn-in -1", "burn_in"},
      {"simulate --jacobian G1.npy --eta 0.5 --replicas 1", "replicas"},
      {"simulate --jacobian G1.npy --eta 0.5 --moment 0", "moment"},
      {"simulate --jacobian G1.npy --eta 0.5 --method guess", "guess"},
      {"threshold --jacobian G1.npy --sampling reshuffled", "without-replacement --reshuffling"},
      {"couple --jacobian G1.npy --from 0.1,0,1 --sampling reshuffled", "simulate --sampling reshuffled"},
      {"alignment --jacobian G1.npy --sampling reshuffled", "reshuffled"},
      {"threshold --jacobian G1.npy --reshuffling --last-batch half", "half"},
      {"threshold --jacobian G1.npy --last-batch dropped", "--last-batch"},
      {"threshold --jacobian G1.npy --reshuffling --population 9", "--population"},
      {"threshold --jacobian G1.npy --reshuffling --replicas 1", "--replicas"},
      {"threshold --jacobian G1.npy --reshuffling --epochs 3", "--epochs"},
      {"threshold --jacobian G1.npy --epochs 100", "--epochs"},
      {"simulate --jacobian G1.npy --eta 0.5 --last-batch dropped", "--last-batch"},
      {"simulate --jacobian G1.npy --eta 0.5 --sampling reshuffled --batch 4", "1..3"},
      {"alignment --jacobian G1.npy --mode 3", "1..2"},
      {"alignment --jacobian G1.npy --mode -1", "--mode"},
      {"alignment --jacobian G1.npy --mode 1 --direction G1.npy", "--direction"},
      {"alignment --jacobian G1.npy --direction G1.npy", "G1.npy"},
      {"alignment --jacobian G1.npy --direction missing.npy", "missing.npy"},
      {"alignment --gram K1.npy --direction G1.npy", "--mode"},
      {"alignment --jacobian G1.npy --eta nan", "--eta"},
      {"alignment --jacobian G1.npy --eta -1", "eta"},
      {"alignment --jacobian G1.npy --eta 0.5 --steps 10", "steps"},
      {"inspect missing.npy", "missing.npy"},
      {"inspect G1.npy --jacobian G1.npy", "G1.npy"},
      {"inspect --explain netwrk", "netwrk"},
      {"figure .", "run"},
      {"verify", "config"},
      {"wrong", "wrong"},
      {"", "subcommand"},
  };
  for (const auto& bad : cases) {
    INFO("brink " << bad.arguments);
    check_refused(scratch.brink(bad.arguments), bad.culprit);
  }
}

TEST_CASE("Arrays that are no model are refused", "[cli][fast]") {
  const Scratch scratch;
  using brink::RowMatrix;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto write = [&](const char* name, const RowMatrix& values) {
    brink::write_npy(scratch.path() / name, values);
  };
  write("good.npy", RowMatrix{{1, 0}, {1, 1}, {0, 2}});
  write("nan.npy", RowMatrix{{1, 0}, {nan, 1}, {0, 2}});
  write("infinite.npy", RowMatrix{{1, 0}, {infinity, 1}, {0, 2}});
  write("zero.npy", RowMatrix::Zero(3, 2));
  write("overflowing.npy", RowMatrix{{1e200, 0}, {1e200, 1e200}});
  write("rectangular.npy", RowMatrix{{1, 0}, {1, 1}, {0, 2}});
  write("asymmetric.npy", RowMatrix{{2, 1}, {0, 2}});
  write("negative.npy", RowMatrix{{1, 2}, {2, 1}});
  write("biased.npy", RowMatrix{{1, 0}, {1, 0}, {1, 0}});
  const std::string whole = scratch.read("good.npy");
  scratch.write("truncated.npy", whole.substr(0, whole.size() - 8));
  scratch.write("longer.npy", whole + "12345678");
  scratch.write("text.npy", "1 0\n1 1\n0 2\n");
  scratch.write("empty.npy", "");
  std::string lying = whole;
  lying.replace(lying.find("(3, 2)"), 6, "(9, 2)");
  scratch.write("lying.npy", lying);
  const struct {
    const char* arguments;
    const char* culprit;
  } cases[] = {
      {"--jacobian nan.npy", "nan.npy"},
      {"--jacobian infinite.npy", "infinite.npy"},
      {"--jacobian zero.npy", "zero.npy: LinearizedModel::from_rows: rank"},
      {"--jacobian overflowing.npy", "overflowing.npy"},
      {"--jacobian truncated.npy", "truncated.npy"},
      {"--jacobian longer.npy", "longer.npy"},
      {"--jacobian lying.npy", "lying.npy"},
      {"--jacobian text.npy", "text.npy"},
      {"--jacobian empty.npy", "empty.npy"},
      {"--jacobian good.npy --outputs 2", "good.npy"},
      {"--jacobian good.npy --gradient-noise biased.npy", "mean"},
      {"--jacobian good.npy --output-curvature good.npy", "good.npy"},
      {"--gram rectangular.npy", "rectangular.npy"},
      {"--gram asymmetric.npy", "symmetr"},
      {"--gram negative.npy", "-1"},
      {"--hessians good.npy", "good.npy"},
  };
  for (const auto& bad : cases) {
    INFO("brink threshold " << bad.arguments);
    check_refused(scratch.brink(std::string("threshold ") + bad.arguments), bad.culprit);
  }
}

TEST_CASE("Configurations that are none are refused", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const struct {
    std::string text;
    const char* culprit;
  } cases[] = {
      {std::string(kModel) + "wrong = 1\n", "wrong"},
      {std::string(kModel) + "fil = \"x\"\n", "\"file\""},
      {std::string(kModel) + "[optimiser]\nrule = \"sgd\"\n", "[optimizer]"},
      {std::string(kModel) + "[optimizer]\nmomentun = 0.5\n", "\"momentum\""},
      {std::string(kModel) + "[batch]\nsize = \"four\"\n", "four"},
      {std::string(kModel) + "[batch]\nsize = 9\n", "1..3"},
      {std::string(kModel) + "[grid]\neta = [0]\n", "eta"},
      {std::string(kModel) + "[grid]\neta = [0.1]\neta_over_threshold = [0.5]\n", "eta and eta_over_threshold"},
      {std::string(kModel) + "[simulation]\nseed = 2000-01-01\n", "seed"},
      {"[model]\nkind = \"jacobean\"\n", "\"jacobian\""},
      {"[model]\nkind = \"jacobian\"\n", "file"},
      {"[model\n", "line 1"},
      {"kind = \"jacobian\"\n", "section"},
      {"[optimizer]\nrule = \"sgd\"\n", "[model]"},
  };
  for (const auto& bad : cases) {
    INFO(bad.text);
    scratch.write("bad.toml", bad.text);
    check_refused(scratch.brink("threshold --config bad.toml"), bad.culprit);
    check_refused(scratch.brink("verify bad.toml"), bad.culprit);
    CHECK_FALSE(scratch.has("runs/bad/result.json"));
  }
}

TEST_CASE("Output that cannot be written is an error, not a silence", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  scratch.write("file", "in the way");
  check_refused(scratch.brink("threshold --jacobian G1.npy --out file"), "file");
  check_refused(scratch.brink("threshold --jacobian G1.npy --out file/deeper"), "file");
  check_refused(scratch.brink("threshold --jacobian G1.npy --out /proc/brink"), "/proc/brink");
  check_refused(scratch.brink("threshold --jacobian G1.npy >/dev/full"), "standard output");
  check_refused(scratch.brink("threshold --jacobian G1.npy >&-"), "standard output");
  check_refused(scratch.brink("check >/dev/full"), "standard output");
  check_refused(scratch.brink("--help >/dev/full"), "standard output");
  check_refused(scratch.brink("threshold --help >&-"), "standard output");
}

TEST_CASE("A model that would not fit in memory is refused with the estimate", "[cli][fast]") {
  const Scratch scratch;
  scratch.write("huge.toml",
                "[model]\nkind = \"random-features\"\nsamples = 60000\nclasses = [0,1,2,3,4,5,6,7,8,9]\n"
                "features = 100000000\n");
  check_refused(scratch.brink("threshold --config huge.toml"), "GiB");
}
