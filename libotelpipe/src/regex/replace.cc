#include <re2/re2.h>

#include <algorithm>

#include "otelpipe/regex/pattern.h"
#include "otelpipe/regex/utf8.h"

namespace otelpipe::regex {
namespace {

// Length of the run of letters, digits and underscores at the head of `text`.
size_t NameLength(std::string_view text) {
  size_t length = 0;
  while (length < text.size()) {
    const char c = text[length];
    if (static_cast<unsigned char>(c) >= 0x80) break;
    const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '_';
    if (!word) return length;
    ++length;
  }
  if (length == text.size()) return length;
  // Letters beyond ASCII: RE2 has the tables.
  static const re2::RE2 name(R"([\pL\p{Nd}_]+)");
  re2::StringPiece whole;
  if (!name.Match(text, 0, text.size(), re2::RE2::ANCHOR_START, &whole, 1)) return 0;
  return whole.size();
}

// The group number a name spells, or -1. Leading zeros make it a name.
int64_t GroupNumber(std::string_view name) {
  if (name.size() > 1 && name[0] == '0') return -1;
  int64_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9' || number >= 100000000) return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

ReplaceTemplate ReplaceTemplate::Compile(const Pattern& pattern, std::string_view text) {
  ReplaceTemplate result;
  Piece piece;
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    piece.literal += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (!text.empty() && text[0] == '$') {
      piece.literal += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool braced = !text.empty() && text[0] == '{';
    const std::string_view name_on = text.substr(braced ? 1 : 0);
    const size_t length = NameLength(name_on);
    if (length == 0 || (braced && (length >= name_on.size() || name_on[length] != '}'))) {
      piece.literal += '$';
      continue;
    }
    const std::string_view name = name_on.substr(0, length);
    text = name_on.substr(length + (braced ? 1 : 0));

    const int64_t number = GroupNumber(name);
    if (number >= 0) {
      if (static_cast<uint64_t>(number) < pattern.capture_count()) {
        piece.groups.push_back(static_cast<size_t>(number));
      }
    } else {
      // Of several groups with the name, the first that took part.
      for (size_t i = 1; i < pattern.capture_count(); ++i) {
        if (pattern.group_names()[i] == name) piece.groups.push_back(i);
      }
    }
    if (piece.groups.empty()) continue;
    result.pieces_.push_back(std::move(piece));
    piece = Piece();
  }
  if (!piece.literal.empty()) result.pieces_.push_back(std::move(piece));
  return result;
}

void ReplaceTemplate::AppendTo(const std::string_view* captures, std::string& out) const {
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    for (const size_t group : piece.groups) {
      if (captures[group].data() == nullptr) continue;
      out += captures[group];
      break;
    }
  }
}

std::string Pattern::Replace(std::string_view text, const ReplaceTemplate& replacement) const {
  if (text.data() == nullptr) text = "";
  std::string out;
  std::vector<std::string_view> captures(capture_count());
  size_t copied = 0;  // end of the last match
  size_t search = 0;
  while (search <= text.size() && MatchAt(text, search, captures.data())) {
    const auto from = static_cast<size_t>(captures[0].data() - text.data());
    const size_t to = from + captures[0].size();
    out += text.substr(copied, from - copied);
    // An empty match right behind the previous match does not count.
    if (to > copied || from == 0) replacement.AppendTo(captures.data(), out);
    copied = to;
    // Go on behind the match, but at least one character further.
    size_t width = 1;
    if (search < text.size()) {
      width = DecodeRune(text.data() + search, text.data() + text.size()).width;
    }
    search = std::max(search + width, to);
  }
  out += text.substr(std::min(copied, text.size()));
  return out;
}

std::string Pattern::Replace(std::string_view text, std::string_view replacement) const {
  return Replace(text, ReplaceTemplate::Compile(*this, replacement));
}

}  // namespace otelpipe::regex
