// Expression: the expression language of log operators (`if`, `expr`, EXPR(...)): expr-lang 1.17 as the reference configures it.
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto e, Expression::CompileBool("body matches '^\\\\{' and attributes.level != 'debug'"));
//   OTELPIPE_ASSIGN_OR_RETURN(bool keep, e->EvalBool(entry));
//
// Variables: body, attributes, resource, timestamp, severity_text, severity_number and env() as the reference has them. Compiled once;
// evaluating allocates only what the result needs, from the entry's arena. An Expression is immutable and may be shared by operators of one loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/operator/entry.h"

namespace otelpipe {

class Expression {
 public:
  // InvalidArgument with the message of the reference's compiler (without a prefix naming the option).
  static absl::StatusOr<std::shared_ptr<const Expression>> Compile(std::string_view text);
  // Must be able to yield a bool: `expected bool, but got int`.
  static absl::StatusOr<std::shared_ptr<const Expression>> CompileBool(std::string_view text);

  virtual ~Expression() = default;
  // The value, with tags (entry.h), in entry.arena; views may point into the entry. Errors: the reference's runtime messages.
  virtual absl::StatusOr<Value> Eval(const Entry& entry) const = 0;
  // InvalidArgument when the result is not a bool (the reference crashes there).
  virtual absl::StatusOr<bool> EvalBool(const Entry& entry) const = 0;
  const std::string& text() const { return text_; }

 protected:
  explicit Expression(std::string text) : text_(std::move(text)) {}

 private:
  std::string text_;
};

// A text that may hold EXPR(...) parts (values of router and receiver `attributes`/`resource`): `pod-EXPR(attributes.name)`.
class TemplateText {
 public:
  static absl::StatusOr<TemplateText> Compile(std::string_view text);
  // The text in entry.arena. Error: `embedded expression returned non-string 5`.
  absl::StatusOr<std::string_view> Render(const Entry& entry) const;

 private:
  struct Part {
    std::string literal;
    std::shared_ptr<const Expression> expression;  // null for a literal
  };
  std::vector<Part> parts_;
};

}  // namespace otelpipe
