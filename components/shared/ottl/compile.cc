// Syntax tree to closures.
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/ottl/functions.h"
#include "shared/ottl/ottl.h"
#include "shared/ottl/parser.h"
#include "shared/ottl/paths.h"

namespace otelpipe::ottl {
namespace {

// Names of parameters match without regard to case and underscores: resolveConflicts, resolve_conflicts.
bool SameParam(std::string_view a, std::string_view b) {
  auto plain = [](std::string_view s) {
    std::string out;
    for (char c : s) {
      if (c != '_') out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    return out;
  };
  return plain(a) == plain(b);
}

Op OpOf(std::string_view text) {
  if (text == "==") return Op::kEq;
  if (text == "!=") return Op::kNe;
  if (text == "<") return Op::kLt;
  if (text == "<=") return Op::kLe;
  return text == ">" ? Op::kGt : Op::kGe;
}

class Compiler {
 public:
  Compiler(const CompileOptions& options, Arena& constants) : options_(options), constants_(constants) {}

  absl::StatusOr<Test> CompileTest(const TestNode& node) {
    switch (node.kind) {
      case TestNode::kConst: return Test([value = node.value](Item&, Arena&) -> absl::StatusOr<bool> { return value; });
      case TestNode::kCompare: return CompileComparison(node);
      case TestNode::kCall: {
        OTELPIPE_ASSIGN_OR_RETURN(Getter get, CompileValue(*node.left));
        return Test([get = std::move(get)](Item& item, Arena& arena) -> absl::StatusOr<bool> {
          absl::StatusOr<Value> value = get(item, arena);
          if (!value.ok()) return value.status();
          if (value->kind() == ValueKind::kBool) return value->boolean();
          return absl::InvalidArgumentError(absl::StrCat(
              "value returned from Converter in constant expression must be bool but got ", value->is_empty() ? "<nil>" : A(TypeName(*value))));
        });
      }
      case TestNode::kNot: {
        OTELPIPE_ASSIGN_OR_RETURN(Test test, CompileTest(*node.tests[0]));
        return Test([test = std::move(test)](Item& item, Arena& arena) -> absl::StatusOr<bool> {
          absl::StatusOr<bool> result = test(item, arena);
          if (!result.ok()) return result;
          return !*result;
        });
      }
      case TestNode::kAnd:
      case TestNode::kOr: break;
    }
    std::vector<Test> tests;
    for (const TestPtr& inner : node.tests) {
      OTELPIPE_ASSIGN_OR_RETURN(Test test, CompileTest(*inner));
      tests.push_back(std::move(test));
    }
    // Stops at the first test whose result is decisive.
    return Test([tests = std::move(tests), decisive = node.kind == TestNode::kOr](Item& item, Arena& arena) -> absl::StatusOr<bool> {
      for (const Test& test : tests) {
        absl::StatusOr<bool> result = test(item, arena);
        if (!result.ok() || *result == decisive) return result;
      }
      return !decisive;
    });
  }

  absl::StatusOr<Getter> CompileValue(const Node& node) {
    if (std::optional<Value> literal = Literal(node)) {
      return Getter([value = *literal](Item&, Arena&) -> absl::StatusOr<Value> { return value; });
    }
    switch (node.kind) {
      case Node::kEnum: {
        OTELPIPE_ASSIGN_OR_RETURN(int64_t number, CompileEnum(node));
        return Getter([value = Value::Int(number)](Item&, Arena&) -> absl::StatusOr<Value> { return value; });
      }
      case Node::kPath: {
        OTELPIPE_ASSIGN_OR_RETURN(Path path, CompilePath(node));
        return std::move(path.get);
      }
      case Node::kCall: {
        OTELPIPE_ASSIGN_OR_RETURN(Getter get, CompileCall(node));
        if (node.keys.empty()) return get;
        OTELPIPE_ASSIGN_OR_RETURN(Keys keys, CompileKeys(node.keys));
        return Getter([get = std::move(get), keys = std::move(keys)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
          absl::StatusOr<Value> value = get(item, arena);
          if (!value.ok()) return value;
          return GetOfResult(*value, keys);
        });
      }
      case Node::kMath: {
        OTELPIPE_ASSIGN_OR_RETURN(Getter left, CompileValue(*node.items[0]));
        OTELPIPE_ASSIGN_OR_RETURN(Getter right, CompileValue(*node.items[1]));
        return Getter([left = std::move(left), right = std::move(right), op = node.op](Item& item, Arena& arena) -> absl::StatusOr<Value> {
          absl::StatusOr<Value> x = left(item, arena);
          if (!x.ok()) return x;
          absl::StatusOr<Value> y = right(item, arena);
          if (!y.ok()) return y;
          return Arithmetic(*x, *y, op);
        });
      }
      case Node::kList: {
        OTELPIPE_ASSIGN_OR_RETURN(std::vector<Getter> items, CompileItems(node));
        return Getter([items = std::move(items)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
          List* list = arena.New<List>();
          for (const Getter& get : items) {
            absl::StatusOr<Value> value = get(item, arena);
            if (!value.ok()) return value;
            list->Add(arena) = *value;
          }
          return Value::OfList(list);
        });
      }
      case Node::kMap: {
        OTELPIPE_ASSIGN_OR_RETURN(std::vector<Getter> items, CompileItems(node));
        std::vector<std::string_view> names;
        for (const std::string& name : node.names) names.push_back(constants_.Copy(name));
        return Getter([items = std::move(items), names = std::move(names)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
          Map* map = arena.New<Map>();
          for (size_t i = 0; i < items.size(); ++i) {
            absl::StatusOr<Value> value = items[i](item, arena);
            if (!value.ok()) return value;
            map->Set(arena, names[i], *value);
          }
          return Value::OfMap(map);
        });
      }
      default: return absl::InternalError("a value of no kind");
    }
  }

  absl::StatusOr<Getter> CompileCall(const Node& node) {
    const Function* function = FindFunction(node.text, options_.kind);
    if (function == nullptr) {
      if (IsMissingFunction(node.text)) return absl::UnimplementedError(absl::StrCat("function \"", node.text, "\" is not supported yet"));
      const std::string_view near = NearestFunction(node.text, options_.kind);
      return absl::InvalidArgumentError(absl::StrCat("undefined function \"", node.text, "\"", near.empty() ? "" : "; did you mean ", A(near),
                                                     near.empty() ? "" : "?"));
    }
    auto args = CompileArguments(node, *function);
    if (!args.ok()) return Annotate(args.status(), absl::StrCat("error while parsing arguments for call to \"", node.text, "\": "));
    absl::StatusOr<Getter> made = function->make(*std::move(args));
    if (!made.ok()) return Annotate(made.status(), "couldn't create function: ");
    return made;
  }

 private:
  // The value of a literal; its text is copied to the constants.
  std::optional<Value> Literal(const Node& node) {
    switch (node.kind) {
      case Node::kNil: return Value();
      case Node::kBool: return Value::Bool(node.boolean);
      case Node::kInt: return Value::Int(node.integer);
      case Node::kDouble: return Value::Double(node.number);
      case Node::kString: return Value::Str(constants_.Copy(node.text));
      case Node::kBytes: return Value::Bytes(constants_.Copy(node.text));
      default: return std::nullopt;
    }
  }

  absl::StatusOr<int64_t> CompileEnum(const Node& node) {
    if (std::optional<int64_t> number = FindEnum(node.text, options_.kind)) return *number;
    if (options_.kind == ContextKind::kResource) return absl::InvalidArgumentError("resource context does not provide Enum support");
    if (options_.kind == ContextKind::kScope) return absl::InvalidArgumentError("instrumentation scope context does not provide Enum support");
    return absl::InvalidArgumentError(absl::StrCat("enum symbol, ", node.text, ", not found"));
  }

  absl::StatusOr<std::vector<Getter>> CompileItems(const Node& node) {
    std::vector<Getter> out;
    for (const NodePtr& item : node.items) {
      OTELPIPE_ASSIGN_OR_RETURN(Getter get, CompileValue(*item));
      out.push_back(std::move(get));
    }
    return out;
  }

  absl::StatusOr<Keys> CompileKeys(const std::vector<NodePtr>& nodes) {
    Keys out;
    for (const NodePtr& node : nodes) {
      Key key;
      if (node->kind == Node::kString) {
        key.text = constants_.Copy(node->text);
      } else if (node->kind == Node::kInt) {
        key.kind = Key::kIndex;
        key.index = node->integer;
      } else {
        key.kind = Key::kExpression;
        OTELPIPE_ASSIGN_OR_RETURN(key.get, CompileValue(*node));
      }
      out.push_back(std::move(key));
    }
    return out;
  }

  absl::StatusOr<Path> CompilePath(const Node& node) {
    PathNames path;
    path.text = node.text;
    for (const Field& field : node.fields) path.names.push_back(field.name);
    const bool prefixed = node.fields.size() > 1 && node.fields[0].keys.empty() && KnowsContext(options_.kind, path.names[0]);
    if (prefixed) {
      path.context = path.names[0];
      path.names.erase(path.names.begin());
    } else if (options_.need_prefix) {
      std::string valid;
      const bool wrong = node.fields.size() > 1 && node.fields[0].keys.empty();
      for (std::string_view name : ContextNames(options_.kind)) {
        absl::StrAppend(&valid, valid.empty() ? "" : ", ", "\"", A(name), wrong ? "" : absl::StrCat(".", node.text), "\"");
      }
      return absl::InvalidArgumentError(
          wrong ? absl::StrCat("context \"", path.names[0], "\" from path \"", node.text, "\" is not valid, it must be replaced by one of: ", valid)
                : absl::StrCat("missing context name for path \"", node.text, "\", possibly valid options are: ", valid));
    }
    for (size_t i = 0; i + 1 < node.fields.size(); ++i) {
      if (!node.fields[i].keys.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "the path section \"", node.fields[i + 1].name, "\" was not used by the context - this likely means you are using extra path sections"));
      }
    }
    OTELPIPE_ASSIGN_OR_RETURN(Keys keys, CompileKeys(node.fields.back().keys));
    return ResolvePath(path, std::move(keys), options_.kind);
  }

