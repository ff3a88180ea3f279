#include "brink/data/torch_file.hpp"

#include <catch2/catch.hpp>

#include "brink/data/array_file.hpp"
#include "brink/data/zip_archive.hpp"
#include "support.hpp"

using namespace brink;
using Catch::Contains;

namespace {

std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

// Pieces of pickles, as torch.save writes them.
std::string text(const std::string& word) { return "X" + little_endian(word.size(), 4) + word; }
std::string integer(std::int64_t value) { return "\x8a\x08" + little_endian(static_cast<std::uint64_t>(value), 8); }
std::string global(const std::string& module, const std::string& name) { return "c" + module + "\n" + name + "\n"; }
std::string tuple(const std::vector<std::int64_t>& values) {
  std::string all = "(";
  for (const auto value : values) all += integer(value);
  return all + "t";
}
std::string pickle(const std::string& program) { return "\x80\x02" + program + "."; }

struct View {
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::int64_t offset = 0;
  std::int64_t count = 6;
  std::string type = "DoubleStorage";
};

std::string tensor(const View& view) {
  return global("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") + global("torch", view.type) +
         text("0") + text("cpu") + integer(view.count) + "tQ" + integer(view.offset) + tuple(view.shape) +
         tuple(view.strides) + "\x89" + global("collections", "OrderedDict") + ")RtR";
}

/// An archive around a pickle, with the numbers 0 to 5 as storage 0.
std::filesystem::path archive(const test::TemporaryDirectory& directory, const std::string& program,
                              std::vector<ZipContent> more = {}) {
  std::string numbers;
  for (int i = 0; i < 6; ++i) {
    const double value = i;
    numbers.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  std::vector<ZipContent> members = {{"m/data.pkl", program}, {"m/data/0", numbers}};
  members.insert(members.end(), more.begin(), more.end());
  write_zip(directory.path() / "m.pt", members, false);
  return directory.path() / "m.pt";
}

std::vector<double> numbers_of(const NpyArray& array) {
  return {array.values.data(), array.values.data() + array.values.size()};
}

}  // namespace

TEST_CASE("a tensor is read through its strides and offset", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto read = [&](const View& view) { return read_array(archive(directory, pickle(tensor(view)))); };
  CHECK(numbers_of(read({{2, 3}, {3, 1}})) == std::vector<double>{0, 1, 2, 3, 4, 5});
  CHECK(numbers_of(read({{3, 2}, {1, 3}})) == std::vector<double>{0, 3, 1, 4, 2, 5});
  CHECK(numbers_of(read({{2, 2}, {3, 1}, 1})) == std::vector<double>{1, 2, 4, 5});
  CHECK(numbers_of(read({{2, 3}, {0, 2}})) == std::vector<double>{0, 2, 4, 0, 2, 4});
  CHECK(numbers_of(read({{}, {}, 5})) == std::vector<double>{5});
  const NpyArray one = read({{1, 2}, {std::int64_t{1} << 62, 1}, 4});  // the stride of an axis of one entry is free
  CHECK(numbers_of(one) == std::vector<double>{4, 5});
  CHECK(one.header.shape == std::vector<Index>{1, 2});
  CHECK(one.values.rows() == 1);
}

TEST_CASE("containers name their tensors", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const std::string parameter = global("torch._utils", "_rebuild_parameter") + "(" + tensor({{2}, {1}, 2}) + "\x88" +
                                global("collections", "OrderedDict") + ")RtR";
  const std::string list = "](" + tensor({{1}, {1}, 3}) + integer(7) + "(" + tensor({{1}, {1}, 4}) + "Nte";
  const auto path =
      archive(directory, pickle("}(" + text("layer.weight") + parameter + text("list") + list + "K\x05" +
                                tensor({{6}, {1}}) + text("epoch") + "K\x03" + text("rate") + "G12345678u"));
  std::vector<std::string> names;
  for (const auto& each : read_torch_header(path)) names.push_back(each.name);
  CHECK(names == std::vector<std::string>{"layer.weight", "list.0", "list.2.0", "5"});
  CHECK(numbers_of(read_array(path.string() + ":layer.weight")) == std::vector<double>{2, 3});
  CHECK(numbers_of(read_array(path.string() + ":list.2.0")) == std::vector<double>{4});
  CHECK(read_array_header(path.string() + ":5").shape == std::vector<Index>{6});
  CHECK_THROWS_WITH(read_array(path), Contains("4 arrays") && Contains("layer.weight, list.0"));
  CHECK_THROWS_WITH(read_torch(path, "bias"), Contains("no tensor bias") && Contains("list.2.0"));
  CHECK_THROWS_WITH(read_torch_header(archive(directory, pickle("}(" + text("a.b") + tensor({{1}, {1}}) + text("a") +
                                                                "}" + text("b") + tensor({{1}, {1}}) + "su"))),
                    Contains("two tensors called a.b"));
}

TEST_CASE("files that PyTorch 1.13 wrote", "[data][fast]") {
  const std::string folder = std::string(BRINK_SOURCE_DIRECTORY) + "/tests/fuzz/corpus/torch/";
  // torch.arange(6.).double().reshape(2, 3).t()[:, 1:]
  const NpyArray view = read_array(folder + "view.pt");
  CHECK(view.header.shape == std::vector<Index>{3, 1});
  CHECK(numbers_of(view) == std::vector<double>{3, 4, 5});
  // the state_dict of a torch.nn.Linear(2, 1)
  const NpyArray weight = read_array(folder + "state.pt:weight");
  CHECK(weight.header.shape == std::vector<Index>{1, 2});
  CHECK(weight.header.epsilon == 0x1p-23);
  CHECK(numbers_of(weight) == std::vector<double>{0.5, -2});
  CHECK(numbers_of(read_array(folder + "state.pt:bias")) == std::vector<double>{3});
  // {"p": Parameter(half 1), "l": [bfloat16 0, (7, 3, None, 2.5, 2**40)], 5: True}
  CHECK(read_array(folder + "nest.pt:p").header.epsilon == 0x1p-10);
  CHECK(numbers_of(read_array(folder + "nest.pt:p")) == std::vector<double>{1});
  CHECK(numbers_of(read_array(folder + "nest.pt:l.0")) == std::vector<double>{0});
  CHECK(numbers_of(read_array(folder + "nest.pt:l.1.0")) == std::vector<double>{7});
  CHECK(numbers_of(read_array(folder + "nest.pt:5")) == std::vector<double>{1});
}

TEST_CASE("a pickle that would run something is refused", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto refused = [&](const std::string& program, const std::string& says) {
    CHECK_THROWS_WITH(read_torch_header(archive(directory, pickle(program))), Contains(says));
  };
  refused(global("os", "system") + text("true") + "\x85R", "os.system");
  refused(global("builtins", "eval") + text("1") + "\x85R", "builtins.eval");
  refused(global("torch", "load") + text("x") + "\x85R", "torch.load");
  refused(text("os") + text("system") + "\x93", "operation 0x93");
  refused("(ios\nsystem\n", "operation 0x69");
  refused(global("torch", "FloatStorage") + ")\x81", "operation 0x81");
  refused(text("torch") + ")R", "call of what is no function");
  refused(global("torch", "FloatStorage") + ")R", "a call of torch FloatStorage");
  refused(global("collections", "OrderedDict") + tuple({1}) + "R", "OrderedDict with arguments");
}

TEST_CASE("a pickle that is no sound program is refused", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto refused = [&](const std::string& program, const std::string& says) {
    CHECK_THROWS_WITH(read_torch_header(archive(directory, program)), Contains(says));
  };
  refused("", "ends in the middle");
  refused("hello.", "no pickle");
  refused("\x80\x04N.", "protocol 4");
  refused("\x80\x02.", "has not put");
  refused("\x80\x02(.", "has not put");
  refused("\x80\x02N(0.", "operation 0x30");
  refused("\x80\x02t.", "without a mark");
  refused("\x80\x02h\x07.", "refers to nothing");
  refused(
      "\x80\x02NK\x01"
      "a.",
      "no container");
  refused("\x80\x02}(Nu.", "key without a value");
  refused(
      "\x80\x02X\xff\xff\xff\xff"
      "abc.",
      "ends in the middle");
  refused(
      "\x80\x02"
      "cos",
      "ends in the middle");
  const std::string good = pickle(tensor({{2, 3}, {3, 1}}));
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_THROWS_AS(read_torch_header(archive(directory, good.substr(0, size))), InvalidInput);
}

TEST_CASE("containers of containers end", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const auto refused = [&](const std::string& program, const std::string& says) {
    CHECK_THROWS_WITH(read_torch_header(archive(directory, pickle(program))), Contains(says));
  };
  refused(std::string("]q\0h\0a", 6), "nested too deeply");  // a list that contains itself
  refused(std::string(100, ']') + std::string(99, 'a'), "nested too deeply");
  std::string doubled = "]";  // each list holds the one before twice: 2^30
  for (char i = 0; i < 30; ++i) doubled += std::string("q") + i + "](h" + i + "h" + i + "e";
  refused(doubled, "values");
  refused("}" + text(std::string(200, 'a')) + "}" + text(std::string(200, 'b')) + "Nss", "a name of 400");
  refused(global("torch._utils", "_rebuild_parameter") + tuple(std::vector<std::int64_t>(100, 1)) + "R",
          "100 arguments");
  std::string memo = "N";
  for (int i = 0; i < 100'000; ++i) memo += "r" + little_endian(static_cast<std::uint64_t>(i) * 7919, 4);
  CHECK(read_torch_header(archive(directory, pickle(memo))).empty());
}

TEST_CASE("tensors that do not fit their storage are refused", "[data][fast]") {
  const test::TemporaryDirectory directory;
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const auto refused = [&](const View& view, const std::string& says) {
    CHECK_THROWS_WITH(read_torch_header(archive(directory, pickle(tensor(view)))), Contains(says));
  };
  refused({{2, 3}, {3, 1}, 1}, "inside the 6 numbers");
  refused({{7}, {1}}, "inside the 6 numbers");
  refused({{2}, {6}}, "inside the 6 numbers");
  refused({{2}, {kHuge}}, "inside the 6 numbers");
  refused({{3}, {kHuge}}, "inside the 6 numbers");
  refused({{kHuge, kHuge}, {0, 0}}, "inside the 6 numbers");
  refused({{kHuge, kHuge, 0}, {1, 1, 1}}, "inside the 6 numbers");
  refused({{1}, {1}, kHuge}, "inside the 6 numbers");
  refused({{2}, {kHuge}, kHuge}, "inside the 6 numbers");
  refused({{1 << 21}, {0}}, "clone()");
  refused({{-1}, {1}}, "integer >= 0");
  refused({{1}, {-1}}, "integer >= 0");
  refused({{1}, {1}, -1}, "integer >= 0");
  refused({{2, 3}, {1}}, "as many strides");
  refused({std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)}, "at most 64");
  refused({{7}, {1}, 0, 7}, "7 numbers in 48 bytes");
  refused({{1}, {1}, 0, kHuge}, "in 48 bytes");
  refused({{1}, {1}, 0, 6, "ComplexDoubleStorage"}, "torch.ComplexDoubleStorage");
  const auto empty = archive(directory, pickle(tensor({{0, 3}, {3, 1}})));
  CHECK_THROWS_WITH(read_torch(empty, ""), Contains("empty tensor"));
}

TEST_CASE("archives that are none of torch.save are refused", "[data][fast]") {
  const test::TemporaryDirectory directory;
  const std::string good = pickle(tensor({{6}, {1}}));
  const auto old = directory.write("old.pt",
                                   "\x80\x02\x8a\x0al\xfc\x9c"
                                   "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.");
  CHECK_THROWS_WITH(read_torch_header(old), Contains("before 1.6") && Contains("torch.save(torch.load("));
  CHECK_THROWS_WITH(read_torch_header(archive(directory, good, {{"m/byteorder", "big"}})), Contains("byte order big"));
  CHECK(read_torch_header(archive(directory, good, {{"m/byteorder", "little"}})).size() == 1);
  write_zip(directory.path() / "a.pt", {{"m/other", good}}, false);
  CHECK_THROWS_WITH(read_torch_header(directory.path() / "a.pt"), Contains("without data.pkl"));
  write_zip(directory.path() / "b.pt", {{"m/data.pkl", good}}, false);
  CHECK_THROWS_WITH(read_torch_header(directory.path() / "b.pt"), Contains("no member m/data/0"));
  CHECK_THROWS_WITH(read_torch_header(directory.path() / "none.pt"), Contains("regular file"));
}
