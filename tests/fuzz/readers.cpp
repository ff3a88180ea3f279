#include "readers.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "../../src/cli/configuration.hpp"
#include "../data/support.hpp"
#include "brink/base/error.hpp"
#include "brink/data/csv.hpp"
#include "brink/data/hdf5_file.hpp"
#include "brink/data/idx.hpp"
#include "brink/data/npz.hpp"
#include "brink/data/safetensors.hpp"
#include "brink/data/torch_file.hpp"
#include "brink/data/zip_archive.hpp"
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

void fuzz_torch(const Path& path) {
  for (const auto& tensor : read_torch_header(path)) (void)read_torch(path, tensor.name, NonFinite::keep);
}

std::string bytes_of(const Path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The pickle of an archive that holds one storage: mutations find their way past the ZIP format.
void fuzz_pickle(const Path& path) {
  const TemporaryDirectory scratch;
  const Path archive = scratch.path() / "a.pt";
  write_zip(archive, {{"a/data.pkl", bytes_of(path)}, {"a/data/0", std::string(64, '\0')}}, false);
  fuzz_torch(archive);
}

void fuzz_hdf5(const Path& path) {
  for (const auto& name : hdf5_names(path)) (void)read_hdf5(path, name, NonFinite::keep);
}

void fuzz_idx(const Path& path) { (void)read_idx(path); }

void fuzz_csv(const Path& path) { (void)read_csv(path); }

/// What is read is written as it was resolved, and that must be read back.
void fuzz_configuration(const Path& path) {
  const auto sections = cli::read_configuration(path).sections;
  (void)cli::parse_configuration(cli::write_configuration(sections), "what was written");
}

void fuzz_expression(const Path& path) {
  const auto expression = Expression::parse(bytes_of(path));
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
                                                    {"torch", fuzz_torch},
                                                    {"pickle", fuzz_pickle},
                                                    {"hdf5", fuzz_hdf5},
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
