#include "brink/data/npy.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "data/support.hpp"

using namespace brink;
using namespace brink::test;
using Catch::Contains;

namespace {

template <class Number>
std::string bytes_of(const std::vector<Number>& numbers, bool swap = false) {
  std::string bytes;
  for (const Number number : numbers) {
    std::string one(sizeof(Number), '\0');
    std::memcpy(one.data(), &number, sizeof(Number));
    bytes += swap ? std::string(one.rbegin(), one.rend()) : one;
  }
  return bytes;
}

std::string dictionary(const std::string& type, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
}

std::string read_refusal(const TemporaryDirectory& directory, const std::string& bytes) {
  const auto path = directory.write("bad.npy", bytes);
  return refusal([&] { (void)read_npy(path); });
}

}  // namespace

TEST_CASE("an array saved by numpy is read back", "[fast][data]") {
  // numpy.save(f, numpy.array([[1.5, -2], [0.25, 4]], dtype="float32")), byte by byte.
  std::string file("\x93NUMPY\x01\x00\x76\x00", 10);
  file += "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  file.resize(127, ' ');
  file += '\n';
  file += std::string("\x00\x00\xc0\x3f\x00\x00\x00\xc0\x00\x00\x80\x3e\x00\x00\x80\x40", 16);
  const TemporaryDirectory directory;
  const NpyArray array = read_npy(directory.write("a.npy", file));
  CHECK(array.header.version == 1);
  CHECK(array.header.shape == std::vector<Index>{2, 2});
  CHECK(array.header.type == "<f4");
  CHECK(array.header.epsilon == std::numeric_limits<float>::epsilon());
  CHECK(array.header.body_offset == 128);
  CHECK(array.header.body_bytes == 16);
  RowMatrix expected(2, 2);
  expected << 1.5, -2, 0.25, 4;
  CHECK(array.values == expected);
}

TEST_CASE("every type and byte order is promoted to double", "[fast][data]") {
  const TemporaryDirectory directory;
  const auto values = [&](const std::string& type, const std::string& body) {
    const NpyArray array = read_npy(directory.write("t.npy", npy_file(dictionary(type, "(3,)"), body)));
    REQUIRE(array.values.rows() == 1);
    CHECK(array.header.epsilon == (type == "<f2" ? 0x1p-10 : type.find("f4") != std::string::npos ? 0x1p-23 : 0x1p-52));
    return std::vector<double>(array.values.data(), array.values.data() + 3);
  };
  using Expected = std::vector<double>;
  CHECK(values("<f8", bytes_of<double>({1e300, -0.1, 3})) == Expected{1e300, -0.1, 3});
  CHECK(values(">f8", bytes_of<double>({1e300, -0.1, 3}, true)) == Expected{1e300, -0.1, 3});
  CHECK(values("=f8", bytes_of<double>({1, 2, 3})) == Expected{1, 2, 3});
  CHECK(values(">f4", bytes_of<float>({0.5F, -2, 3}, true)) == Expected{0.5, -2, 3});
  // Half precision: 1.5, the smallest subnormal, the largest finite number with a minus sign.
  CHECK(values("<f2", bytes_of<std::uint16_t>({0x3E00, 0x0001, 0xFBFF})) == Expected{1.5, 0x1p-24, -65504});
  CHECK(values("|i1", bytes_of<std::int8_t>({-128, 0, 127})) == Expected{-128, 0, 127});
  CHECK(values("|u1", bytes_of<std::uint8_t>({0, 128, 255})) == Expected{0, 128, 255});
  CHECK(values("<i2", bytes_of<std::int16_t>({-30000, 1, 2})) == Expected{-30000, 1, 2});
  CHECK(values(">u2", bytes_of<std::uint16_t>({60000, 1, 2}, true)) == Expected{60000, 1, 2});
  CHECK(values(">i4", bytes_of<std::int32_t>({-2000000000, 1, 2}, true)) == Expected{-2000000000, 1, 2});
  CHECK(values("<u4", bytes_of<std::uint32_t>({4000000000, 1, 2})) == Expected{4000000000, 1, 2});
  CHECK(values("<i8", bytes_of<std::int64_t>({-(1LL << 52), 1, 2})) == Expected{-0x1p52, 1, 2});
  CHECK(values("<u8", bytes_of<std::uint64_t>({1ULL << 63, 1, 2})) == Expected{0x1p63, 1, 2});
  CHECK(values("|b1", std::string("\x00\x01\x02", 3)) == Expected{0, 1, 1});
}

