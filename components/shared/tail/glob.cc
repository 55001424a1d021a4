#include "shared/tail/glob.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe::tail {
namespace {

constexpr size_t kMaxAlternatives = 4096;

absl::Status BadPattern() { return absl::InvalidArgumentError("syntax error in pattern"); }

// One character of UTF-8; a stray byte counts as one character, as a value that no text has.
char32_t NextChar(std::string_view s, size_t& i) {
  unsigned char b = static_cast<unsigned char>(s[i]);
  int extra = b >= 0xF0 ? 3 : b >= 0xE0 ? 2 : b >= 0xC2 ? 1 : 0;
  if (b < 0x80 || extra == 0 || i + extra >= s.size()) {
    ++i;
    return b < 0x80 ? b : 0x110000u + b;
  }
  char32_t c = b & (0x3F >> extra);
  for (int k = 1; k <= extra; ++k) {
    unsigned char n = static_cast<unsigned char>(s[i + k]);
    if ((n & 0xC0) != 0x80) {
      ++i;
      return 0x110000u + b;
    }
    c = (c << 6) | (n & 0x3F);
  }
  i += extra + 1;
  return c;
}

// Index after the class that starts at s[i] == '['; npos when it does not end.
size_t SkipClass(std::string_view s, size_t i) {
  ++i;
  if (i < s.size() && (s[i] == '^' || s[i] == '!')) ++i;
  bool any = false;
  for (; i < s.size(); ++i) {
    if (s[i] == ']' && any) return i + 1;
    if (s[i] == ']') return std::string_view::npos;
    if (s[i] == '\\' && ++i >= s.size()) return std::string_view::npos;
    any = true;
  }
  return std::string_view::npos;
}

// Replaces the first brace group by each of its alternatives, recursively.
absl::Status ExpandBraces(std::string_view pattern, std::vector<std::string>& out) {
  size_t open = std::string_view::npos;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      if (++i >= pattern.size()) return BadPattern();
    } else if (c == '[') {
      size_t end = SkipClass(pattern, i);
      if (end == std::string_view::npos) return BadPattern();
      i = end - 1;
    } else if (c == '{') {
      open = i;
      break;
    }
  }
  if (open == std::string_view::npos) {
    if (out.size() >= kMaxAlternatives) return absl::InvalidArgumentError("too many alternatives in pattern");
    out.emplace_back(pattern);
    return absl::OkStatus();
  }
  std::vector<std::pair<size_t, size_t>> parts;
  size_t start = open + 1;
  int depth = 1;
  size_t i = start;
  for (; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      if (++i >= pattern.size()) return BadPattern();
    } else if (c == '[') {
      size_t end = SkipClass(pattern, i);
      if (end == std::string_view::npos) return BadPattern();
      i = end - 1;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}') {
      if (--depth == 0) break;
    } else if (c == ',' && depth == 1) {
      parts.emplace_back(start, i);
      start = i + 1;
    }
  }
  if (i >= pattern.size()) return BadPattern();
  parts.emplace_back(start, i);
  for (auto [from, to] : parts) {
    std::string one(pattern.substr(0, open));
    one += pattern.substr(from, to - from);
    one += pattern.substr(i + 1);
    OTELPIPE_RETURN_IF_ERROR(ExpandBraces(one, out));
  }
  return absl::OkStatus();
}

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i <= path.size();) {
    size_t end = path.find('/', i);
    if (end == std::string_view::npos) end = path.size();
    if (end > i) out.push_back(path.substr(i, end - i));
    i = end + 1;
  }
  return out;
}

std::string Join(const std::string& directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  std::string out = directory;
  if (out.back() != '/') out += '/';
  out += name;
  return out;
}

}  // namespace

bool Glob::MatchTokens(const Token* t, const Token* end, std::string_view s) {
  // Backtracks to the last star only: an earlier star never needs to be tried again.
  const Token* star = nullptr;
  size_t star_at = 0;
  size_t i = 0;
  while (true) {
    if (t != end && t->kind == Token::kStar) {
      star = t++;
      star_at = i;
      continue;
    }
    bool ok = false;
    size_t next = i;
    if (i < s.size() && t != end) {
      char32_t c = NextChar(s, next);
      switch (t->kind) {
        case Token::kChar:
          ok = c == t->ch;
          break;
        case Token::kAny:
          ok = true;
          break;
        case Token::kClass:
          for (const Range& r : t->ranges) ok |= c >= r.low && c <= r.high;
          ok ^= t->negated;
          break;
        case Token::kStar:
          break;
      }
    } else if (i >= s.size() && t == end) {
      return true;
    }
    if (ok) {
      i = next;
      ++t;
      continue;
    }
    if (star == nullptr || star_at >= s.size()) return false;
    NextChar(s, star_at);
    i = star_at;
    t = star + 1;
  }
}

