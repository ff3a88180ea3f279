#include "brink/data/torch_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/data/zip_archive.hpp"
#include "number_decoding.hpp"
#include "pickle.hpp"
#include "printable.hpp"

namespace brink {
namespace {

using pickle::Id;
using pickle::Kind;
using pickle::Value;
using Path = std::filesystem::path;

constexpr std::uint64_t kLongestPickle = 16U << 20;
constexpr double kMemoryPerByte = 128;     // of a pickle, while it is read
constexpr std::size_t kLongestName = 300;  // of a tensor
constexpr std::size_t kMostTensors = 100'000;
constexpr int kDeepestContainer = 32;
constexpr int kMostValues = 2'000'000;  // visited: a list that contains another twice, and so on, has 2^depth
constexpr std::size_t kMostTorchAxes = 64;
constexpr Index kLargestExpansion = 1 << 20;

constexpr std::string_view kTensor = "torch._utils _rebuild_tensor_v2";
constexpr std::string_view kParameter = "torch._utils _rebuild_parameter";

struct StorageType {
  std::string_view global;
  std::string_view numpy;  ///< as decode_numbers has it, without byte order
  Index bytes = 0;
};

constexpr StorageType kStorageTypes[] = {{"torch DoubleStorage", "f8", 8}, {"torch FloatStorage", "f4", 4},
                                         {"torch HalfStorage", "f2", 2},   {"torch BFloat16Storage", "bf2", 2},
                                         {"torch LongStorage", "i8", 8},   {"torch IntStorage", "i4", 4},
                                         {"torch ShortStorage", "i2", 2},  {"torch CharStorage", "i1", 1},
                                         {"torch ByteStorage", "u1", 1},   {"torch BoolStorage", "b1", 1}};

const StorageType* find_storage(std::string_view global) {
  for (const auto& type : kStorageTypes)
    if (type.global == global) return &type;
  return nullptr;
}

std::vector<std::string_view> allowed_globals() {
  std::vector<std::string_view> names = {kTensor, kParameter};
  for (const auto& type : kStorageTypes) names.push_back(type.global);
  return names;
}

[[noreturn]] void fail_torch(const Path& path, const std::string& found, const std::string& allowed) {
  fail_argument("read_torch", path.string(), found, allowed);
}

/// The archive, whose members lie in one folder of any name.
struct Archive {
  std::map<std::string, ZipMember> members;
  std::string folder;  ///< with its slash

  [[nodiscard]] const ZipMember* find(const std::string& name) const {
    const auto found = members.find(name);
    return found == members.end() ? nullptr : &found->second;
  }
};

Archive open_archive(const Path& path) {
  std::ifstream in(path, std::ios::binary);
  if (in.get() == 0x80)
    fail_torch(path, "a file in the format of PyTorch before 1.6",
               fmt::format("its ZIP format: torch.save(torch.load(\"{0}\"), \"{0}\") with a newer one", path.string()));
  in.close();
  Archive archive;
  for (auto& member : read_zip_directory(path)) archive.members.emplace(member.name, member);
  constexpr std::string_view kPickle = "/data.pkl";
  const auto is_pickle = [&](const auto& member) { return member.first.ends_with(kPickle); };
  const auto found = std::find_if(archive.members.begin(), archive.members.end(), is_pickle);
  if (found == archive.members.end()) fail_torch(path, "an archive without data.pkl", "what torch.save writes");
  archive.folder = found->first.substr(0, found->first.size() - kPickle.size() + 1);
  if (const auto* order = archive.find(archive.folder + "byteorder"))
    if (const std::string text = read_zip_member(path, *order, 16); text != "little")
      fail_torch(path, "byte order " + printable(text), "little");
  return archive;
}

/// Finds the tensors among the values of a pickle.
class TensorList {
 public:
  TensorList(const pickle::Graph& graph, const Archive& archive, const Path& path)
      : graph_(graph), archive_(archive), path_(path) {}

  std::vector<TorchTensor> all() {
    visit(graph_.root, "", 0);
    return std::move(tensors_);
  }

 private:
  [[noreturn]] void malformed(const std::string& what) const {
    fail_torch(path_, "a damaged tensor: " + what, "what torch.save writes");
  }
  const Value& value(Id id) const { return graph_.values[id]; }

