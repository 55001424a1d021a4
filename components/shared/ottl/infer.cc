// Which context a group of statements needs.
#include <algorithm>
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

// The nearer to the single record, the earlier.
int Rank(std::string_view context) {
  static constexpr std::string_view kOrder[] = {"log",     "datapoint", "metric", "spanevent",
                                                "span",    "profile",   "scope",  "instrumentation_scope",
                                                "resource"};
  for (int i = 0; i < 9; ++i) {
    if (kOrder[i] == context) return i;
  }
  return 100;
}

std::string Quoted(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ' ';
    out += GoQuoted(text);
  }
  return out + "]";
}

// What is wrong with a context for these functions and enums; OK when nothing is.
absl::Status Check(ContextKind kind, const Mentions& mentions) {
  for (const std::string& function : mentions.functions) {
    if (FindFunction(function, kind) == nullptr && !IsMissingFunction(function)) {
      return absl::InvalidArgumentError(
          absl::StrCat("inferred context \"", A(ContextName(kind)), "\" does not support the function \"", function, "\""));
    }
  }
  for (const std::string& symbol : mentions.enums) {
    // The name of a function as an argument looks like an enum.
    if (!FindEnum(symbol, kind) && FindFunction(symbol, kind) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("inferred context \"", A(ContextName(kind)), "\" does not support the enum symbol \"", symbol, "\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> PrependContext(std::string_view text, ContextKind kind, bool condition) {
  Mentions mentions;
  StatementNode statement;
  TestPtr test;
  if (condition) {
    OTELPIPE_ASSIGN_OR_RETURN(test, ParseCondition(text));
    Collect(*test, mentions);
  } else {
    OTELPIPE_ASSIGN_OR_RETURN(statement, ParseStatement(text));
    Collect(statement, mentions);
  }
  std::vector<size_t> places;
  for (const Node* path : mentions.paths) {
    const bool prefixed = path->fields.size() > 1 && path->fields[0].keys.empty() && KnowsContext(kind, path->fields[0].name);
    if (!prefixed) places.push_back(path->at);
  }
  std::sort(places.begin(), places.end());
  std::string out;
  size_t from = 0;
  for (size_t place : places) {
    absl::StrAppend(&out, A(text.substr(from, place - from)), A(ContextName(kind)), ".");
    from = place;
  }
  return absl::StrCat(out, A(text.substr(from)));
}

absl::StatusOr<ContextKind> InferContext(const std::vector<std::string>& statements, const std::vector<std::string>& conditions,
                                         const std::vector<ContextKind>& candidates) {
  std::vector<std::string> names;
  for (ContextKind kind : candidates) names.push_back(std::string(ContextName(kind)));
  auto failed = [&](const absl::Status& status) {
    return Annotate(status, absl::StrCat("unable to infer a valid context (", Quoted(names), ") from statements ", Quoted(statements),
                                         " and conditions ", Quoted(conditions), ": "));
  };
  Mentions all;
  std::vector<StatementNode> keep;
  std::vector<TestPtr> keep_tests;
  for (const std::string& text : statements) {
    auto tree = ParseStatement(text);
    if (!tree.ok()) return failed(tree.status());
    Collect(*tree, all);
    keep.push_back(*std::move(tree));
  }
  for (const std::string& text : conditions) {
    auto tree = ParseCondition(text);
    if (!tree.ok()) return failed(tree.status());
    Collect(**tree, all);
    keep_tests.push_back(*std::move(tree));
  }
  std::string inferred;
  for (const Node* path : all.paths) {
    const std::string name = path->fields.size() > 1 && path->fields[0].keys.empty() ? path->fields[0].name : "";
    if (inferred.empty() || Rank(name) < Rank(inferred)) inferred = name;
  }
  if (inferred.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unable to infer context from statements ", Quoted(statements), " and conditions ",
                                                   Quoted(conditions), ", path's first segment must be a valid context name ", Quoted(names),
                                                   ", and at least one context must be capable of parsing all statements"));
  }
  const std::optional<ContextKind> kind = FindContext(inferred);
  if (!kind || std::find(candidates.begin(), candidates.end(), *kind) == candidates.end()) {
    if (!all.functions.empty()) {
      return failed(absl::InvalidArgumentError(absl::StrCat("inferred context \"", inferred, "\" is not a valid candidate")));
    }
    return absl::InvalidArgumentError(absl::StrCat("context \"", inferred, "\" inferred from the statements ", Quoted(statements),
                                                   " and conditions ", Quoted(conditions), " is not a supported context: ", Quoted(names)));
  }
  const absl::Status fits = Check(*kind, all);
  if (fits.ok()) return *kind;
  // A context below, which knows these paths too, may have the function or the enum.
  std::vector<ContextKind> lower;
  for (ContextKind other : candidates) {
    if (other != *kind && KnowsContext(other, inferred)) lower.push_back(other);
  }
  std::sort(lower.begin(), lower.end(), [](ContextKind a, ContextKind b) { return Rank(ContextName(a)) < Rank(ContextName(b)); });
  for (ContextKind other : lower) {
    if (Check(other, all).ok()) return other;
  }
  return failed(fits);
}

}  // namespace otelpipe::ottl
