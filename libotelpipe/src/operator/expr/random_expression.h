// Random expressions of the operators' language as trees, for tests; reference_evaluator.h says what they are worth.
//
//   Choices choices([&](uint32_t n) { return random() % n; });
//   RefEntry entry = RandomEntry(choices);
//   RefTree tree = RandomExpression(choices, RefType::kBool);
//
// Trees are made so that types known before evaluation fit. What variables hold does not have to, so errors while evaluating are frequent.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace otelpipe::expr::testing {

// Where random decisions come from: pick(n) is below n. An exhausted source gives 0, the smallest choice.
using Choices = std::function<uint32_t(uint32_t)>;

struct RefValue {
  enum Kind { kNil, kBool, kInt, kInt64, kDouble, kText, kList, kMap };
  Kind kind = kNil;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<RefValue> items;
  std::map<std::string, RefValue> members;

  static RefValue Bool(bool b) {
    RefValue v;
    v.kind = kBool;
    v.boolean = b;
    return v;
  }
  static RefValue Int(int64_t i, Kind kind = kInt) {
    RefValue v;
    v.kind = kind;
    v.integer = i;
    return v;
  }
  static RefValue Double(double d) {
    RefValue v;
    v.kind = kDouble;
    v.number = d;
    return v;
  }
  static RefValue Text(std::string s) {
    RefValue v;
    v.kind = kText;
    v.text = std::move(s);
    return v;
  }
  static RefValue List(std::vector<RefValue> items) {
    RefValue v;
    v.kind = kList;
    v.items = std::move(items);
    return v;
  }
  bool IsInt() const { return kind == kInt || kind == kInt64; }
  bool IsNumber() const { return IsInt() || kind == kDouble; }
  double AsDouble() const { return kind == kDouble ? number : static_cast<double>(integer); }
};

// The entry an expression is evaluated on: body, and attributes v0, v1 and so on.
struct RefEntry {
  RefValue body;
  std::vector<RefValue> variables;
};

inline constexpr uint32_t kVariables = 8;

inline std::string RandomText(const Choices& pick) {
  static const char* const kTexts[] = {"",  "a",  "b",    "Ab",  "a b",    " x ",  "42",       "-7",     "b,a,b", "1.5",
                                       "k", "aa", "\xC3\xA9", "z\n", "x\\y\"", "it's", "h\xC3\xA9llo", "info", "+3",    "a,"};
  return kTexts[pick(std::size(kTexts))];
}

inline int64_t RandomInt(const Choices& pick) {
  static const int64_t kInts[] = {0,  1,  2,  3,   -1,         5,          42, -7, 100, int64_t{1} << 31, 9007199254740993, std::numeric_limits<int64_t>::max(),
                                  std::numeric_limits<int64_t>::min()};
  return kInts[pick(std::size(kInts))];
}

inline double RandomDouble(const Choices& pick) {
  static const double kDoubles[] = {0.0, 1.0, 0.5, 2.5, 3.0, -1.5, -0.0, 1e300, 1e21, 123456.75, 9007199254740992.0, std::numeric_limits<double>::infinity()};
  return kDoubles[pick(std::size(kDoubles))];
}

inline RefValue RandomValue(const Choices& pick, int depth) {
  switch (pick(depth > 0 ? 10 : 8)) {
    case 0:
    case 1:
      return RefValue::Text(RandomText(pick));
    case 2:
    case 3:
      return RefValue::Int(RandomInt(pick));
    case 4:
      return RefValue::Int(RandomInt(pick), RefValue::kInt64);
    case 5:
      return RefValue::Double(RandomDouble(pick));
    case 6:
      return RefValue::Bool(pick(2) == 1);
    case 7:
      return RefValue();
    case 8: {
      RefValue v = RefValue::List({});
      for (uint32_t n = pick(4); n > 0; --n) v.items.push_back(RandomValue(pick, depth - 1));
      return v;
    }
    default: {
      RefValue v;
      v.kind = RefValue::kMap;
      for (uint32_t n = pick(3); n > 0; --n) v.members[std::string(1, "kab"[pick(3)])] = RandomValue(pick, depth - 1);
      return v;
    }
  }
}

