#include <zlib.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>

#include "brink/data/csv.hpp"
#include "brink/data/data_set.hpp"
#include "brink/data/idx.hpp"
#include "data/support.hpp"

using namespace brink;
using namespace brink::test;
using Catch::Contains;

namespace {

std::string csv_refusal(const TemporaryDirectory& directory, const std::string& text) {
  const auto path = directory.write("t.csv", text);
  return refusal([&] { (void)read_csv(path); });
}

std::string gzip(const TemporaryDirectory& directory, const std::string& bytes) {
  const auto path = directory.path() / "packed.gz";
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("CSV tables with and without a header line", "[fast][data]") {
  const TemporaryDirectory directory;
  RowMatrix expected(2, 3);
  expected << 1, -2.5, 3e-4, 4, 5, 6;
  for (const std::string header : {"", "a, \"b\",c\n",
                                   "\xEF\xBB\xBF"
                                   "a,b,c\r\n"}) {
    for (const std::string end : {"\n", "\r\n", "\n\n"}) {
      const CsvTable table = read_csv(directory.write("a.csv", header + "1, -2.5 ,+3e-4" + end + "4,5,6"));
      CHECK(table.values == expected);
      CHECK(table.names == (header.empty() ? std::vector<std::string>{} : std::vector<std::string>{"a", "b", "c"}));
    }
  }
}

TEST_CASE("a CSV number too small for a double is zero", "[fast][data]") {
  const TemporaryDirectory directory;
  const std::string tiny = "0." + std::string(400, '0') + "1";
  const CsvTable table = read_csv(
      directory.write("a.csv", "1e-400,-1e-400,+12.5E-999999999999999999999," + tiny + "e+3,-" + tiny + ",5e-324\n"));
  REQUIRE(table.values.cols() == 6);
  for (Index j = 0; j < 5; ++j) {
    CAPTURE(j);
    CHECK(table.values(0, j) == 0);
    CHECK(std::signbit(table.values(0, j)) == (j == 1 || j == 4));
  }
  CHECK(table.values(0, 5) == 5e-324);
}

TEST_CASE("a wrong CSV field is named by line and column", "[fast][data]") {
  const TemporaryDirectory directory;
  CHECK_THAT(csv_refusal(directory, "a,b\n1,2\n3,x\n"), Contains("t.csv, line 3, column 2") && Contains("\"x\""));
  CHECK_THAT(csv_refusal(directory, "1,2\n3,\n"), Contains("line 2, column 2") && Contains("\"\""));
  CHECK_THAT(csv_refusal(directory, "1,2\n3,nan\n"), Contains("line 2, column 2") && Contains("finite"));
  CHECK_THAT(csv_refusal(directory, "1,2\n-inf,2\n"), Contains("line 2, column 1"));
  CHECK_THAT(csv_refusal(directory, "1,2\n1e999,2\n"), Contains("line 2, column 1") && Contains("1e999"));
  CHECK_THAT(csv_refusal(directory, "1,2\n1 2,3\n"), Contains("line 2, column 1"));
  CHECK_THAT(csv_refusal(directory, "1,2\n\n3\n"), Contains("line 3 = 1 columns, need 2"));
  CHECK_THAT(csv_refusal(directory, "1,2\n-1e400,2\n"), Contains("line 2, column 1") && Contains("finite"));
  CHECK_THAT(csv_refusal(directory, "1,2\n0.001e999999999999999999,2\n"), Contains("line 2, column 1"));
  CHECK_THAT(csv_refusal(directory, "1,2\n1" + std::string(400, '0') + "e-1,2\n"), Contains("line 2, column 1"));
  // A first line that is half numbers is a mistake, not a header.
  CHECK_THAT(csv_refusal(directory, "1,x\n1,2\n"), Contains("line 1, column 2"));
  CHECK_THAT(csv_refusal(directory, "a,b\n"), Contains("without a number"));
  CHECK_THAT(csv_refusal(directory, ""), Contains("without a number"));
  CHECK_THAT(refusal([&] { (void)read_csv(directory.path() / "absent.csv"); }), Contains("absent.csv"));
}

TEST_CASE("IDX arrays, plain and compressed", "[fast][data]") {
  const TemporaryDirectory directory;
  const std::string bytes("\0\0\x08\x02\0\0\0\x02\0\0\0\x03\x01\x02\x03\x04\x05\xff", 18);
  for (const bool compressed : {false, true}) {
    const IdxArray array = read_idx(directory.write("a.idx", compressed ? gzip(directory, bytes) : bytes));
    CHECK(array.shape == std::vector<Index>{2, 3});
    CHECK(array.values == std::vector<std::uint8_t>{1, 2, 3, 4, 5, 255});
  }
  const auto idx_refusal = [&](const std::string& content) {
    const auto path = directory.write("bad.idx", content);
    return refusal([&] { (void)read_idx(path); });
  };
  CHECK_THAT(idx_refusal(bytes.substr(0, 17)), Contains("truncated") && Contains("5 bytes"));
  CHECK_THAT(idx_refusal(bytes.substr(0, 10)), Contains("truncated header"));
  CHECK_THAT(idx_refusal(bytes + "x"), Contains("too long"));
  CHECK_THAT(idx_refusal("hello world"), Contains("not in IDX format"));
  CHECK_THAT(idx_refusal(std::string("\0\0\x0d\x01\0\0\0\x01\0\0\0\0", 12)), Contains("type 13"));
  CHECK_THAT(idx_refusal(std::string("\0\0\x08\x01\0\0\0\0", 8)), Contains("empty"));
  CHECK_THAT(idx_refusal(std::string("\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", 12)), Contains("claims"));
  const std::string packed = gzip(directory, bytes);
  CHECK_THAT(idx_refusal(packed.substr(0, packed.size() - 9)), Contains("gzip"));
  std::string damaged = packed;
  damaged[packed.size() - 6] = static_cast<char>(damaged[packed.size() - 6] ^ 1);  // in the checksum
  CHECK_THAT(idx_refusal(damaged), Contains("gzip"));
  CHECK_THAT(refusal([&] { (void)read_idx(directory.path() / "absent"); }), Contains("absent"));
}

TEST_CASE("which samples a selection takes", "[fast][data]") {
  const std::vector<int> labels = {3, 1, 1, 3, 2, 1, 3, 2, 1, 3};
  CHECK(select_samples(labels, {{1, 3}, 4, "balanced", 0}) == std::vector<Index>{0, 1, 2, 3});
  CHECK(select_samples(labels, {{3, 1}, 5, "balanced", 0}) == std::vector<Index>{0, 1, 2, 3, 6});
  CHECK(select_samples(labels, {{1, 3}, 5, "balanced", 0}) == std::vector<Index>{0, 1, 2, 3, 5});
  CHECK(select_samples(labels, {{2, 3}, 3, "first", 0}) == std::vector<Index>{0, 3, 4});
  CHECK(select_samples(labels, {{}, 10, "first", 0}) == std::vector<Index>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(selected_classes(labels, {{}, 1, "first", 0}) == std::vector<int>{1, 2, 3});

  const auto shuffled = select_samples(labels, {{1, 3}, 8, "shuffled", 5});
  CHECK(shuffled == select_samples(labels, {{1, 3}, 8, "shuffled", 5}));
  CHECK(shuffled != select_samples(labels, {{1, 3}, 8, "shuffled", 6}));
  auto sorted = shuffled;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == std::vector<Index>{0, 1, 2, 3, 5, 6, 8, 9});

  const auto bad = [&](const SampleSelection& selection) {
    return refusal([&] { (void)select_samples(labels, selection); });
  };
  CHECK_THAT(bad({{1, 7}, 2, "first", 0}), Contains("7 does not"));
  CHECK_THAT(bad({{1, 1}, 2, "first", 0}), Contains("at most once"));
  CHECK_THAT(bad({{2}, 3, "first", 0}), Contains("3 of") && Contains("at most the 2"));
  CHECK_THAT(bad({{1, 2}, 6, "balanced", 0}), Contains("3 of class 2") && Contains("at most the 2"));
  CHECK_THAT(bad({{1}, 0, "first", 0}), Contains("samples = 0"));
  CHECK_THAT(bad({{1}, 1, "last", 0}), Contains("last"));
}

TEST_CASE("labels become targets", "[fast][data]") {
  RowMatrix two(3, 1);
  two << 1, -1, 1;
  CHECK(class_targets({5, 2, 5}, {2, 5}, 0) == two);
  CHECK(class_targets({5, 2, 5}, {2, 5}, 1) == two);
  RowMatrix one_hot(3, 2);
  one_hot << 0, 1, 1, 0, 0, 1;
  CHECK(class_targets({5, 2, 5}, {2, 5}, 2) == one_hot);
  CHECK(class_targets({0, 2, 1}, {0, 1, 2}, 0).cols() == 3);
  CHECK_THAT(refusal([] { (void)class_targets({0, 1}, {0, 1, 2}, 1); }), Contains("outputs = 1"));
  CHECK_THAT(refusal([] { (void)class_targets({0, 9}, {0, 1}, 0); }), Contains("9"));
}

TEST_CASE("centering and scaling of inputs", "[fast][data]") {
  RowMatrix inputs(3, 3);
  inputs << 1, 0.1, 5, 2, 0.1, 7, 6, 0.1, 9;
  center_columns(inputs);
  CHECK(inputs.col(1).isZero(0));
  CHECK(inputs.colwise().sum().cwiseAbs().maxCoeff() < 1e-14);
  RowMatrix global = inputs;
  scale_inputs(global, "global");
  CHECK(global.squaredNorm() / 9 == Approx(1).epsilon(1e-14));
  CHECK((global * inputs(0, 0) - inputs * global(0, 0)).norm() < 1e-13);
  RowMatrix columns = inputs;
  scale_inputs(columns, "columns");
  CHECK(columns.col(0).squaredNorm() / 3 == Approx(1).epsilon(1e-14));
  CHECK(columns.col(1).isZero(0));
  RowMatrix samples = inputs;
  scale_inputs(samples, "samples");
  for (int k = 0; k < 3; ++k) CHECK(samples.row(k).squaredNorm() == Approx(3).epsilon(1e-14));
  RowMatrix zero = RowMatrix::Zero(2, 2);
  CHECK_THAT(refusal([&] { scale_inputs(zero, "global"); }), Contains("all zero"));
  CHECK_THAT(refusal([&] { scale_inputs(zero, "samples"); }), Contains("sample 0"));
  CHECK_THAT(refusal([&] { scale_inputs(zero, "columnwise"); }), Contains("columnwise"));
}

TEST_CASE("Fashion-MNIST is read, and asked for when it is missing", "[fast][data]") {
  const TemporaryDirectory empty;
  const char* const before = std::getenv("BRINK_DATA_DIR");
  const std::string saved = before ? before : "";
  setenv("BRINK_DATA_DIR", empty.path().c_str(), 1);
  CHECK_THAT(refusal([] {
               (void)read_fashion_mnist("train", {{}, 1, "first", 0});
             }),
             Contains("dataset-fashion-mnist") && Contains("BRINK_DATA_DIR") && Contains(empty.path().string()));
  saved.empty() ? unsetenv("BRINK_DATA_DIR") : setenv("BRINK_DATA_DIR", saved.c_str(), 1);
  CHECK_THAT(refusal([] { (void)read_fashion_mnist("all", {{}, 1, "first", 0}); }), Contains("\"train\""));

  if (!std::filesystem::exists(data_directory() / "fashion-mnist")) {
    WARN("Fashion-MNIST is not installed: only its absence was tested");
    return;
  }
  const DataSet first = read_fashion_mnist("train", {{}, 100, "first", 0});
  // The first labels of the training set: ankle boot, T-shirt, T-shirt, dress, T-shirt, pullover.
  CHECK(std::vector<int>(first.labels.begin(), first.labels.begin() + 6) == std::vector<int>{9, 0, 0, 3, 0, 2});
  REQUIRE(first.inputs.rows() == 100);
  REQUIRE(first.inputs.cols() == 784);
  CHECK(first.inputs.minCoeff() == 0);
  CHECK(first.inputs.maxCoeff() == 1);
  CHECK((first.inputs * 255 - (first.inputs * 255).array().round().matrix()).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("Fashion-MNIST holds 70,000 images, 7,000 of each class", "[data]") {
  if (!std::filesystem::exists(data_directory() / "fashion-mnist")) {
    WARN("Fashion-MNIST is not installed");
    return;
  }
  const auto directory = data_directory() / "fashion-mnist";
  std::vector<int> count(10, 0);
  std::size_t images = 0;
  for (const std::string part : {"train", "t10k"}) {
    const IdxArray labels = read_idx(directory / (part + "-labels-idx1-ubyte.gz"));
    const IdxArray pixels = read_idx(directory / (part + "-images-idx3-ubyte.gz"));
    CHECK(pixels.shape == std::vector<Index>{labels.shape[0], 28, 28});
    images += static_cast<std::size_t>(pixels.shape[0]);
    for (const std::uint8_t label : labels.values) ++count.at(label);
  }
  CHECK(images == 70000);
  CHECK(count == std::vector<int>(10, 7000));
  const DataSet test = read_fashion_mnist("test", {{}, 3, "first", 0});
  CHECK(test.labels == std::vector<int>{9, 2, 1});  // ankle boot, pullover, trouser
}
