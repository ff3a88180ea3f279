#include "brink/data/hdf5_file.hpp"

#include <fmt/format.h>
#include <hdf5.h>
#include <sys/mman.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <sstream>
#include <utility>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "child_process.hpp"
#include "number_decoding.hpp"
#include "printable.hpp"

namespace brink {
namespace {

constexpr std::size_t kMostDatasets = 100'000;
constexpr std::uint64_t kLargestHdf5Deflation = 1032;

/// Of libhdf5, which inflates far more than this: a damaged file may make it turn for ever.
unsigned long seconds_for(std::uint64_t file_size) { return static_cast<unsigned long>(10 + file_size / 100'000); }

/// An identifier of libhdf5, closed where its owner ends; negative where opening failed.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  operator hid_t() const { return id_; }
  [[nodiscard]] bool is_open() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

[[noreturn]] void fail_hdf5(const std::string& where, const std::string& found, const std::string& allowed) {
  fail_argument("read_hdf5", where, found, allowed);
}

Handle open_file(const std::filesystem::path& path) {
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.is_open()) fail_hdf5(path.string(), "a file that libhdf5 cannot open", "an HDF5 file");
  return file;
}

extern "C" herr_t brink_collect_dataset(hid_t, const char* name, const H5O_info_t* object, void* names) {
  auto& list = *static_cast<std::vector<std::string>*>(names);
  if (object->type == H5O_TYPE_DATASET) list.emplace_back(name);
  return list.size() > kMostDatasets ? -1 : 0;
}

std::vector<std::string> dataset_names(hid_t file, const std::string& where) {
  std::vector<std::string> names;
  if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, brink_collect_dataset, &names, H5O_INFO_BASIC) < 0)
    fail_hdf5(where, "groups that libhdf5 cannot read, or too many",
              fmt::format("at most {} data sets", kMostDatasets));
  if (names.empty()) fail_hdf5(where, "no data set", "at least one");
  return names;
}

/// Walks down hard links, one at a time: any other could lead into another file.
Handle open_dataset(hid_t file, const std::string& name, const std::string& where) {
  const auto missing = [&] {
    std::vector<std::string> known;
    for (const auto& each : dataset_names(file, where)) known.push_back(printable(each));
    fail_hdf5(where, "no such data set", fmt::format("one of {}", fmt::join(known, ", ")));
  };
  Handle here(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose);
  if (!here.is_open()) fail_hdf5(where, "a file without a root group", "a sound HDF5 file");
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string step = name.substr(begin, end - begin);
    begin = end + 1;
    if (step.empty()) continue;
    H5L_info_t link{};
    if (step == "." || H5Lget_info(here, step.c_str(), &link, H5P_DEFAULT) < 0) missing();
    if (link.type != H5L_TYPE_HARD) fail_hdf5(where, "a soft or external link", "the object itself: a hard link");
    here = Handle(H5Oopen(here, step.c_str(), H5P_DEFAULT), H5Oclose);
    if (!here.is_open()) fail_hdf5(where, "a damaged object", "a data set");
  }
  if (H5Iget_type(here) != H5I_DATASET) missing();
  return here;
}

/// The file's number type by NumPy's name; empty for one that is not read.
std::string number_type(hid_t type) {
  const std::pair<hid_t, const char*> known[] = {
      {H5T_IEEE_F64LE, "<f8"}, {H5T_IEEE_F64BE, ">f8"}, {H5T_IEEE_F32LE, "<f4"}, {H5T_IEEE_F32BE, ">f4"},
      {H5T_STD_I64LE, "<i8"},  {H5T_STD_I64BE, ">i8"},  {H5T_STD_I32LE, "<i4"},  {H5T_STD_I32BE, ">i4"},
      {H5T_STD_I16LE, "<i2"},  {H5T_STD_I16BE, ">i2"},  {H5T_STD_I8LE, "|i1"},   {H5T_STD_I8BE, "|i1"},
      {H5T_STD_U64LE, "<u8"},  {H5T_STD_U64BE, ">u8"},  {H5T_STD_U32LE, "<u4"},  {H5T_STD_U32BE, ">u4"},
      {H5T_STD_U16LE, "<u2"},  {H5T_STD_U16BE, ">u2"},  {H5T_STD_U8LE, "|u1"},   {H5T_STD_U8BE, "|u1"}};
  for (const auto& [each, name] : known)
    if (H5Tequal(type, each) > 0) return name;
  return {};
}