inline RefEntry RandomEntry(const Choices& pick) {
  RefEntry entry;
  entry.body = RandomValue(pick, 2);
  for (uint32_t i = 0; i < kVariables; ++i) entry.variables.push_back(RandomValue(pick, 2));
  return entry;
}

struct RefTree {
  enum Kind {
    kLiteral,      // value
    kVariable,     // index; kVariables is the body
    kElement,      // #
    kIndex,        // #index
    kAcc,          // #acc
    kLocal,        // name
    kUnary,        // name, operand
    kBinary,       // name, left, right
    kConditional,  // condition, yes, no
    kLet,          // name, value, body
    kList,         // kids
    kMap,          // keys in `names`
    kMember,       // object; name
    kAt,           // object, index
    kSlice,        // object, from, to
    kCall,         // name, arguments
    kPredicate,    // name, list, predicate [, initial value]
  };
  Kind kind = kLiteral;
  RefValue value;
  std::string name;
  uint32_t index = 0;
  bool optional = false;  // kMember: `?.`
  bool style = false;     // the other way to write it: a pipe, words for signs
  std::vector<std::string> names;
  std::vector<RefTree> kids;
};

enum class RefType { kBool, kInt, kNumber, kText, kList, kAny };

// Writes random trees whose known types fit.
class RandomTrees {
 public:
  explicit RandomTrees(const Choices& pick) : pick_(pick) {}

  RefTree Make(RefType type, int depth) {
    // A tree has at most so many nodes, whatever the source says.
    if (++nodes_ > 120) depth = 0;
    if (type == RefType::kAny) {
      const uint32_t n = pick_(9);
      if (n < 3) return Variable();
      if (n == 3) return Literal(RefValue());
      if (n == 4 && depth > 0) return MapLiteral(depth);
      constexpr RefType kTypes[] = {RefType::kBool, RefType::kInt, RefType::kNumber, RefType::kText, RefType::kList};
      return Make(kTypes[pick_(5)], depth);
    }
    if (depth <= 0 || pick_(6) == 0) return Leaf(type);
    if (const uint32_t n = pick_(14); n < 5) return General(type, depth, n);
    switch (type) {
      case RefType::kBool:
        return BoolTree(depth);
      case RefType::kInt:
        return IntTree(depth);
      case RefType::kNumber:
        return NumberTree(depth);
      case RefType::kText:
        return TextTree(depth);
      default:
        return ListTree(depth);
    }
  }

 private:
  static RefTree Literal(RefValue v) {
    RefTree t;
    t.value = std::move(v);
    return t;
  }
  static RefTree Node(RefTree::Kind kind, std::string name, std::vector<RefTree> kids) {
    RefTree t;
    t.kind = kind;
    t.name = std::move(name);
    t.kids = std::move(kids);
    return t;
  }
  RefTree Call(std::string name, std::vector<RefTree> kids) {
    RefTree t = Node(RefTree::kCall, std::move(name), std::move(kids));
    t.style = pick_(3) == 0;
    return t;
  }
  RefTree Binary(std::string name, RefTree left, RefTree right) {
    RefTree t = Node(RefTree::kBinary, std::move(name), {});
    t.kids.push_back(std::move(left));
    t.kids.push_back(std::move(right));
    t.style = pick_(2) == 0;
    return t;
  }