TEST_CASE("Fortran order and merged axes", "[fast][data]") {
  const TemporaryDirectory directory;
  // Entry (i, j, k) of shape (2, 3, 2) is 100i + 10j + k, stored with the first axis fastest.
  std::vector<double> fortran;
  for (int k = 0; k < 2; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i) fortran.push_back(100 * i + 10 * j + k);
  const auto path = directory.write("f.npy", npy_file(dictionary("<f8", "(2, 3, 2)", true), bytes_of(fortran)));
  const NpyArray array = read_npy(path);
  CHECK(array.header.fortran_order);
  REQUIRE(array.values.rows() == 6);
  REQUIRE(array.values.cols() == 2);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 2; ++k) CHECK(array.values(3 * i + j, k) == 100 * i + 10 * j + k);
}

TEST_CASE("versions 2 and 3 have a four-byte header length", "[fast][data]") {
  const TemporaryDirectory directory;
  for (const char version : {'\x02', '\x03'}) {
    const std::string text = "{\"shape\": (1,), \"descr\": \"<f8\", \"fortran_order\": False}\n";
    std::string file = std::string("\x93NUMPY") + version + '\0';
    file += static_cast<char>(text.size());
    file += std::string(3, '\0') + text + bytes_of<double>({7});
    const NpyArray array = read_npy(directory.write("v.npy", file));
    CHECK(array.header.version == version);
    CHECK(array.values(0, 0) == 7);
  }
}

TEST_CASE("arrays larger than one chunk survive a round trip in both orders", "[fast][data]") {
  const TemporaryDirectory directory;
  const RowMatrix matrix = RowMatrix::Random(301, 257);
  write_npy(directory.path() / "m.npy", matrix);
  CHECK(read_npy(directory.path() / "m.npy").values == matrix);
  CHECK(std::filesystem::file_size(directory.path() / "m.npy") % 64 == (301 * 257 * 8) % 64);

  const Matrix columns = matrix;
  const std::vector<double> fortran(columns.data(), columns.data() + columns.size());
  const auto path = directory.write("c.npy", npy_file(dictionary("<f8", "(301, 257)", true), bytes_of(fortran)));
  CHECK(read_npy(path).values == matrix);
}

TEST_CASE("the header is read without the body and a scalar has no axes", "[fast][data]") {
  const TemporaryDirectory directory;
  const auto path = directory.write("s.npy", npy_file(dictionary("<f8", "()"), bytes_of<double>({2.5})));
  const NpyHeader header = read_npy_header(path);
  CHECK(header.shape.empty());
  CHECK(header.size() == 1);
  CHECK(read_npy(path).values(0, 0) == 2.5);
  CHECK(shape_text({3}) == "(3,)");
  CHECK(shape_text({3, 4}) == "(3, 4)");
}

TEST_CASE("files that are not honest .npy arrays are refused by name", "[fast][data]") {
  const TemporaryDirectory directory;
  const std::string good = npy_file(dictionary("<f8", "(2, 2)"), bytes_of<double>({1, 2, 3, 4}));
  REQUIRE(read_refusal(directory, good).empty());

  CHECK_THAT(read_refusal(directory, ""), Contains("bad.npy") && Contains("0 bytes") && Contains(".npy"));
  CHECK_THAT(read_refusal(directory, "PK\x03\x04 this is a zip archive"), Contains("not in .npy format"));
  CHECK_THAT(read_refusal(directory, good.substr(0, 20)), Contains("header claims"));
  CHECK_THAT(read_refusal(directory, good.substr(0, good.size() - 1)), Contains("truncated") && Contains("32 bytes"));
  CHECK_THAT(read_refusal(directory, good + "x"), Contains("too long") && Contains("33 bytes"));
  CHECK_THAT(read_refusal(directory, std::string("\x93NUMPY\x09\x00\x00\x00", 10)), Contains("version 9"));

  const auto header_refusal = [&](const std::string& text) { return read_refusal(directory, npy_file(text, "")); };
  CHECK_THAT(header_refusal(dictionary("<f8", "(0, 3)")), Contains("empty array of shape (0, 3)"));
  CHECK_THAT(header_refusal(dictionary("<f8", "(4294967296, 4294967296)")), Contains("(4294967296, 4294967296)"));
  CHECK_THAT(header_refusal(dictionary("<f8", "(9223372036854775807, 9223372036854775807, 0)")), Contains("empty"));
  CHECK_THAT(header_refusal(dictionary("<f8", "(99999999999999999999,)")), Contains("need a dictionary"));
  CHECK_THAT(header_refusal(dictionary("<f8", "(-2, 3)")), Contains("need a dictionary"));
  CHECK_THAT(header_refusal("{'descr': '<f8', 'fortran_order': False}"), Contains("need a dictionary"));
  CHECK_THAT(header_refusal(dictionary("<f8", "(2,)") + " x"), Contains("need a dictionary"));
  CHECK_THAT(header_refusal("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}"),
             Contains("need a dictionary"));
  CHECK_THAT(header_refusal("{'descr': '<f8"), Contains("need a dictionary"));
  CHECK_THAT(header_refusal("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1,), }"), Contains("records"));
  for (const std::string type : {"|O", "<c16", "<c8", "<U5", "|S3", "<M8[ns]", "<f16", "|V8", "", "<", "f8", "<i3"}) {
    INFO(type);
    CHECK_THAT(header_refusal(dictionary(type, "(1,)")), Contains("\"" + type + "\"") && Contains("float64"));
  }
  CHECK_THAT(refusal([&] { (void)read_npy(directory.path() / "absent.npy"); }),
             Contains("absent.npy") && Contains("no such file"));
  CHECK_THAT(refusal([&] { (void)read_npy(directory.path()); }), Contains("not a regular file"));
}