/// Whether the numbers are deflated. What would run a program or open another file is refused, before libhdf5 is asked
/// for anything that depends on it.
bool check_storage(hid_t properties, const std::string& where) {
  const H5D_layout_t layout = H5Pget_layout(properties);
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
    fail_hdf5(where, "a virtual data set, which lies in other files", "one with its own numbers");
  if (H5Pget_external_count(properties) != 0) fail_hdf5(where, "numbers in another file", "numbers in the file itself");
  const int filters = layout == H5D_CHUNKED ? H5Pget_nfilters(properties) : 0;
  bool deflated = false;
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0;
    unsigned configuration = 0;
    std::size_t values = 0;
    char name[64] = {};
    const H5Z_filter_t filter = H5Pget_filter2(properties, static_cast<unsigned>(i), &flags, &values, nullptr,
                                               sizeof(name) - 1, name, &configuration);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      fail_hdf5(where, fmt::format("filter {} ({})", filter, printable(name)),
                "deflate (gzip), shuffle and fletcher32");
    if (filter == H5Z_FILTER_DEFLATE && std::exchange(deflated, true))
      fail_hdf5(where, "numbers deflated twice", "once");
  }
  return deflated;
}

std::uint64_t product(const std::vector<hsize_t>& extents, std::uint64_t bytes, const std::string& where) {
  for (const hsize_t extent : extents)
    if (__builtin_mul_overflow(bytes, extent, &bytes) || bytes > std::uint64_t{std::numeric_limits<Index>::max()})
      fail_hdf5(where, fmt::format("shape ({})", fmt::join(extents, ", ")), "one that a memory can hold");
  return bytes;
}

/// A chunk that is claimed, or all of them, must be what the stored bytes can make.
void check_bytes(std::uint64_t claimed, std::uint64_t stored, bool deflated, const std::string& where) {
  if (claimed / (deflated ? kLargestHdf5Deflation : 1) > stored)
    fail_hdf5(where,
              fmt::format("{} bytes in a file that holds {} of them{}", claimed, stored, deflated ? ", deflated" : ""),
              "a data set that was written whole");
}

NpyHeader header_of(hid_t set, std::uint64_t file_size, const std::string& where) {
  const Handle properties(H5Dget_create_plist(set), H5Pclose);
  if (!properties.is_open()) fail_hdf5(where, "a damaged object", "a data set");
  const bool deflated = check_storage(properties, where);
  const Handle type(H5Dget_type(set), H5Tclose);
  NpyHeader header;
  header.type = type.is_open() ? number_type(type) : "";
  if (header.type.empty()) fail_hdf5(where, "numbers of another type", "float32, float64 or integers of 1 to 8 bytes");
  header.epsilon = epsilon_of(header.type.substr(1));
  const auto bytes_each = static_cast<std::uint64_t>(header.type[2] - '0');

  const Handle space(H5Dget_space(set), H5Sclose);
  const H5S_class_t kind = space.is_open() ? H5Sget_simple_extent_type(space) : H5S_NO_CLASS;
  if (kind != H5S_SIMPLE && kind != H5S_SCALAR) fail_hdf5(where, "a data set without a shape", "an array or a scalar");
  std::vector<hsize_t> extents(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space))));
  if (!extents.empty()) H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  header.body_bytes = product(extents, bytes_each, where);
  for (const hsize_t extent : extents) header.shape.push_back(static_cast<Index>(extent));
  if (header.body_bytes == 0)
    fail_hdf5(where, "an empty array of shape " + shape_text(header.shape), "every extent >= 1");

  const std::uint64_t stored = H5Dget_storage_size(set);
  if (stored > file_size)
    fail_hdf5(where, fmt::format("{} stored bytes in a file of {}", stored, file_size), "a complete file");
  check_bytes(header.body_bytes, stored, deflated, where);
  if (H5Pget_layout(properties) == H5D_CHUNKED) {
    std::vector<hsize_t> chunk(extents.size());
    if (H5Pget_chunk(properties, static_cast<int>(chunk.size()), chunk.data()) != static_cast<int>(chunk.size()))
      fail_hdf5(where, "damaged chunks", "as many axes as the data set has");
    check_bytes(product(chunk, bytes_each, where), stored, deflated, where);
  }
  return header;
}