  // Something whose type is not known before evaluation.
  RefTree Variable() {
    RefTree t;
    if (in_predicate_ > 0 && pick_(2) == 0) {
      t.kind = in_reduce_ && pick_(2) == 0 ? RefTree::kAcc : RefTree::kElement;
      return t;
    }
    t.kind = RefTree::kVariable;
    t.index = pick_(kVariables + 1);
    return t;
  }
  RefTree Leaf(RefType type) {
    if (pick_(5) < 2) return Variable();
    for (const auto& [name, known] : locals_) {
      if (known == type && pick_(2) == 0) return Node(RefTree::kLocal, name, {});
    }
    switch (type) {
      case RefType::kBool:
        return Literal(RefValue::Bool(pick_(2) == 1));
      case RefType::kInt:
        if (in_map_ && pick_(3) == 0) return Node(RefTree::kIndex, "", {});
        return Literal(RefValue::Int(std::abs(RandomInt(pick_) % 1000)));
      case RefType::kNumber:
        return pick_(2) == 0 ? Literal(RefValue::Int(static_cast<int64_t>(pick_(10))))
                             : Literal(RefValue::Double(static_cast<double>(pick_(20)) / 4));
      case RefType::kText:
        return Literal(RefValue::Text(RandomText(pick_)));
      case RefType::kList: {
        RefTree t = Node(RefTree::kList, "", {});
        if (pick_(4) > 0) t.kids.push_back(Variable());
        return t;
      }
      default:
        return Variable();
    }
  }
  RefTree MapLiteral(int depth) {
    RefTree t = Node(RefTree::kMap, "", {});
    for (uint32_t n = pick_(3); n > 0; --n) {
      t.names.push_back(std::string(1, "kab"[pick_(3)]));
      t.kids.push_back(Make(RefType::kAny, depth - 2));
    }
    return t;
  }
  // What every type has.
  RefTree General(RefType type, int depth, uint32_t which) {
    RefTree t;
    switch (which) {
      case 0:
        t = Node(RefTree::kConditional, "", {});
        t.kids.push_back(Make(RefType::kBool, depth - 1));
        t.kids.push_back(Make(type, depth - 1));
        t.kids.push_back(Make(type, depth - 1));
        t.style = pick_(3) == 0;
        return t;
      case 1:
        return Binary("??", Variable(), Make(type, depth - 1));
      case 2:
        t = Node(RefTree::kMember, std::string(1, "kab"[pick_(3)]), {});
        t.kids.push_back(pick_(3) == 0 ? Variable() : General(type, 0, 2));
        if (t.kids[0].kind != RefTree::kMember && t.kids[0].kind != RefTree::kVariable && t.kids[0].kind != RefTree::kElement) t.kids[0] = Variable();
        t.optional = pick_(2) == 0;
        t.style = pick_(3) == 0;
        return t;
      case 3:
        if (in_predicate_ == 0) {
          const std::string name = "x" + std::to_string(++names_);
          t = Node(RefTree::kLet, name, {});
          t.kids.push_back(Make(RefType::kNumber, depth - 1));
          locals_.emplace_back(name, RefType::kNumber);
          t.kids.push_back(Make(type, depth - 1));
          locals_.pop_back();
          return t;
        }
        [[fallthrough]];
      default:
        t = Node(RefTree::kAt, "", {});
        t.kids.push_back(Variable());
        t.kids.push_back(Make(RefType::kInt, depth - 2));
        return t;
    }
  }
  RefTree BoolTree(int depth) {
    switch (pick_(9)) {
      case 0:
        return Binary("and", Make(RefType::kBool, depth - 1), Make(RefType::kBool, depth - 1));
      case 1:
        return Binary("or", Make(RefType::kBool, depth - 1), Make(RefType::kBool, depth - 1));
      case 2: {
        RefTree t = Node(RefTree::kUnary, "not", {});
        t.kids.push_back(Make(RefType::kBool, depth - 1));
        t.style = pick_(2) == 0;
        return t;
      }
      case 3: {
        static const char* const kSigns[] = {"<", ">", "<=", ">="};
        const RefType type = pick_(2) == 0 ? RefType::kNumber : RefType::kText;
        return Binary(kSigns[pick_(4)], Make(type, depth - 1), Make(type, depth - 1));
      }
      case 4: {
        const char* sign = pick_(2) == 0 ? "==" : "!=";
        if (pick_(2) == 0) return Binary(sign, Variable(), Make(RefType::kAny, depth - 1));
        constexpr RefType kTypes[] = {RefType::kNumber, RefType::kText, RefType::kBool};
        const RefType type = kTypes[pick_(3)];
        return Binary(sign, Make(type, depth - 1), Make(type, depth - 1));
      }
      case 5: {
        static const char* const kSigns[] = {"contains", "startsWith", "endsWith", "not contains"};
        return Binary(kSigns[pick_(4)], Make(RefType::kText, depth - 1), Make(RefType::kText, depth - 1));
      }
      case 6: {
        RefTree list = pick_(3) == 0 ? TextSet() : pick_(3) == 0 ? Range() : pick_(3) == 0 ? MapLiteral(depth) : Make(RefType::kList, depth - 1);
        return Binary(pick_(3) == 0 ? "not in" : "in", Variable(), std::move(list));
      }
      case 7:
        return Call(pick_(2) == 0 ? "hasPrefix" : "hasSuffix", Kids(Make(RefType::kText, depth - 1), Make(RefType::kText, depth - 1)));
      default: {
        static const char* const kNames[] = {"all", "any", "none", "one"};
        return Predicate(kNames[pick_(4)], RefType::kBool, depth);
      }
    }
  }
  RefTree IntTree(int depth) {
    switch (pick_(8)) {
      case 0: {
        static const char* const kSigns[] = {"+", "-", "*"};
        return Binary(kSigns[pick_(3)], Make(RefType::kInt, depth - 1), Make(RefType::kInt, depth - 1));
      }
      case 1: {
        RefTree right = pick_(2) == 0 ? Variable() : Literal(RefValue::Int(1 + static_cast<int64_t>(pick_(9))));
        return Binary("%", Make(RefType::kInt, depth - 1), std::move(right));
      }
      case 2:
        return Call("len", Kids(Make(pick_(2) == 0 ? RefType::kText : RefType::kList, depth - 1)));
      case 3:
        return Call("int", Kids(Make(pick_(2) == 0 ? RefType::kText : RefType::kNumber, depth - 1)));
      case 4:
        return Call(pick_(2) == 0 ? "indexOf" : "lastIndexOf", Kids(Make(RefType::kText, depth - 1), Make(RefType::kText, depth - 1)));
      case 5:
        return Predicate(pick_(2) == 0 ? "findIndex" : "findLastIndex", RefType::kBool, depth);
      case 6: {
        RefTree t = Node(RefTree::kUnary, pick_(4) == 0 ? "+" : "-", {});
        t.kids.push_back(Make(RefType::kInt, depth - 1));
        return t;
      }
      default:
        return Predicate("count", RefType::kBool, depth);
    }
  }
  RefTree NumberTree(int depth) {
    switch (pick_(7)) {
      case 0:
      case 1: {
        static const char* const kSigns[] = {"+", "-", "*", "/"};
        return Binary(kSigns[pick_(4)], Make(RefType::kNumber, depth - 1), Make(RefType::kNumber, depth - 1));
      }
      case 2: {  // small enough to be exact
        RefTree base = Literal(RefValue::Int(static_cast<int64_t>(pick_(4))));
        RefTree power = Binary("**", std::move(base), Literal(RefValue::Int(static_cast<int64_t>(pick_(3)))));
        if (pick_(2) == 0) power.kids[1] = Binary("**", std::move(power.kids[1]), Literal(RefValue::Int(static_cast<int64_t>(pick_(3)))));
        return power;
      }
      case 3:
        return Call(pick_(2) == 0 ? "max" : "min", Kids(Make(RefType::kNumber, depth - 1), Make(RefType::kNumber, depth - 1)));
      case 4: {
        static const char* const kNames[] = {"abs", "ceil", "floor", "round"};
        return Call(kNames[pick_(4)], Kids(Make(RefType::kNumber, depth - 1)));
      }
      case 5:
        return Predicate("sum", RefType::kNumber, depth);
      default:
        return Make(RefType::kInt, depth);
    }
  }
  RefTree TextTree(int depth) {
    switch (pick_(8)) {
      case 0:
        return Binary("+", Make(RefType::kText, depth - 1), Make(RefType::kText, depth - 1));
      case 1:
        return Call(pick_(2) == 0 ? "upper" : "lower", Kids(Make(RefType::kText, depth - 1)));
      case 2: {
        RefTree t = Node(RefTree::kSlice, "", {});
        t.kids.push_back(Variable());
        t.kids.push_back(Make(RefType::kInt, depth - 2));
        t.kids.push_back(Make(RefType::kInt, depth - 2));
        return t;
      }
      case 3: {
        static const char* const kNames[] = {"trimPrefix", "trimSuffix"};
        if (pick_(2) == 0) return Call("trim", Kids(Make(RefType::kText, depth - 1)));
        return Call(kNames[pick_(2)], Kids(Make(RefType::kText, depth - 1), Make(RefType::kText, depth - 1)));
      }
      case 4:
        return Call("join", Kids(Make(RefType::kList, depth - 1), Make(RefType::kText, depth - 1)));
      case 5: {
        std::vector<RefTree> kids = Kids(Make(RefType::kText, depth - 1), Make(RefType::kText, depth - 1));
        kids.push_back(Make(RefType::kText, depth - 2));
        return Call("replace", std::move(kids));
      }
      case 6:
        return Call("repeat", Kids(Make(RefType::kText, depth - 1), Literal(RefValue::Int(static_cast<int64_t>(pick_(4))))));
      default:
        return Call("string", Kids(Make(RefType::kAny, depth - 1)));
    }
  }
  RefTree ListTree(int depth) {
    switch (pick_(7)) {
      case 0: {
        // With a variable first, the type of the elements is not known.
        RefTree t = Node(RefTree::kList, "", Kids(Variable()));
        for (uint32_t n = pick_(4); n > 0; --n) t.kids.push_back(Make(RefType::kAny, depth - 1));
        return t;
      }
      case 1:
        return Predicate("filter", RefType::kBool, depth);
      case 2: {
        RefTree t = Predicate("map", RefType::kAny, depth);
        return t;
      }
      case 3:
        return Call("concat", Kids(Make(RefType::kList, depth - 1), Make(RefType::kList, depth - 1)));
      case 4:
        return Call(pick_(2) == 0 ? "reverse" : "uniq", Kids(Make(RefType::kList, depth - 1)));
      case 5:
        return Call("take", Kids(Make(RefType::kList, depth - 1), Literal(RefValue::Int(static_cast<int64_t>(pick_(4))))));
      default:
        return Variable();
    }
  }
  RefTree TextSet() {
    RefTree t = Node(RefTree::kList, "", {});
    for (uint32_t n = 1 + pick_(3); n > 0; --n) t.kids.push_back(Literal(RefValue::Text(RandomText(pick_))));
    return t;
  }
  RefTree Range() {
    return Binary("..", Literal(RefValue::Int(static_cast<int64_t>(pick_(4)))), Literal(RefValue::Int(static_cast<int64_t>(pick_(6)))));
  }
  RefTree Predicate(std::string name, RefType type, int depth) {
    RefTree t = Node(RefTree::kPredicate, name, {});
    // Of a list whose elements have a known type only some predicates would compile: a variable, or a list that begins with one.
    t.kids.push_back(pick_(2) == 0 ? Variable() : Node(RefTree::kList, "", Kids(Variable(), Literal(RefValue::Int(2)))));
    if (pick_(3) == 0 && t.kids[0].kind == RefTree::kList) t.kids[0].kids.push_back(Literal(RefValue::Text("a")));
    ++in_predicate_;
    const bool map = std::exchange(in_map_, name == "map"), reduce = std::exchange(in_reduce_, false);
    RefTree body = name == "map" ? Binary("??", Variable(), Make(type, depth - 1)) : Make(type, depth - 1);
    in_map_ = map;
    in_reduce_ = reduce;
    --in_predicate_;
    t.kids.push_back(std::move(body));
    return t;
  }
  template <typename... T>
  static std::vector<RefTree> Kids(T... kids) {
    std::vector<RefTree> out;
    (out.push_back(std::move(kids)), ...);
    return out;
  }

  const Choices& pick_;
  int in_predicate_ = 0;
  bool in_map_ = false, in_reduce_ = false;
  int names_ = 0, nodes_ = 0;
  std::vector<std::pair<std::string, RefType>> locals_;
};

inline RefTree RandomExpression(const Choices& pick, RefType type, int depth = 5) { return RandomTrees(pick).Make(type, depth); }

}  // namespace otelpipe::expr::testing
