#include "pickle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "brink/base/error.hpp"
#include "printable.hpp"

namespace brink::pickle {
namespace {

constexpr std::string_view kOrderedDict = "collections OrderedDict";
constexpr std::size_t kMostArguments = 16;  // every call copies its own

class Machine {
 public:
  Machine(std::string_view bytes, const std::vector<std::string_view>& allowed, const std::filesystem::path& path)
      : bytes_(bytes), allowed_(allowed), path_(path) {}

  Graph run() {
    if (number(1) != 0x80) fail("data.pkl that is no pickle", "one of protocol 2");
    const std::uint64_t protocol = number(1);
    if (protocol != 2) fail(fmt::format("pickle protocol {}", protocol), "2, which is what torch.save takes by itself");
    for (char code = operation(); code != '.'; code = operation()) step(code);
    graph_.root = pop();
    return std::move(graph_);
  }

 private:
  [[noreturn]] void fail(const std::string& found, const std::string& allowed) const {
    fail_argument("read_torch", path_.string(), found, allowed);
  }

  std::string_view take(std::uint64_t size) {
    if (bytes_.size() - at_ < size) fail("a pickle that ends in the middle", "a complete one");
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  char operation() { return take(1)[0]; }
  std::uint64_t number(std::size_t size) {
    const std::string_view digits = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail("a pickle that ends in the middle", "a complete one");
    const std::string_view text = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  Value& add(Kind kind) {
    stack_.push_back(static_cast<Id>(graph_.values.size()));
    graph_.values.emplace_back().kind = kind;
    return graph_.values.back();
  }
  /// What lies below the last mark belongs to what is built around it.
  Id pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
      fail("a pickle that takes what it has not put", "a sound one");
    const Id top = stack_.back();
    stack_.pop_back();
    return top;
  }
  std::vector<Id> pop_to_mark() {
    if (marks_.empty()) fail("a pickle without a mark", "a sound one");
    std::vector<Id> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  std::vector<Id> pop_items(std::size_t count) {
    std::vector<Id> items(count);
    while (count-- > 0) items[count] = pop();
    return items;
  }
  /// The container on the top of the stack, which stays there.
  Value& top(Kind kind) {
    const Id id = pop();
    stack_.push_back(id);
    if (graph_.values[id].kind != kind) fail("a pickle that fills what is no container", "a sound one");
    return graph_.values[id];
  }
  void extend(Kind kind, const std::vector<Id>& items) {
    auto& into = top(kind).items;
    if (kind == Kind::dictionary && items.size() % 2 != 0) fail("a key without a value", "a sound pickle");
    into.insert(into.end(), items.begin(), items.end());
  }

  void step(char code) {
    switch (static_cast<unsigned char>(code)) {
      case 'N':
        add(Kind::nothing);
        break;
      case 0x88:
      case 0x89:
        add(Kind::integer).integer = static_cast<unsigned char>(code) == 0x88;
        break;
      case 'K':
        add(Kind::integer).integer = static_cast<std::int64_t>(number(1));
        break;
      case 'M':
        add(Kind::integer).integer = static_cast<std::int64_t>(number(2));
        break;
      case 'J':
        add(Kind::integer).integer = static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4)));
        break;
      case 0x8a:
        long_integer();
        break;
      case 'G':
        take(8);
        add(Kind::nothing);
        break;
      case 'X':
        add(Kind::text).text = take(number(4));
        break;
      case ']':
      case ')':
        add(Kind::sequence);
        break;
      case '}':
        add(Kind::dictionary);
        break;
      case '(':
        marks_.push_back(stack_.size());
        break;
      case 't':
        sequence(pop_to_mark());
        break;
      case 0x85:
      case 0x86:
      case 0x87:
        sequence(pop_items(static_cast<unsigned char>(code) - 0x84U));
        break;
      case 'a':
        extend(Kind::sequence, pop_items(1));
        break;
      case 'e':
        extend(Kind::sequence, pop_to_mark());
        break;
      case 's':
        extend(Kind::dictionary, pop_items(2));
        break;
      case 'u':
        extend(Kind::dictionary, pop_to_mark());
        break;
      case 'q':
        put(number(1));
        break;
      case 'r':
        put(number(4));
        break;
      case 'h':
        get(number(1));
        break;
      case 'j':
        get(number(4));
        break;
      case 'c':
        global();
        break;
      case 'Q':
        add_items(Kind::persistent, pop_items(1));
        break;
      case 'R':
        call();
        break;
      case 'b':  // attributes of an OrderedDict: the versions of the modules in a state_dict
        pop();
        (void)top(Kind::dictionary);
        break;
      default:
        fail(fmt::format("pickle operation 0x{:02x}", static_cast<unsigned char>(code)),
             "those of tensors, numbers and text in lists, tuples and dictionaries");
    }
  }

  void add_items(Kind kind, std::vector<Id> items) { add(kind).items = std::move(items); }
  void sequence(std::vector<Id> items) { add_items(Kind::sequence, std::move(items)); }

  void long_integer() {
    const std::uint64_t size = number(1);
    if (size > 8) {
      take(size);
      add(Kind::nothing);
      return;
    }
    std::uint64_t value = number(size);
    if (size > 0 && size < 8 && (value >> (8 * size - 1)) != 0) value |= ~std::uint64_t{0} << (8 * size);
    add(Kind::integer).integer = static_cast<std::int64_t>(value);
  }

  void put(std::uint64_t index) {
    const Id id = pop();
    stack_.push_back(id);
    memo_[index] = id;
  }
  void get(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("a pickle that refers to nothing", "a sound one");
    stack_.push_back(found->second);
  }

  void global() {
    const std::string_view module = line();
    const std::string_view name = line();
    const std::string found = fmt::format("{} {}", module, name);
    const auto known = std::find(allowed_.begin(), allowed_.end(), found);
    if (found != kOrderedDict && known == allowed_.end())
      fail(fmt::format("the Python object {}.{}", printable(module), printable(name)),
           "tensors of real numbers, integers or truth values in dictionaries, lists and tuples: nothing is run");
    add(Kind::global).text = found == kOrderedDict ? kOrderedDict : *known;
  }

  void call() {
    const Id arguments = pop();
    const Id function = pop();
    const Value& callee = graph_.values[function];
    if (callee.kind != Kind::global || graph_.values[arguments].kind != Kind::sequence)
      fail("a call of what is no function", "a sound pickle");
    const std::size_t count = graph_.values[arguments].items.size();
    if (count > kMostArguments)
      fail(fmt::format("a call with {} arguments", count), fmt::format("at most {}", kMostArguments));
    std::vector<Id> items = graph_.values[arguments].items;
    if (callee.text == kOrderedDict) {
      if (!items.empty()) fail("an OrderedDict with arguments", "an empty one, filled afterwards");
      add(Kind::dictionary);
      return;
    }
    items.insert(items.begin(), function);
    add_items(Kind::call, std::move(items));
  }

  std::string_view bytes_;
  const std::vector<std::string_view>& allowed_;
  const std::filesystem::path& path_;
  std::size_t at_ = 0;
  Graph graph_;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::map<std::uint64_t, Id> memo_;
};

}  // namespace

Graph read(std::string_view bytes, const std::vector<std::string_view>& allowed, const std::filesystem::path& path) {
  return Machine(bytes, allowed, path).run();
}

}  // namespace brink::pickle
