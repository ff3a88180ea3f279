#include "brink/data/npz.hpp"

#include <catch2/catch.hpp>

#include "brink/data/array_file.hpp"
#include "brink/data/zip_archive.hpp"
#include "oracle/random.hpp"
#include "support.hpp"

using namespace brink;
using Catch::Contains;

namespace {

const std::vector<double> kNumbers = {1, -2.5, 3e-300, 4, 5e300, -0.0};

std::filesystem::path example(const test::TemporaryDirectory& directory, bool compressed) {
  const auto path = directory.path() / (compressed ? "c.npz" : "s.npz");
  const std::vector<double> zeros(2000, 0.25);
  write_npz(path, {{"J", {2, 3}, kNumbers.data()}, {"long name", {2000}, zeros.data()}}, compressed);
  return path;
}

std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What numpy.savez_compressed(f, a=np.float32([[1,2],[3,4]])) wrote: streamed, with zip64 fields in the local header.
constexpr const char* kFromNumPy =
    "504b0304140000000800000021004efb2075530000009000000005001400612e6e70790100100090000000000000005300000000000000"
    "9bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402"
    "f91a463a0a469a3a0ab50a64032e0686067b060606072002e2060700504b01021403140000000800000021004efb207553000000900000"
    "00050000000000000000000000800100000000612e6e7079504b05060000000001000100330000008a0000000000";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return bytes;
}

}  // namespace

TEST_CASE("archives of arrays are read as they were written", "[data][fast]") {
  const test::TemporaryDirectory directory;
  for (const bool compressed : {false, true}) {
    CAPTURE(compressed);
    const auto path = example(directory, compressed);
    CHECK(npz_names(path) == std::vector<std::string>{"J", "long name"});
    const NpyArray array = read_npz(path, "J");
    CHECK(array.header.shape == std::vector<Index>{2, 3});
    for (std::size_t i = 0; i < kNumbers.size(); ++i) CHECK(array.values.data()[i] == kNumbers[i]);
    CHECK(read_npz_header(path, "long name").shape == std::vector<Index>{2000});
    CHECK(read_array(path.string() + ":J").values.size() == 6);
    CHECK(read_array_header(path.string() + ":J").shape.size() == 2);
    CHECK_THROWS_WITH(read_npz(path, "K"), Contains("long name"));
    CHECK_THROWS_WITH(read_array(path), Contains(".npz:NAME"));
    CHECK(is_array_file(path));
    CHECK(is_array_file(path.string() + ":J"));
    CHECK_FALSE(is_array_file("J.csv"));
  }
  CHECK(std::filesystem::file_size(directory.path() / "c.npz") <
        std::filesystem::file_size(directory.path() / "s.npz") / 4);
  CHECK(file_bytes(example(directory, true)) == file_bytes(example(directory, true)));
}

TEST_CASE("what NumPy writes is read", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto path = directory.write("numpy.npz", from_hex(kFromNumPy));
  const NpyArray array = read_array(path);  // one array: no name needed
  CHECK(array.values == (RowMatrix(2, 2) << 1, 2, 3, 4).finished());
  CHECK(array.header.type == "<f4");
}

TEST_CASE("archives that lie about sizes are refused before memory is taken", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const std::string good = file_bytes(example(directory, true));
  const auto central = good.find("PK\x01\x02");
  const auto with = [&](std::size_t at, std::string_view bytes) {
    std::string damaged = good;
    damaged.replace(at, bytes.size(), bytes);
    return directory.write("damaged.npz", damaged);
  };
  CHECK_THROWS_WITH(read_npz(with(central + 24, "\xff\xff\xff\x7f"), "J"), Contains("deflate can reach"));
  CHECK_THROWS_AS(read_npz(with(central + 20, "\xff\xff\xff\x7f"), "J"), InvalidInput);
  CHECK_THROWS_AS(read_npz(with(central + 16, "\x01\x02\x03\x04"), "J"), InvalidInput);  // CRC
  CHECK_THROWS_WITH(read_npz(with(central + 10, std::string_view("\x63\x00", 2)), "J"), Contains("method 99"));
  CHECK_THROWS_WITH(read_npz(with(central + 8, "\x01"), "J"), Contains("encrypted"));
  CHECK_THROWS_AS(read_npz(with(central + 42, "\xff\xff\xff\x7f"), "J"), InvalidInput);
  CHECK_THROWS_AS(read_npz(directory.write("no.npz", "nothing"), "J"), InvalidInput);
  CHECK_THROWS_AS(npz_names(directory.write("half.npz", good.substr(0, good.size() / 2))), InvalidInput);
  CHECK_THROWS_AS(npz_names(directory.path() / "missing.npz"), InvalidInput);
}

TEST_CASE("no damage to an archive gets past its checks", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const std::string good = file_bytes(example(directory, true));
  const NpyArray reference = read_npz(directory.path() / "c.npz", "J");
  oracle::Random random(5);
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string damaged = good;
    const int changes = 1 + random.below(4);
    for (int k = 0; k < changes; ++k)
      damaged[static_cast<std::size_t>(random.below(static_cast<int>(good.size())))] =
          static_cast<char>(random.below(256));
    if (random.below(10) == 0) damaged.resize(static_cast<std::size_t>(random.below(static_cast<int>(good.size()))));
    const auto path = directory.write("damaged.npz", damaged);
    try {
      for (const auto& name : npz_names(path)) {
        const NpyArray array = read_npz(path, name);
        if (name == "J" && array.values.size() == reference.values.size()) CHECK(array.values == reference.values);
      }
    } catch (const InvalidInput&) {
      ++refused;
    }
  }
  CHECK(refused > 500);
}