  void visit(Id id, const std::string& name, int depth) {
    if (++visited_ > kMostValues || depth > kDeepestContainer)
      fail_torch(path_, "containers nested too deeply",
                 fmt::format("at most {} levels and {} values", kDeepestContainer, kMostValues));
    const Value& here = value(id);
    if (here.kind == Kind::dictionary) {
      for (std::size_t i = 0; i < here.items.size(); i += 2)
        if (const auto key = key_text(value(here.items[i]))) visit(here.items[i + 1], joined(name, *key), depth + 1);
    } else if (here.kind == Kind::sequence) {
      for (std::size_t i = 0; i < here.items.size(); ++i)
        visit(here.items[i], joined(name, std::to_string(i)), depth + 1);
    } else if (here.kind == Kind::call && value(here.items[0]).text == kParameter) {
      if (here.items.size() < 2) malformed("a parameter without a tensor");
      visit(here.items[1], name, depth + 1);
    } else if (here.kind == Kind::call) {
      add_tensor(here, name);
    }
  }

  static std::optional<std::string> key_text(const Value& key) {
    if (key.kind == Kind::text) return std::string(key.text);
    if (key.kind == Kind::integer) return std::to_string(key.integer);
    return std::nullopt;
  }
  std::string joined(const std::string& name, const std::string& key) const {
    if (name.size() + key.size() > kLongestName)
      fail_torch(path_, fmt::format("a name of {} characters", name.size() + key.size()),
                 fmt::format("at most {}", kLongestName));
    return name.empty() ? key : name + "." + key;
  }

  Index natural(Id id) const {
    if (value(id).kind != Kind::integer || value(id).integer < 0) malformed("no integer >= 0 where one belongs");
    return value(id).integer;
  }
  std::vector<Index> naturals(Id id) const {
    if (value(id).kind != Kind::sequence || value(id).items.size() > kMostTorchAxes)
      malformed(fmt::format("a shape that is no list of at most {} integers", kMostTorchAxes));
    std::vector<Index> numbers;
    for (const Id item : value(id).items) numbers.push_back(natural(item));
    return numbers;
  }

  /// items: the function, storage, offset, shape, strides, and what matters to training only.
  void add_tensor(const Value& call, const std::string& name) {
    const std::string_view function = value(call.items[0]).text;
    if (function != kTensor) malformed("a call of " + std::string(function));
    if (call.items.size() < 5) malformed("too few arguments");
    TorchTensor tensor;
    tensor.name = name;
    tensor.offset = natural(call.items[2]);
    tensor.shape = naturals(call.items[3]);
    tensor.strides = naturals(call.items[4]);
    if (tensor.strides.size() != tensor.shape.size()) malformed("as many strides as axes are needed");
    const Index numbers = resolve_storage(value(call.items[1]), tensor);
    check_reach(tensor, numbers);
    if (tensors_.size() == kMostTensors) fail_torch(path_, "more tensors", fmt::format("at most {}", kMostTensors));
    if (!names_.insert(name).second)
      fail_torch(path_, "two tensors called " + printable(name), "keys that make different names");
    tensors_.push_back(std::move(tensor));
  }

  /// ('storage', type, key, location, count); returns the count.
  Index resolve_storage(const Value& stored, TorchTensor& tensor) const {
    if (stored.kind != Kind::persistent || value(stored.items[0]).kind != Kind::sequence) malformed("no storage");
    const auto& items = value(stored.items[0]).items;
    if (items.size() != 5 || value(items[0]).text != "storage" || value(items[2]).kind != Kind::text)
      malformed("no storage");
    const StorageType* type = value(items[1]).kind == Kind::global ? find_storage(value(items[1]).text) : nullptr;
    if (!type) malformed("a storage without a type");
    tensor.type = type->global.substr(type->global.find(' ') + 1);
    tensor.storage = archive_.folder + "data/" + std::string(value(items[2]).text.substr(0, kLongestName));
    const ZipMember* member = archive_.find(tensor.storage);
    if (!member) fail_torch(path_, "no member " + printable(tensor.storage), "an archive with every storage");
    const Index count = natural(items[4]);
    if (static_cast<std::uint64_t>(count) > member->size / static_cast<std::uint64_t>(type->bytes))
      fail_torch(path_, fmt::format("a storage of {} numbers in {} bytes", count, member->size),
                 "one that is complete");
    return count;
  }