bool Glob::Component::Match(std::string_view name) const {
  if (literal) return name == text;
  return MatchTokens(tokens.data(), tokens.data() + tokens.size(), name);
}

absl::StatusOr<Glob::Path> Glob::CompilePath(std::string_view pattern) {
  Path path;
  path.absolute = !pattern.empty() && pattern[0] == '/';
  // Separators inside a class do not separate, so components are cut while parsing.
  std::vector<std::string> parts;
  std::string part;
  for (size_t i = 0; i <= pattern.size(); ++i) {
    if (i == pattern.size() || pattern[i] == '/') {
      if (part == "..") {
        if (!parts.empty() && parts.back() != "..") {
          parts.pop_back();
        } else if (!path.absolute) {
          parts.push_back(part);
        }
      } else if (!part.empty() && part != ".") {
        parts.push_back(part);
      }
      part.clear();
      continue;
    }
    if (pattern[i] == '\\' && i + 1 < pattern.size()) part += pattern[i++];
    part += pattern[i];
  }
  for (const std::string& text : parts) {
    Component c;
    if (text == "**") {
      // Two in a row say no more than one.
      if (!path.components.empty() && path.components.back().any_depth) continue;
      c.any_depth = true;
      path.components.push_back(std::move(c));
      continue;
    }
    c.literal = true;
    for (size_t i = 0; i < text.size();) {
      Token token{Token::kChar};
      char ch = text[i];
      if (ch == '*') {
        token.kind = Token::kStar;
        c.literal = false;
        ++i;
        if (!c.tokens.empty() && c.tokens.back().kind == Token::kStar) continue;
      } else if (ch == '?') {
        token.kind = Token::kAny;
        c.literal = false;
        ++i;
      } else if (ch == '[') {
        size_t end = SkipClass(text, i);
        if (end == std::string::npos) return BadPattern();
        token.kind = Token::kClass;
        c.literal = false;
        std::string_view inside = std::string_view(text).substr(i + 1, end - i - 2);
        size_t k = 0;
        if (!inside.empty() && (inside[0] == '^' || inside[0] == '!')) {
          token.negated = true;
          k = 1;
        }
        while (k < inside.size()) {
          if (inside[k] == '\\' && ++k >= inside.size()) return BadPattern();
          char32_t low = NextChar(inside, k);
          char32_t high = low;
          if (k < inside.size() && inside[k] == '-') {
            if (++k >= inside.size()) return BadPattern();
            if (inside[k] == '\\' && ++k >= inside.size()) return BadPattern();
            high = NextChar(inside, k);
          }
          token.ranges.push_back({low, high});
        }
        i = end;
      } else {
        if (ch == '\\' && ++i >= text.size()) return BadPattern();
        size_t before = i;
        token.ch = NextChar(text, i);
        c.text.append(text, before, i - before);
      }
      c.tokens.push_back(std::move(token));
    }
    path.components.push_back(std::move(c));
  }
  return path;
}

absl::StatusOr<Glob> Glob::Compile(std::string_view pattern) {
  Glob glob;
  glob.text_ = std::string(pattern);
  std::vector<std::string> alternatives;
  OTELPIPE_RETURN_IF_ERROR(ExpandBraces(pattern, alternatives));
  // A pattern that ends in a separator names directories, and those are never returned.
  for (const std::string& text : alternatives) {
    OTELPIPE_ASSIGN_OR_RETURN(Path path, CompilePath(text));
    if (!text.empty() && text.back() != '/' && !path.components.empty()) glob.paths_.push_back(std::move(path));
  }
  return glob;
}

bool Glob::MatchNames(const Path& path, const std::vector<std::string_view>& names) {
  // As in MatchTokens, only the last ** needs to be tried again.
  const size_t end = path.components.size();
  size_t i = 0, k = 0, deep = end, deep_at = 0;
  while (true) {
    if (i < end && path.components[i].any_depth) {
      deep = i++;
      deep_at = k;
    } else if (i < end && k < names.size() && path.components[i].Match(names[k])) {
      ++i;
      ++k;
    } else if (i == end && k == names.size()) {
      return true;
    } else if (deep == end || deep_at >= names.size()) {
      return false;
    } else {
      i = deep + 1;
      k = ++deep_at;
    }
  }
}

bool Glob::Matches(std::string_view path) const {
  bool absolute = !path.empty() && path[0] == '/';
  std::vector<std::string_view> names = SplitPath(path);
  for (const Path& p : paths_) {
    if (p.absolute == absolute && MatchNames(p, names)) return true;
  }
  return false;
}