TEST_CASE("no shortened file and no changed byte of a header gets through as another array", "[fast][data]") {
  const TemporaryDirectory directory;
  const std::string good = npy_file(dictionary("<f8", "(2, 2)"), bytes_of<double>({1, 2, 3, 4}));
  for (std::size_t length = 0; length < good.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(read_refusal(directory, good.substr(0, length)).empty());
  }
  for (std::size_t i = 0; i + 32 < good.size(); ++i) {
    for (const char byte : {'\0', ' ', '9', '\'', ')', '\xff'}) {
      std::string changed = good;
      changed[i] = byte;
      const auto path = directory.write("changed.npy", changed);
      CAPTURE(i, static_cast<int>(byte));
      // Refused, or (a changed byte order or space) still four numbers in two rows.
      std::vector<Index> shape = {2, 2};
      const std::string message = refusal([&] { shape = read_npy(path, NonFinite::keep).header.shape; });
      CHECK(shape == std::vector<Index>{2, 2});
      CHECK(std::all_of(message.begin(), message.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    }
  }
}

TEST_CASE("the first entry that is not finite is named", "[fast][data]") {
  const TemporaryDirectory directory;
  const double nan = std::nan("");
  CHECK_THAT(read_refusal(directory, npy_file(dictionary("<f8", "(2, 3)"), bytes_of<double>({1, 2, 3, 4, 5, nan}))),
             Contains("[1, 2] = nan, need a finite number"));
  // In Fortran order (1, 0) comes before (0, 2) in the file; the first in C order is named.
  CHECK_THAT(read_refusal(directory,
                          npy_file(dictionary("<f8", "(2, 3)", true), bytes_of<double>({1, nan, 3, 4, HUGE_VAL, 6}))),
             Contains("[0, 2] = inf"));
  CHECK_THAT(read_refusal(directory, npy_file(dictionary("<f2", "(2,)"), bytes_of<std::uint16_t>({0, 0xFC00}))),
             Contains("[1] = -inf"));
  const auto path = directory.write("k.npy", npy_file(dictionary("<f4", "(2,)"), bytes_of<float>({1, NAN})));
  CHECK(std::isnan(read_npy(path, NonFinite::keep).values(0, 1)));
}

TEST_CASE("a writer leaves nothing behind that looks finished", "[fast][data]") {
  const TemporaryDirectory directory;
  const RowMatrix matrix = RowMatrix::Ones(3, 2);
  const auto missing = directory.path() / "no" / "such" / "a.npy";
  CHECK_THAT(refusal([&] { write_npy(missing, matrix); }), Contains("a.npy") && Contains("cannot be written"));
  // The name is taken by a directory: the numbers are written, but cannot get their name.
  std::filesystem::create_directories(directory.path() / "taken.npy" / "inside");
  CHECK_THAT(refusal([&] { write_npy(directory.path() / "taken.npy", matrix); }), Contains("taken.npy"));
  CHECK(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
  if (std::filesystem::exists("/dev/full")) {
    // A full disk: every write fails.
    std::filesystem::create_symlink("/dev/full", directory.path() / "full.npy.partial");
    CHECK_THAT(refusal([&] { write_npy(directory.path() / "full.npy", matrix); }), Contains("full.npy"));
    CHECK_FALSE(std::filesystem::exists(directory.path() / "full.npy"));
  }
}
