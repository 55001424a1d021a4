// Bridges std::string_view and the distribution's Abseil, whose absl::string_view is a type of its own
// (Abseil 20220623 as Debian builds it). The public API speaks std::string_view; call A() where an Abseil
// function wants its own view.
//
//   absl::StrCat("key ", A(key), " is unknown")
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace otelpipe {

// The same bytes as an absl::string_view. The result points to the argument's memory.
inline absl::string_view A(std::string_view s) { return absl::string_view(s.data(), s.size()); }

// The same bytes as a std::string_view. The result points to the argument's memory.
inline std::string_view S(absl::string_view s) { return std::string_view(s.data(), s.size()); }

// Transparent hash and equality for flat_hash_map<std::string, V, StringHash, StringEq>: find() then takes a
// std::string_view without building a string.
struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
struct StringEq {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};

}  // namespace otelpipe
