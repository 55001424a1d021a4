// OTTL, the language of the filter and transform processors: statements that change an item and conditions on it, compiled once.
//
//   auto constants = std::make_shared<Arena>();
//   OTELPIPE_ASSIGN_OR_RETURN(Statement statement, Statement::Compile("set(body, \"x\") where severity_number < 9", {ContextKind::kLog}, *constants));
//   data->arena.KeepAlive(constants);                            // literals end up in the batch
//   absl::StatusOr<bool> ran = statement.Run(item, data->arena);  // false when the condition does not hold
//
// Paths, enums, patterns and literals are resolved by Compile; running looks nothing up by name. Errors of Compile are InvalidArgument in the
// reference's words; the code is kUnimplemented for what the reference has and this engine has not, which says `not supported yet`.
// Threads: immutable after Compile; the item and the arena belong to the caller.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/ottl/context.h"

namespace otelpipe::ottl {

struct CompileOptions {
  ContextKind kind = ContextKind::kLog;
  // Whether every path must begin with the name of its context.
  bool need_prefix = false;
};

class Condition {
 public:
  // `constants` must outlive the condition, and whatever takes values from it.
  static absl::StatusOr<Condition> Compile(std::string_view text, const CompileOptions& options, Arena& constants);
  // `arena` holds what has to be made on the way. Errors are those of converters and of indexing what is no map.
  absl::StatusOr<bool> Eval(Item& item, Arena& arena) const { return test_(item, arena); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  Test test_;
};

class Statement {
 public:
  static absl::StatusOr<Statement> Compile(std::string_view text, const CompileOptions& options, Arena& constants);
  // True when the condition held and the editor ran.
  absl::StatusOr<bool> Run(Item& item, Arena& arena) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  Getter editor_;
  Test where_;  // may be empty
};

// `text` with the context put before every path that has none, as the reference does for groups with a `context`.
absl::StatusOr<std::string> PrependContext(std::string_view text, ContextKind kind, bool condition);

// The context that all statements and conditions together need, out of `candidates`. InvalidArgument `unable to infer ...`.
absl::StatusOr<ContextKind> InferContext(const std::vector<std::string>& statements, const std::vector<std::string>& conditions,
                                         const std::vector<ContextKind>& candidates);

}  // namespace otelpipe::ottl