  absl::StatusOr<Test> CompileComparison(const TestNode& node) {
    OTELPIPE_ASSIGN_OR_RETURN(Getter left, CompileValue(*node.left));
    const Op op = OpOf(node.op);
    if (std::optional<Value> right = Literal(*node.right)) {
      return Test([left = std::move(left), right = *right, op](Item& item, Arena& arena) -> absl::StatusOr<bool> {
        absl::StatusOr<Value> a = left(item, arena);
        if (!a.ok()) return a.status();
        return Compare(*a, right, op);
      });
    }
    OTELPIPE_ASSIGN_OR_RETURN(Getter right, CompileValue(*node.right));
    return Test([left = std::move(left), right = std::move(right), op](Item& item, Arena& arena) -> absl::StatusOr<bool> {
      absl::StatusOr<Value> a = left(item, arena);
      if (!a.ok()) return a.status();
      absl::StatusOr<Value> b = right(item, arena);
      if (!b.ok()) return b.status();
      return Compare(*a, *b, op);
    });
  }

  absl::StatusOr<Args> CompileArguments(const Node& call, const Function& function) {
    size_t required = 0;
    for (const Param& param : function.params) required += param.optional ? 0 : 1;
    bool named = false;
    for (const Argument& argument : call.arguments) {
      if (named && argument.name.empty()) return absl::InvalidArgumentError("unnamed argument used after named argument");
      named = named || !argument.name.empty();
    }
    if (call.arguments.size() < required || call.arguments.size() > function.params.size()) {
      return absl::InvalidArgumentError(absl::StrCat("incorrect number of arguments. Expected: ", function.params.size(),
                                                     " Received: ", call.arguments.size()));
    }
    Args out(function.params.size());
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      const Argument& argument = call.arguments[i];
      size_t at = i;
      if (!argument.name.empty()) {
        at = 0;
        while (at < function.params.size() && !SameParam(function.params[at].name, argument.name)) ++at;
        if (at == function.params.size()) return absl::InvalidArgumentError(absl::StrCat("no such parameter: ", argument.name));
      }
      auto arg = CompileArgument(argument, function.params[at].kind);
      if (!arg.ok()) return Annotate(arg.status(), absl::StrCat("invalid argument at position ", i, ": "));
      out[at] = *std::move(arg);
      out[at].present = true;
    }
    for (size_t i = 0; i < out.size(); ++i) {
      if (!out[i].present && !function.params[i].optional) {
        return absl::InvalidArgumentError(absl::StrCat("missing argument: ", A(function.params[i].name)));
      }
    }
    return out;
  }

