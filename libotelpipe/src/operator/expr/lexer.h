// Splits an expression into tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe::expr {

enum class TokenKind { kIdentifier, kNumber, kString, kOperator, kBracket, kEnd };

struct Token {
  TokenKind kind;
  std::string text;  // decoded for strings
  int offset;        // bytes
  bool Is(TokenKind k, std::string_view t) const { return kind == k && text == t; }
  // As error messages name it: `Operator("*")`, `EOF`.
  std::string Name() const;
};

// Ends with a kEnd token. Error: formatted message of the reference.
absl::StatusOr<std::vector<Token>> Tokenize(const std::string& source);

// The value of a number token; empty, or what is wrong with it.
std::string ReadNumber(const std::string& text, Value& out);

}  // namespace otelpipe::expr
