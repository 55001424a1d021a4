// The syntax tree of the expression language (expr-lang 1.17 as the reference configures it; see stanza.md 7).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "otelpipe/pdata/value.h"
#include "otelpipe/regex/pattern.h"

namespace otelpipe::expr {

enum class NodeKind {
  kConstant,     // value
  kVariable,     // body, attributes, resource, timestamp, $env; slot = Variable
  kLocal,        // let variable; slot
  kElement,      // # of the innermost predicate
  kIndex,        // #index
  kAcc,          // #acc
  kMember,       // kids: object, key; optional: `?.`
  kSlice,        // kids: object, from, to (either may be null)
  kChain,        // a chain of members with at least one `?.`; a nil there ends it with nil
  kUnary,        // op; kids: operand
  kBinary,       // op; kids: left, right
  kConditional,  // kids: condition, then, else
  kList,         // kids
  kMap,          // kids: key, value, key, value ...
  kCall,         // builtin `name`, function in slot; kids: arguments
  kPredicate,    // all, any, filter ...: kids: list, predicate (may be null), third argument (may be null)
  kMethod,       // name; kids: object, arguments
  kLet,          // slot; kids: value, body
  kSequence,     // kids; the value of the last
  kEnvironment,  // env(NAME)
  kUnknownCall,  // a function nobody knows: fails when evaluated
};

enum class Op {
  kNone,
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kLess,
  kGreater,
  kLessEqual,
  kGreaterEqual,
  kIn,
  kMatches,
  kContains,
  kStartsWith,
  kEndsWith,
  kRange,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kCoalesce,
  kNot,
  kNegate,
  kPlus,
};

enum Variable { kVarBody, kVarAttributes, kVarResource, kVarTimestamp, kVarAll, kVarNil };

// What is known of a value before evaluation. Variables are kUnknown.
enum class StaticType {
  kUnknown,
  kNil,
  kBool,
  kInt,
  kFloat,
  kString,
  kArray,
  kMap,
  kTime,
  kDuration,
  kAnyMap,
  kFunction
};
const char* StaticTypeName(StaticType type);

struct Node {
  NodeKind kind;
  int offset = 0;            // byte offset of the token an error points to
  int predicate_offset = 0;  // kPredicate: where its predicate begins
  Op op = Op::kNone;
  bool optional = false;
  int slot = 0;
  StaticType type = StaticType::kUnknown;
  Value value;       // constants; strings point to Tree::arena
  std::string name;  // of functions and methods; of operators as they were written, where there are two ways
  std::shared_ptr<const regex::Pattern> pattern;  // matches with a literal pattern
  std::vector<std::unique_ptr<Node>> kids;
};
using NodePtr = std::unique_ptr<Node>;

// A parsed expression. Constants live in its arena.
struct Tree {
  std::string source;
  Arena arena;
  NodePtr root;
  int locals = 0;  // slots that let bindings need
  // The text that nodes were written as, from and to, without parentheses around it. Not of all nodes.
  std::map<const Node*, std::pair<int, int>> spans;
  // Unless the node has a span already. Blanks at the end are left out.
  void AddSpan(const Node& node, int begin, size_t end);
  // Of the span, or the token errors point to.
  int BeginOf(const Node& node) const;
};

// `message (line:column)` and the source line with a mark under the place, as the reference prints it.
std::string FormatError(const std::string& source, int offset, const std::string& message);

}  // namespace otelpipe::expr