  absl::StatusOr<Arg> CompileArgument(const Argument& argument, ArgKind kind) {
    Arg out;
    if (kind == ArgKind::kFunction) {
      const std::string name = argument.value && argument.value->kind == Node::kEnum ? argument.value->text : argument.function;
      if (name.empty()) return absl::InvalidArgumentError("invalid function name given");
      out.function = FindFunction(name, options_.kind);
      if (out.function == nullptr && IsMissingFunction(name)) {
        return absl::UnimplementedError(absl::StrCat("function ", name, " is not supported yet"));
      }
      if (out.function == nullptr) return absl::InvalidArgumentError(absl::StrCat("undefined function ", name));
      return out;
    }
    if (!argument.value) return absl::InvalidArgumentError(absl::StrCat("a value is needed, but got the name of a function: ", argument.function));
    const Node& node = *argument.value;
    auto literal = [&](Node::Kind wanted, const char* what) -> absl::StatusOr<Arg> {
      if (node.kind != wanted) return absl::InvalidArgumentError(absl::StrCat("must be ", what));
      out.literal = Literal(node);
      return std::move(out);
    };
    switch (kind) {
      case ArgKind::kText: return literal(Node::kString, "a string");
      case ArgKind::kInt: return literal(Node::kInt, "an int");
      case ArgKind::kFloat: return literal(Node::kDouble, "a float");
      case ArgKind::kBool: return literal(Node::kBool, "a bool");
      case ArgKind::kBytes:
        if (node.kind != Node::kBytes) return absl::InvalidArgumentError("slice parameter must be a byte slice literal");
        return literal(Node::kBytes, "bytes");
      case ArgKind::kTexts:
        if (node.kind != Node::kList) return absl::InvalidArgumentError("must be a list of type string");
        for (size_t i = 0; i < node.items.size(); ++i) {
          if (node.items[i]->kind != Node::kString) {
            return absl::InvalidArgumentError(absl::StrCat("error while parsing list argument at index ", i, ": must be a string"));
          }
          out.texts.push_back(constants_.Copy(node.items[i]->text));
        }
        return out;
      case ArgKind::kList: {
        if (node.kind != Node::kList) return absl::InvalidArgumentError("must be a list of type Getter");
        OTELPIPE_ASSIGN_OR_RETURN(out.list, CompileItems(node));
        return out;
      }
      case ArgKind::kPath: {
        if (node.kind != Node::kPath) return absl::InvalidArgumentError("must be a path");
        OTELPIPE_ASSIGN_OR_RETURN(Path path, CompilePath(node));
        if (!path.set) return absl::UnimplementedError(absl::StrCat("setting the path \"", node.text, "\" is not supported yet"));
        out.get = std::move(path.get);
        out.set = std::move(path.set);
        return out;
      }
      case ArgKind::kAny: {
        out.literal = Literal(node);
        OTELPIPE_ASSIGN_OR_RETURN(out.get, CompileValue(node));
        return out;
      }
      case ArgKind::kFunction: break;
    }
    return out;
  }

