#include "brink/data/hdf5_file.hpp"

#include <hdf5.h>

#include <catch2/catch.hpp>
#include <functional>

#include "brink/data/array_file.hpp"
#include "support.hpp"

using namespace brink;
using Catch::Contains;

namespace {

/// How one data set of a test is written.
struct Written {
  std::vector<hsize_t> shape = {2, 3};
  hid_t type = H5T_IEEE_F64LE;
  std::function<void(hid_t properties)> set = [](hid_t) {};
  bool with_numbers = true;
};

/// Numbers 0.5, 1.5, … under a name of an open file.
void write_set(hid_t file, const char* name, const Written& written) {
  std::vector<double> values;
  hsize_t count = 1;
  for (const hsize_t extent : written.shape) count *= extent;
  if (written.with_numbers)
    for (hsize_t i = 0; i < count; ++i) values.push_back(static_cast<double>(i) + 0.5);
  const hid_t space = written.shape.empty()
                          ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(written.shape.size()), written.shape.data(), nullptr);
  const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  written.set(create);
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  const hid_t set = H5Dcreate2(file, name, written.type, space, links, create, H5P_DEFAULT);
  REQUIRE(set >= 0);
  if (written.with_numbers)
    REQUIRE(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
  H5Dclose(set);
  H5Pclose(links);
  H5Pclose(create);
  H5Sclose(space);
}

std::filesystem::path write_file(const test::TemporaryDirectory& directory, const std::function<void(hid_t)>& fill) {
  const auto path = directory.path() / "run.h5";
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  REQUIRE(file >= 0);
  fill(file);
  H5Fclose(file);
  return path;
}

std::filesystem::path write_one(const test::TemporaryDirectory& directory, const Written& written) {
  return write_file(directory, [&](hid_t file) { write_set(file, "group/J", written); });
}

void chunked(hid_t properties) {
  const hsize_t chunk[] = {1, 2};
  H5Pset_chunk(properties, 2, chunk);
}

}  // namespace

TEST_CASE("data sets of HDF5 are read, however they are stored", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto check = [&](const Written& written, const std::string& type) {
    const auto path = write_one(directory, written);
    const NpyArray array = read_array(path.string() + ":group/J");
    CHECK(array.header.type == type);
    CHECK(array.header.shape == std::vector<Index>{2, 3});
    CHECK(read_array_header(path).shape == array.header.shape);
    REQUIRE(array.values.size() == 6);
    const bool whole = type[1] != 'f';
    for (Index i = 0; i < 6; ++i) CHECK(array.values.data()[i] == static_cast<double>(i) + (whole ? 0 : 0.5));
  };
  check({}, "<f8");
  check({{2, 3}, H5T_IEEE_F64BE}, ">f8");
  check({{2, 3}, H5T_IEEE_F32BE}, ">f4");
  check({{2, 3}, H5T_STD_I64BE}, ">i8");
  check({{2, 3}, H5T_STD_U8LE}, "|u1");
  check({{2, 3}, H5T_IEEE_F64LE, chunked}, "<f8");
  check({{2, 3}, H5T_IEEE_F64LE, [](hid_t p) { H5Pset_layout(p, H5D_COMPACT); }}, "<f8");
  check({{2, 3},
         H5T_IEEE_F32LE,
         [](hid_t p) {
           chunked(p);
           H5Pset_shuffle(p);
           H5Pset_deflate(p, 9);
           H5Pset_fletcher32(p);
         }},
        "<f4");
  const NpyArray scalar = read_hdf5(write_one(directory, {{}}), "/group/J");
  CHECK(scalar.header.shape.empty());
  CHECK(scalar.values(0, 0) == 0.5);
  CHECK(read_hdf5_header(write_one(directory, {{2, 3}, H5T_IEEE_F32LE}), "group/J").epsilon == 0x1p-23);
}

TEST_CASE("names of HDF5 data sets", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto path = write_file(directory, [](hid_t file) {
    write_set(file, "b", {});
    write_set(file, "a/J", {});
    write_set(file, "a/K", {});
    H5Lcreate_hard(file, "/", file, "a/loop", H5P_DEFAULT, H5P_DEFAULT);
  });
  CHECK(hdf5_names(path) == std::vector<std::string>{"a/J", "a/K", "b"});
  CHECK(read_hdf5_header(path, "a/loop/a/J").shape.size() == 2);
  CHECK_THROWS_WITH(read_array(path), Contains("3 arrays") && Contains("a/J, a/K, b"));
  for (const char* name : {"c", "a", "a/J/x", "", ".", "a/../b"})
    CHECK_THROWS_WITH(read_hdf5(path, name), Contains("one of a/J, a/K, b"));
  CHECK_THROWS_WITH(hdf5_names(write_file(directory, [](hid_t) {})), Contains("no data set"));
  CHECK_THROWS_WITH(hdf5_names(directory.write("text.h5", "no such thing")), Contains("an HDF5 file"));
  CHECK_THROWS_WITH(hdf5_names(directory.path() / "none.h5"), Contains("no regular file"));
}

