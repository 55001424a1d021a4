// Functions on numbers.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"
#include "operator/expr/values.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::expr {
namespace {

using Args = std::vector<Value>;

bool Abs(Evaluation& e, const Node& node, const Args& args, Value& out) {
  const Value& v = args[0];
  if (IsInt(v)) {
    out = MakeTagged(
        Value::Int(v.integer() < 0 ? static_cast<int64_t>(0 - static_cast<uint64_t>(v.integer())) : v.integer()),
        v.tag());
  } else if (v.kind() == ValueKind::kDouble) {
    out = Value::Double(v.number() < 0 ? -v.number() : v.number());  // the reference keeps the sign of -0.0
  } else {
    return e.Fail(node, absl::StrCat("invalid argument for abs (type ", A(ExprTypeName(v)), ")"));
  }
  return true;
}

template <double (*F)(double)>
bool Rounded(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (!IsNumber(args[0])) {
    return e.Fail(node, absl::StrCat("invalid argument for ", A(node.name), " (type ", A(ExprTypeName(args[0])), ")"));
  }
  out = Value::Double(F(AsDouble(args[0])));
  return true;
}
double Ceil(double d) { return std::ceil(d); }
double Floor(double d) { return std::floor(d); }
double Round(double d) { return std::round(d); }

// All numbers of the arguments, lists taken apart.
bool Numbers(Evaluation& e, const Node& node, const Args& args, std::vector<Value>& out) {
  for (const Value& v : args) {
    if (IsNumber(v)) {
      out.push_back(v);
    } else if (IsList(v)) {
      if (!Numbers(e, node, Args(v.list().begin(), v.list().end()), out)) return false;
    } else {
      return e.Fail(node, absl::StrCat("invalid argument for ", A(node.name), " (type ", A(ExprTypeName(v)), ")"));
    }
  }
  return true;
}

// An empty list inside a list has no extreme, which the reference does not take for a number.
bool NoEmptyLists(Evaluation& e, const Node& node, const List& list) {
  for (const Value& v : list) {
    if (!IsList(v)) continue;
    if (v.list().empty()) return e.Fail(node, absl::StrCat("invalid argument for ", A(node.name), " (type <nil>)"));
    if (!NoEmptyLists(e, node, v.list())) return false;
  }
  return true;
}

bool Extreme(Evaluation& e, const Node& node, const Args& args, int sign, Value& out) {
  // One value that is no list is its own extreme, whatever it is.
  if (args.size() == 1 && !IsList(args[0])) return out = args[0], true;
  std::vector<Value> numbers;
  if (!Numbers(e, node, args, numbers)) return false;
  for (const Value& v : args) {
    if (IsList(v) && !NoEmptyLists(e, node, v.list())) return false;
  }
  out = Value();
  for (const Value& v : numbers) {
    if (IsNil(out) || *Compare(v, out) * sign > 0) out = v;
  }
  return true;
}
bool Max(Evaluation& e, const Node& node, const Args& args, Value& out) { return Extreme(e, node, args, 1, out); }
bool Min(Evaluation& e, const Node& node, const Args& args, Value& out) { return Extreme(e, node, args, -1, out); }

bool Mean(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::vector<Value> numbers;
  if (!Numbers(e, node, args, numbers)) return false;
  double sum = 0;
  for (const Value& v : numbers) sum += AsDouble(v);
  out = Value::Double(numbers.empty() ? 0 : sum / static_cast<double>(numbers.size()));
  return true;
}
bool Median(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::vector<Value> numbers;
  if (!Numbers(e, node, args, numbers)) return false;
  std::vector<double> sorted;
  for (const Value& v : numbers) sorted.push_back(AsDouble(v));
  std::sort(sorted.begin(), sorted.end());
  const size_t n = sorted.size();
  out = Value::Double(n == 0 ? 0 : n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2);
  return true;
}

std::string WrongArgument(const Node& node, const Value& v) {
  return absl::StrCat("cannot use ", A(ExprTypeName(v)), " as argument (type int) to call ", A(node.name));
}

enum BitOp { kBitAnd, kBitOr, kBitXor, kBitNand, kShl, kShr, kUshr };
template <BitOp op>
bool Bits(Evaluation& e, const Node& node, const Args& args, Value& out) {
  for (const Value& v : args) {
    if (!IsInt(v)) return e.Fail(node, WrongArgument(node, v));
  }
  const uint64_t a = static_cast<uint64_t>(args[0].integer()), b = static_cast<uint64_t>(args[1].integer());
  if (op >= kShl && args[1].integer() < 0) {
    return e.Fail(node, absl::StrCat("invalid operation: negative shift count ", args[1].integer(), " (type int)"));
  }
  uint64_t r = 0;
  switch (op) {
    case kBitAnd:
      r = a & b;
      break;
    case kBitOr:
      r = a | b;
      break;
    case kBitXor:
      r = a ^ b;
      break;
    case kBitNand:
      r = a & ~b;
      break;
    case kShl:
      r = b > 63 ? 0 : a << b;
      break;
    case kShr:
      r = static_cast<uint64_t>(args[0].integer() >> std::min<uint64_t>(b, 63));
      break;
    case kUshr:
      r = b > 63 ? 0 : a >> b;
      break;
  }
  out = Value::Int(static_cast<int64_t>(r));
  return true;
}
bool BitNot(Evaluation& e, const Node& node, const Args& args, Value& out) {
  if (!IsInt(args[0])) return e.Fail(node, WrongArgument(node, args[0]));
  out = Value::Int(~args[0].integer());
  return true;
}

}  // namespace

std::vector<Builtin> NumberBuiltins() {
  const StaticType real = StaticType::kFloat, integer = StaticType::kInt, open = StaticType::kUnknown;
  return {{"abs", 1, 1, open, Abs},
          {"ceil", 1, 1, real, Rounded<Ceil>},
          {"floor", 1, 1, real, Rounded<Floor>},
          {"round", 1, 1, real, Rounded<Round>},
          {"max", 1, -1, open, Max},
          {"min", 1, -1, open, Min},
          {"mean", 1, -1, real, Mean},
          {"median", 1, -1, real, Median},
          {"bitand", 2, 2, integer, Bits<kBitAnd>},
          {"bitor", 2, 2, integer, Bits<kBitOr>},
          {"bitxor", 2, 2, integer, Bits<kBitXor>},
          {"bitnand", 2, 2, integer, Bits<kBitNand>},
          {"bitshl", 2, 2, integer, Bits<kShl>},
          {"bitshr", 2, 2, integer, Bits<kShr>},
          {"bitushr", 2, 2, integer, Bits<kUshr>},
          {"bitnot", 1, 1, integer, BitNot}};
}

}  // namespace otelpipe::expr