  void check_reach(const TorchTensor& tensor, Index numbers) const {
    Index size = 1;
    Index last = tensor.offset;
    bool overflow = false;
    for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
      Index reach = 0;
      overflow = overflow || __builtin_mul_overflow(size, tensor.shape[axis], &size) ||
                 __builtin_mul_overflow(std::max<Index>(tensor.shape[axis], 1) - 1, tensor.strides[axis], &reach) ||
                 __builtin_add_overflow(last, reach, &last);
    }
    const std::string what = fmt::format("tensor \"{}\" of shape {}, strides {}, offset {}", printable(tensor.name),
                                         shape_text(tensor.shape), shape_text(tensor.strides), tensor.offset);
    if (overflow || (size > 0 && last >= numbers))
      fail_torch(path_, what, fmt::format("a view inside the {} numbers of its storage", numbers));
    if (size > numbers && size > kLargestExpansion)
      fail_torch(path_, fmt::format("{}: {} entries of {} numbers", what, size, numbers),
                 fmt::format("at most {}, or a clone() of it", kLargestExpansion));
  }

  const pickle::Graph& graph_;
  const Archive& archive_;
  const Path& path_;
  std::vector<TorchTensor> tensors_;
  std::set<std::string> names_;
  int visited_ = 0;
};

std::vector<TorchTensor> tensors_of(const Archive& archive, const Path& path) {
  const ZipMember& member = *archive.find(archive.folder + "data.pkl");
  require_memory(kMemoryPerByte * static_cast<double>(std::min(member.size, kLongestPickle)),
                 "read_torch: " + path.string());
  const std::string bytes = read_zip_member(path, member, kLongestPickle);
  const auto graph = pickle::read(bytes, allowed_globals(), path);
  return TensorList(graph, archive, path).all();
}

const TorchTensor& find_tensor(const Path& path, const std::vector<TorchTensor>& tensors, const std::string& name) {
  for (const auto& tensor : tensors)
    if (tensor.name == name) return tensor;
  std::vector<std::string> known;
  for (const auto& tensor : tensors) known.push_back(printable(tensor.name));
  fail_torch(path, "no tensor " + name, fmt::format("one of {}", fmt::join(known, ", ")));
}

/// The entries in C order, gathered from the numbers [offset, …] of a storage.
void gather(const TorchTensor& tensor, const std::vector<double>& numbers, double* out) {
  std::vector<Index> index(tensor.shape.size(), 0);
  Index at = 0;
  const Index size = tensor.size();
  for (Index i = 0; i < size; ++i) {
    out[i] = numbers[static_cast<std::size_t>(at)];
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (index[axis] + 1 < tensor.shape[axis]) {
        ++index[axis];
        at += tensor.strides[axis];
        break;
      }
      at -= tensor.strides[axis] * index[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

Index TorchTensor::size() const {
  Index count = 1;
  for (const Index extent : shape) count *= extent;
  return count;
}

std::vector<TorchTensor> read_torch_header(const Path& path) { return tensors_of(open_archive(path), path); }

NpyHeader torch_header(const Path& path, const std::vector<TorchTensor>& tensors, const std::string& name) {
  const TorchTensor& tensor = find_tensor(path, tensors, name);
  if (tensor.size() == 0)
    fail_torch(path, fmt::format("an empty tensor {} of shape {}", name, shape_text(tensor.shape)),
               "every extent >= 1");
  const StorageType& type = *find_storage("torch " + tensor.type);
  NpyHeader header;
  header.shape = tensor.shape;
  header.type = tensor.type;
  header.epsilon = epsilon_of(type.numpy);
  header.body_bytes = static_cast<std::uint64_t>(tensor.size() * type.bytes);
  return header;
}

NpyArray read_torch(const Path& path, const std::string& name, NonFinite non_finite) {
  const Archive archive = open_archive(path);
  const auto tensors = tensors_of(archive, path);
  NpyArray array;
  array.header = torch_header(path, tensors, name);
  const TorchTensor& tensor = find_tensor(path, tensors, name);
  const StorageType& type = *find_storage("torch " + tensor.type);
  Index span = 1;  // from the first number of the tensor to its last
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis)
    span += (tensor.shape[axis] - 1) * tensor.strides[axis];
  const ZipMember& member = *archive.find(tensor.storage);
  require_memory(8.0 * static_cast<double>(tensor.size() + span) + static_cast<double>(member.size),
                 "read_torch: " + path.string());
  const std::string bytes = read_zip_member(path, member);
  std::vector<double> numbers(static_cast<std::size_t>(span));
  decode_numbers("<" + std::string(type.numpy), bytes.data() + tensor.offset * type.bytes, numbers.size(),
                 numbers.data());
  const Index columns = tensor.shape.empty() ? 1 : tensor.shape.back();
  array.values.resize(tensor.size() / columns, columns);
  gather(tensor, numbers, array.values.data());
  if (non_finite == NonFinite::refuse) check_finite(array, "read_torch", path.string() + ": " + name);
  return array;
}

}  // namespace brink