struct Glob::Walker {
  const Path& path;
  GlobWalk& out;
  // Directories from the root of the walk to here, so that links to one of them are not entered.
  std::vector<std::pair<dev_t, ino_t>> above;

  void Report(const char* call, const std::string& name, int error) {
    out.errors.push_back(std::string(call) + " " + name + ": " + std::strerror(error));
    // The reference prints errno texts in lower case.
    std::string& text = out.errors.back();
    size_t at = text.size() - std::strlen(std::strerror(error));
    if (text[at] >= 'A' && text[at] <= 'Z') text[at] = static_cast<char>(text[at] + 32);
  }

  void Visit(const std::string& directory, size_t i) {
    // Literal components need no listing.
    const Component& c = path.components[i];
    bool last = i + 1 == path.components.size();
    if (c.literal) {
      std::string name = Join(directory, c.text);
      if (!last) return Visit(name, i + 1);
      struct stat st;
      if (::stat(name.c_str(), &st) == 0 ? !S_ISDIR(st.st_mode) : ::lstat(name.c_str(), &st) == 0) {
        out.files.push_back(std::move(name));
      }
      out.directories.push_back(directory.empty() ? "." : directory);
      return;
    }
    List(directory, i);
  }

  void List(const std::string& directory, size_t i) {
    const std::string shown = directory.empty() ? "." : directory;
    DIR* dir = ::opendir(shown.c_str());
    if (dir == nullptr) {
      if (errno != ENOENT && errno != ENOTDIR) Report("open", shown, errno);
      // It may appear later: watch the place where it would.
      if (errno == ENOENT) NotePlaceOf(shown);
      return;
    }
    const Component& c = path.components[i];
    bool last = i + 1 == path.components.size();
    struct stat self;
    bool pushed = false;
    if (::fstat(::dirfd(dir), &self) == 0) {
      for (const auto& [dev, ino] : above) {
        if (dev == self.st_dev && ino == self.st_ino) {
          ::closedir(dir);
          return;
        }
      }
      above.emplace_back(self.st_dev, self.st_ino);
      pushed = true;
    }
    out.directories.push_back(shown);
    std::vector<std::string> deeper;
    while (dirent* entry = ::readdir(dir)) {
      std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      bool wanted_file = c.any_depth ? last : last && c.Match(name);
      bool wanted_directory = c.any_depth || (!last && c.Match(name));
      if (!wanted_file && !wanted_directory) continue;
      bool is_directory = entry->d_type == DT_DIR;
      bool is_link = entry->d_type == DT_LNK;
      if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) {
        struct stat st;
        // A broken link is a file that fails to open.
        is_directory = ::fstatat(::dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
      }
      if (is_directory) {
        if (wanted_directory && !(is_link && LeadsAbove(shown, std::string(name)))) deeper.push_back(Join(directory, name));
      } else if (wanted_file) {
        out.files.push_back(Join(directory, name));
      }
    }
    ::closedir(dir);
    for (const std::string& name : deeper) {
      // ** stays in force below; a plain component is used up.
      if (c.any_depth) {
        List(name, i);
      } else {
        Visit(name, i + 1);
      }
    }
    // ** for no directory at all.
    if (pushed) above.pop_back();
    if (c.any_depth && !last) Visit(directory, i + 1);
  }

  // Whether the link `name` in `directory` leads to that directory or one above it, also above where the walk began.
  static bool LeadsAbove(const std::string& directory, const std::string& name) {
    struct stat target, st;
    if (::stat(Join(directory, name).c_str(), &target) != 0) return false;
    std::string at = directory;
    ino_t last = 0;
    for (int i = 0; i < 256; ++i, at += "/..") {
      if (::stat(at.c_str(), &st) != 0) return false;
      if (st.st_dev == target.st_dev && st.st_ino == target.st_ino) return true;
      if (st.st_ino == last) return false;  // the root is its own parent
      last = st.st_ino;
    }
    return false;
  }

  void NotePlaceOf(std::string name) {
    while (!name.empty()) {
      size_t slash = name.rfind('/');
      name = slash == std::string::npos ? "" : slash == 0 ? "/" : name.substr(0, slash);
      struct stat st;
      if (name.empty() || name == "/" || ::stat(name.c_str(), &st) == 0) break;
    }
    out.directories.push_back(name.empty() ? "." : name);
  }
};

void Glob::Find(GlobWalk& walk) const {
  for (const Path& path : paths_) {
    Walker walker{path, walk, {}};
    walker.Visit(path.absolute ? "/" : "", 0);
  }
}

}  // namespace otelpipe::tail