TEST_CASE("what leads out of an HDF5 file, or runs plug-ins, is refused", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto other = directory.path() / "other.h5";
  std::filesystem::rename(write_one(directory, {}), other);
  const auto path = write_file(directory, [&](hid_t file) {
    write_set(file, "J", {});
    H5Lcreate_external(other.c_str(), "group/J", file, "external", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external(other.c_str(), "/", file, "tree", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/J", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    write_set(file, "raw", {{2, 3}, H5T_IEEE_F64LE, [&](hid_t p) {
                              H5Pset_external(p, (directory.path() / "raw").c_str(), 0, 48);
                            }});
    const hsize_t extents[] = {2, 3};
    const hid_t space = H5Screate_simple(2, extents, nullptr);
    write_set(
        file, "virtual",
        {{2, 3}, H5T_IEEE_F64LE, [&](hid_t p) { H5Pset_virtual(p, space, other.c_str(), "group/J", space); }, false});
    H5Sclose(space);
    write_set(file, "packed", {{2, 3}, H5T_STD_I32LE, [](hid_t p) {
                                 chunked(p);
                                 H5Pset_scaleoffset(p, H5Z_SO_INT, 0);
                               }});
  });
  CHECK(hdf5_names(path) == std::vector<std::string>{"J", "packed", "raw", "virtual"});
  for (const char* link : {"external", "tree/group/J", "soft"})
    CHECK_THROWS_WITH(read_hdf5(path, link), Contains("soft or external link"));
  CHECK_THROWS_WITH(read_hdf5(path, "raw"), Contains("another file"));
  CHECK_THROWS_WITH(read_hdf5(path, "virtual"), Contains("virtual"));
  CHECK_THROWS_WITH(read_hdf5(path, "packed"), Contains("filter 6"));
}

TEST_CASE("HDF5 extents that the stored bytes cannot fill are refused", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto refused = [&](const Written& written, const std::string& says) {
    CHECK_THROWS_WITH(read_hdf5(write_one(directory, written), "group/J"), Contains(says));
  };
  constexpr hsize_t kHuge = hsize_t{1} << 40;
  const auto deflated_chunks = [](hid_t p) {
    const hsize_t chunk[] = {1 << 10, 1 << 10};
    H5Pset_chunk(p, 2, chunk);
    H5Pset_deflate(p, 9);
  };
  refused({{kHuge, 3}, H5T_IEEE_F64LE, chunked, false}, "holds 0 of them");
  refused({{kHuge, kHuge}, H5T_IEEE_F64LE, chunked, false}, "a memory can hold");
  refused({{1 << 10, 1 << 10}, H5T_IEEE_F64LE, deflated_chunks, false}, "holds 0 of them, deflated");
  refused({{2, 3}, H5T_IEEE_F64LE, [](hid_t) {}, false}, "holds 0 of them");
  refused({{0, 3}}, "empty array");
  refused({{2, 3}, H5T_NATIVE_LDOUBLE}, "another type");

  // A header changed by hand: the extent 3 of a contiguous data set becomes 2^40.
  const auto path = write_one(directory, {{5, 3}});
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto at = bytes.find(std::string("\5\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 16));
  REQUIRE(at != std::string::npos);
  bytes[at + 13] = 1;
  CHECK_THROWS_WITH(read_hdf5(directory.write("lie.h5", bytes), "group/J"), Contains("120 of them"));
  for (const std::size_t size : {std::size_t{0}, bytes.size() / 2, bytes.size() - 8})
    CHECK_THROWS_AS(read_hdf5(directory.write("short.h5", bytes.substr(0, size)), "group/J"), InvalidInput);
}

TEST_CASE("numbers of HDF5 that are not finite are refused unless they are asked for", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto path = write_file(directory, [](hid_t file) {
    write_set(file, "J", {});
    const hid_t set = H5Dopen2(file, "J", H5P_DEFAULT);
    std::vector<double> values(6, 1);
    values[4] = HUGE_VAL;
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(set);
  });
  CHECK_THROWS_WITH(read_hdf5(path, "J"), Contains("J[1, 1]"));
  CHECK(read_hdf5(path, "J", NonFinite::keep).values(1, 1) == HUGE_VAL);
}

TEST_CASE("a file on which libhdf5 crashes is refused", "[data][fast]") {
  const std::string corpus = std::string(BRINK_SOURCE_DIRECTORY) + "/tests/fuzz/corpus/hdf5/";
  CHECK_THROWS_AS(hdf5_names(corpus + "crash-in-libhdf5.h5"), InvalidInput);  // 1.10.8 crashes; others may refuse it
}
