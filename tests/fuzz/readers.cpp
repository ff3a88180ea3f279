#include "readers.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "../../src/cli/configuration.hpp"
#include "brink/base/error.hpp"
#include "brink/data/csv.hpp"
#include "brink/data/idx.hpp"
#include "brink/data/npz.hpp"
#include "brink/data/safetensors.hpp"
#include "brink/statistics/expression.hpp"

namespace brink::test {
namespace {

using Path = std::filesystem::path;

void fuzz_npy(const Path& path) { (void)read_npy(path, NonFinite::keep); }

void fuzz_npz(const Path& path) {
  for (const auto& name : npz_names(path)) (void)read_npz(path, name, NonFinite::keep);
}

void fuzz_safetensors(const Path& path) {
  for (const auto& entry : read_safetensors_header(path)) (void)read_safetensors(path, entry.name, NonFinite::keep);
}

void fuzz_idx(const Path& path) { (void)read_idx(path); }

void fuzz_csv(const Path& path) { (void)read_csv(path); }

/// What is read is written as it was resolved, and that must be read back.
void fuzz_configuration(const Path& path) {
  const auto sections = cli::read_configuration(path).sections;
  (void)cli::parse_configuration(cli::write_configuration(sections), "what was written");
}

void fuzz_expression(const Path& path) {
  std::ifstream in(path, std::ios::binary);
  const auto expression = Expression::parse(std::string(std::istreambuf_iterator<char>(in), {}));
  ExpressionScope scope;
  scope.variable = [](const std::string& name) -> ExpressionValue {
    if (name == "rule") return std::string("sgd");
    return 0.5;
  };
  scope.function = [](const std::string&, const std::string&, const std::vector<double>&) { return 2.0; };
  (void)expression.evaluate(scope);
}

}  // namespace

const std::vector<FuzzedReader>& fuzzed_readers() {
  static const std::vector<FuzzedReader> readers = {{"npy", fuzz_npy},
                                                    {"npz", fuzz_npz},
                                                    {"safetensors", fuzz_safetensors},
                                                    {"idx", fuzz_idx},
                                                    {"csv", fuzz_csv},
                                                    {"configuration", fuzz_configuration},
                                                    {"expression", fuzz_expression}};
  return readers;
}

void read_or_refuse(std::string_view reader, const std::filesystem::path& path) {
  const auto& all = fuzzed_readers();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == reader; });
  check_argument(found != all.end(), "read_or_refuse", "reader", reader, "one of fuzzed_readers()");
  try {
    found->read(path);
  } catch (const InvalidInput&) {
    // a refusal is the answer to most files
  }
}

}  // namespace brink::test
