#include "brink/data/safetensors.hpp"

#include <catch2/catch.hpp>

#include "brink/data/array_file.hpp"
#include "oracle/random.hpp"
#include "support.hpp"

using namespace brink;
using Catch::Contains;

namespace {

std::string file(const std::string& header, const std::string& body) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + body;
}

/// Two bfloat16 numbers 1 and −2.5, then a float32 matrix ((1, 2)).
const std::string kHeader = R"({"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},)"
                            R"("w":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}})";
const std::string kBody("\x80\x3f\x20\xc0\x00\x00\x80\x3f\x00\x00\x00\x40", 12);

}  // namespace

TEST_CASE("tensors of a safetensors file", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto path = directory.write("m.safetensors", file(kHeader, kBody));
  REQUIRE(read_safetensors_header(path).size() == 2);
  const NpyArray b = read_safetensors(path, "b");
  CHECK(b.values(0, 0) == 1);
  CHECK(b.values(0, 1) == -2.5);
  CHECK(b.header.epsilon == 0x1p-7);
  const NpyArray w = read_array(path.string() + ":w");
  CHECK(w.header.shape == std::vector<Index>{1, 2});
  CHECK(w.values(0, 1) == 2);
  CHECK(read_array_header(path.string() + ":w").shape.size() == 2);
  CHECK_THROWS_WITH(read_safetensors(path, "x"), Contains("b, w"));
  CHECK_THROWS_WITH(read_array(path), Contains("2 arrays"));
}

TEST_CASE("headers that do not fit the file are refused", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto refused = [&](const std::string& bytes, const std::string& says) {
    const auto path = directory.write("bad.safetensors", bytes);
    CHECK_THROWS_WITH(read_safetensors_header(path), Contains(says));
  };
  refused("abc", ".safetensors file");
  refused(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10), "claims");
  refused(file("[1]", ""), "no table");
  refused(file("{\"a\":", ""), "damaged");
  refused(file(std::string(5000, '['), ""), "nested");
  refused(file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "abcd"), "of 4 bytes");
  refused(file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "abcd"), "inside");
  refused(file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "abcdefgh"), "after the last");
  refused(file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "abcdefgh"), "gap");
  refused(file(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "abcd"), "shape");
  refused(file(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]}})", "abcd"),
          "of 4 bytes");
  refused(file(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", "abcd"), "damaged");
  const auto odd =
      directory.write("odd.safetensors", file(R"({"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}})", "abcd"));
  CHECK_THROWS_WITH(read_safetensors(odd, "a"), Contains("F8_E4M3"));
  const auto empty =
      directory.write("empty.safetensors", file(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", ""));
  CHECK_THROWS_WITH(read_safetensors(empty, "a"), Contains("empty"));
}

TEST_CASE("random damage is read or refused, never worse", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const std::string good = file(kHeader, kBody);
  oracle::Random random(6);
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string damaged = good;
    const int changes = 1 + random.below(4);
    for (int k = 0; k < changes; ++k)
      damaged[static_cast<std::size_t>(random.below(static_cast<int>(good.size())))] =
          static_cast<char>(random.below(256));
    const auto path = directory.write("damaged.safetensors", damaged);
    try {
      for (const auto& entry : read_safetensors_header(path)) {
        const NpyArray array = read_safetensors(path, entry.name, NonFinite::keep);
        CHECK(array.values.size() > 0);
      }
    } catch (const InvalidInput&) {
      ++refused;
    }
  }
  CHECK(refused > 500);
}