  const CompileOptions& options_;
  Arena& constants_;
};

}  // namespace

absl::StatusOr<Condition> Condition::Compile(std::string_view text, const CompileOptions& options, Arena& constants) {
  Condition out;
  out.text_ = std::string(text);
  auto compile = [&]() -> absl::Status {
    OTELPIPE_ASSIGN_OR_RETURN(TestPtr tree, ParseCondition(text));
    OTELPIPE_ASSIGN_OR_RETURN(out.test_, Compiler(options, constants).CompileTest(*tree));
    return absl::OkStatus();
  };
  if (absl::Status status = compile(); !status.ok()) {
    return Annotate(status, absl::StrCat("unable to parse OTTL condition ", GoQuoted(text), ": "));
  }
  return out;
}

absl::StatusOr<Statement> Statement::Compile(std::string_view text, const CompileOptions& options, Arena& constants) {
  Statement out;
  out.text_ = std::string(text);
  auto compile = [&]() -> absl::Status {
    OTELPIPE_ASSIGN_OR_RETURN(StatementNode tree, ParseStatement(text));
    Compiler compiler(options, constants);
    OTELPIPE_ASSIGN_OR_RETURN(out.editor_, compiler.CompileCall(*tree.editor));
    if (tree.where) {
      OTELPIPE_ASSIGN_OR_RETURN(out.where_, compiler.CompileTest(*tree.where));
    }
    return absl::OkStatus();
  };
  if (absl::Status status = compile(); !status.ok()) {
    return Annotate(status, absl::StrCat("unable to parse OTTL statement ", GoQuoted(text), ": "));
  }
  return out;
}

absl::StatusOr<bool> Statement::Run(Item& item, Arena& arena) const {
  if (where_) {
    absl::StatusOr<bool> holds = where_(item, arena);
    if (!holds.ok() || !*holds) return holds;
  }
  absl::StatusOr<Value> done = editor_(item, arena);
  if (!done.ok()) return done.status();
  return true;
}

}  // namespace otelpipe::ottl