/// What `work` makes of the open file, in a process of its own: libhdf5 crashes on some damaged files. No plug-ins, and
/// errors as exceptions instead of pages on standard error.
std::string isolated(const std::filesystem::path& path, const std::string& where,
                     const std::function<std::string(hid_t file)>& work) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) fail_hdf5(path.string(), "no regular file", "an HDF5 file");
  const auto result = in_child_process(
      [&] {
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        if (H5PLset_loading_state(0) < 0) fail_hdf5(where, "plug-ins that cannot be switched off", "a sound libhdf5");
        return work(open_file(path));
      },
      seconds_for(std::filesystem::file_size(path)));
  if (!result) fail_hdf5(where, "a file on which libhdf5 crashes or does not end", "a sound HDF5 file");
  return *result;
}

/// Type and extents, as text between processes.
std::string described(const NpyHeader& header) {
  return fmt::format("{} {}", header.type, fmt::join(header.shape, " "));
}

NpyHeader parsed(const std::string& text) {
  NpyHeader header;
  std::istringstream in(text);
  in >> header.type;
  for (Index extent = 0; in >> extent;) header.shape.push_back(extent);
  header.epsilon = epsilon_of(header.type.substr(1));
  header.body_bytes = static_cast<std::uint64_t>(header.size() * (header.type[2] - '0'));
  return header;
}

/// Numbers in memory that a child process fills.
class SharedNumbers {
 public:
  SharedNumbers(std::size_t count, const std::string& where)
      : bytes_(count * sizeof(double)),
        begin_(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (begin_ == MAP_FAILED) fail_hdf5(where, fmt::format("{} bytes", bytes_), "what the memory can hold");
  }
  ~SharedNumbers() { munmap(begin_, bytes_); }
  SharedNumbers(const SharedNumbers&) = delete;
  SharedNumbers& operator=(const SharedNumbers&) = delete;

  [[nodiscard]] double* begin() const { return static_cast<double*>(begin_); }

 private:
  std::size_t bytes_;
  void* begin_;
};

}  // namespace

std::vector<std::string> hdf5_names(const std::filesystem::path& path) {
  const std::string text = isolated(path, path.string(), [&](hid_t file) {
    std::string lines;
    for (const auto& name : dataset_names(file, path.string())) lines += name + '\0';
    return lines;
  });
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size(); begin += names.back().size() + 1)
    names.emplace_back(text.c_str() + begin);
  return names;
}

NpyHeader read_hdf5_header(const std::filesystem::path& path, const std::string& name) {
  const std::string where = path.string() + ": " + name;
  return parsed(isolated(path, where, [&](hid_t file) {
    return described(header_of(open_dataset(file, name, where), std::filesystem::file_size(path), where));
  }));
}

NpyArray read_hdf5(const std::filesystem::path& path, const std::string& name, NonFinite non_finite) {
  const std::string where = path.string() + ": " + name;
  NpyArray array;
  array.header = read_hdf5_header(path, name);
  const Index count = array.header.size();
  require_memory(16.0 * static_cast<double>(count), "read_hdf5: " + where);
  const SharedNumbers numbers(static_cast<std::size_t>(count), where);
  (void)isolated(path, where, [&](hid_t file) {
    const Handle set = open_dataset(file, name, where);
    if (described(header_of(set, std::filesystem::file_size(path), where)) != described(array.header))
      fail_hdf5(where, "a file that changed while it was read", "a complete one");
    if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.begin()) < 0)
      fail_hdf5(where, "damaged numbers", "a complete file");
    return std::string();
  });
  const Index columns = array.header.shape.empty() ? 1 : array.header.shape.back();
  array.values = Eigen::Map<const RowMatrix>(numbers.begin(), count / columns, columns);
  if (non_finite == NonFinite::refuse) check_finite(array, "read_hdf5", where);
  return array;
}

}  // namespace brink
