// The message of a pattern that does not compile, in the reference's words.
#pragma once

#include <re2/re2.h>

#include <string>

namespace otelpipe::tail {

// "error parsing regexp: missing closing ]: `[`". `re` is not ok().
inline std::string RegexError(const re2::RE2& re) {
  const char* what = "";
  switch (re.error_code()) {
    case re2::RE2::ErrorBadEscape: what = "invalid escape sequence"; break;
    case re2::RE2::ErrorBadCharClass: what = "invalid character class"; break;
    case re2::RE2::ErrorBadCharRange: what = "invalid character class range"; break;
    case re2::RE2::ErrorMissingBracket: what = "missing closing ]"; break;
    case re2::RE2::ErrorMissingParen: what = "missing closing )"; break;
    case re2::RE2::ErrorUnexpectedParen: what = "unexpected )"; break;
    case re2::RE2::ErrorTrailingBackslash: what = "trailing backslash at end of expression"; break;
    case re2::RE2::ErrorRepeatArgument: what = "missing argument to repetition operator"; break;
    case re2::RE2::ErrorRepeatSize: what = "invalid repeat count"; break;
    case re2::RE2::ErrorRepeatOp: what = "invalid nested repetition operator"; break;
    case re2::RE2::ErrorBadPerlOp: what = "invalid or unsupported Perl syntax"; break;
    case re2::RE2::ErrorBadUTF8: what = "invalid UTF-8"; break;
    case re2::RE2::ErrorBadNamedCapture: what = "invalid named capture"; break;
    case re2::RE2::ErrorPatternTooLarge: what = "expression too large"; break;
    default: return "error parsing regexp: " + re.error();
  }
  std::string text = std::string("error parsing regexp: ") + what;
  if (re.error_code() != re2::RE2::ErrorTrailingBackslash) text += ": `" + re.error_arg() + "`";
  return text;
}

}  // namespace otelpipe::tail
