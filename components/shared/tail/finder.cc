#include "shared/tail/finder.h"

#include <re2/re2.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/tail/regex_error.h"

namespace otelpipe::tail {
namespace {

absl::StatusOr<std::vector<Glob>> CompileAll(const std::vector<std::string>& patterns, const char* key) {
  std::vector<Glob> globs;
  for (const std::string& pattern : patterns) {
    absl::StatusOr<Glob> glob = Glob::Compile(pattern);
    if (!glob.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(key, ": parse glob: ", glob.status().message()));
    }
    globs.push_back(*std::move(glob));
  }
  return globs;
}

absl::StatusOr<std::unique_ptr<re2::RE2>> CompileRegex(const std::string& pattern, const char* what) {
  RE2::Options options;
  options.set_log_errors(false);
  auto re = std::make_unique<re2::RE2>(pattern, options);
  if (!re->ok()) return absl::InvalidArgumentError(absl::StrCat("compile ", what, "regex: ", RegexError(*re)));
  return re;
}

// All submatches of `path`, 0 being the whole match.
bool MatchAll(const re2::RE2& re, std::string_view path, std::vector<re2::StringPiece>& groups) {
  groups.assign(static_cast<size_t>(re.NumberOfCapturingGroups()) + 1, {});
  return re.Match(path, 0, path.size(), re2::RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()));
}

}  // namespace

struct Finder::Item {
  std::string path;
  std::vector<std::string> captures;
};

Finder::Finder() = default;
Finder::Finder(Finder&&) noexcept = default;
Finder& Finder::operator=(Finder&&) noexcept = default;
Finder::~Finder() = default;

absl::StatusOr<Finder> Finder::Create(FinderOptions options) {
  Finder f;
  if (options.include.empty()) return absl::InvalidArgumentError("'include' must be specified");
  OTELPIPE_ASSIGN_OR_RETURN(f.include_, CompileAll(options.include, "include"));
  OTELPIPE_ASSIGN_OR_RETURN(f.exclude_, CompileAll(options.exclude, "exclude"));
  if (!options.group_by.empty()) {
    OTELPIPE_ASSIGN_OR_RETURN(f.group_, CompileRegex(options.group_by, "group_by "));
  }
  bool needs_regex = false;
  for (const SortRule& rule : options.sort_by) needs_regex |= rule.type != SortRule::Type::kMtime;
  if (!options.sort_by.empty()) {
    if (options.top_n < 0) return absl::InvalidArgumentError("'top_n' must be a positive integer");
    if (options.top_n == 0) options.top_n = 1;
  }
  if (needs_regex) {
    if (options.regex.empty()) {
      return absl::InvalidArgumentError("'regex' must be specified when 'sort_by' is specified");
    }
    OTELPIPE_ASSIGN_OR_RETURN(f.regex_, CompileRegex(options.regex, ""));
  }
  f.options_ = std::move(options);
  return f;
}

bool Finder::chooses() const { return options_.exclude_older_than != absl::ZeroDuration() || !options_.sort_by.empty(); }

Finder::TimeRule Finder::time_rule() const {
  for (const SortRule& rule : options_.sort_by) {
    if (rule.type == SortRule::Type::kMtime) return TimeRule::kOrder;
  }
  return options_.exclude_older_than != absl::ZeroDuration() ? TimeRule::kAge : TimeRule::kNone;
}

bool Finder::Matches(std::string_view path) const {
  auto hit = [&](const Glob& g) { return g.Matches(path); };
  return std::any_of(include_.begin(), include_.end(), hit) && std::none_of(exclude_.begin(), exclude_.end(), hit);
}

std::vector<std::string> Finder::Find(absl::Time now, std::vector<std::string>& errors,
                                      std::vector<std::string>* directories) const {
  GlobWalk walk;
  for (const Glob& glob : include_) {
    size_t before = walk.errors.size();
    glob.Find(walk);
    // One message a pattern, the first, as the reference's.
    if (walk.errors.size() > before) {
      errors.push_back("find files with '" + glob.text() + "' pattern: " + walk.errors[before]);
    }
  }
  if (directories != nullptr) *directories = std::move(walk.directories);
  std::vector<std::string>& paths = walk.files;
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  if (!exclude_.empty()) {
    std::erase_if(paths, [&](const std::string& path) {
      return std::any_of(exclude_.begin(), exclude_.end(), [&](const Glob& g) { return g.Matches(path); });
    });
  }
  const bool filters = chooses();
  if (filters && group_ == nullptr) {
    Filter(now, paths, errors);
  } else if (filters) {
    std::map<std::string, std::vector<std::string>> by_group;
    std::vector<re2::StringPiece> groups;
    for (std::string& path : paths) {
      if (!MatchAll(*group_, path, groups) || groups.size() < 2) continue;
      by_group[std::string(groups[1])].push_back(std::move(path));
    }
    paths.clear();
    for (auto& [name, members] : by_group) {
      Filter(now, members, errors);
      for (std::string& path : members) paths.push_back(std::move(path));
    }
  }
  if (paths.empty()) errors.push_back("no files match the configured criteria");
  return std::move(paths);
}

void Finder::Filter(absl::Time now, std::vector<std::string>& paths, std::vector<std::string>& errors) const {
  if (options_.exclude_older_than != absl::ZeroDuration()) {
    std::erase_if(paths, [&](const std::string& path) {
      struct stat st;
      if (::stat(path.c_str(), &st) != 0) return true;
      return now - absl::TimeFromTimespec(st.st_mtim) > options_.exclude_older_than;
    });
  }
  if (options_.sort_by.empty()) return;
  std::vector<Item> items;
  std::vector<re2::StringPiece> groups;
  for (std::string& path : paths) {
    Item item;
    if (regex_ != nullptr) {
      if (!MatchAll(*regex_, path, groups)) {
        errors.push_back("'" + path + "' does not match regex");
        continue;
      }
      for (const re2::StringPiece& g : groups) item.captures.emplace_back(g.data() == nullptr ? "" : std::string(g));
    }
    item.path = std::move(path);
    items.push_back(std::move(item));
  }
  for (const SortRule& rule : options_.sort_by) {
    size_t capture = 0;
    if (regex_ != nullptr) {
      for (const auto& [name, index] : regex_->NamedCapturingGroups()) {
        if (name == rule.regex_key) capture = static_cast<size_t>(index);
      }
    }
    if (rule.type == SortRule::Type::kAlphabetical) {
      std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
        const std::string& x = capture > 0 ? a.captures[capture] : a.path;
        const std::string& y = capture > 0 ? b.captures[capture] : b.path;
        return rule.ascending ? x < y : y < x;
      });
      continue;
    }
    std::vector<std::pair<int64_t, Item>> keyed;
    for (Item& item : items) {
      std::string text = capture > 0 ? item.captures[capture] : "";
      std::optional<int64_t> key;
      std::string why;
      if (rule.type == SortRule::Type::kMtime) {
        struct stat st;
        if (::stat(item.path.c_str(), &st) == 0) key = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
        else why = "stat " + item.path;
      } else if (rule.type == SortRule::Type::kNumeric) {
        int64_t n = 0;
        std::string_view digits = text;
        if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
        auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
        if (ec == std::errc() && end == digits.data() + digits.size() && !digits.empty()) key = n;
        else why = "parse '" + text + "' to int";
      } else {
        absl::StatusOr<int64_t> t = rule.parse_time(text);
        if (t.ok()) key = *t;
        else why = std::string(t.status().message());
      }
      if (!key.has_value()) {
        errors.push_back(why);
        continue;
      }
      keyed.emplace_back(*key, std::move(item));
    }
    std::stable_sort(keyed.begin(), keyed.end(),
                     [&](const auto& a, const auto& b) { return rule.ascending ? a.first < b.first : b.first < a.first; });
    items.clear();
    for (auto& [key, item] : keyed) items.push_back(std::move(item));
  }
  if (items.size() > static_cast<size_t>(options_.top_n)) items.resize(static_cast<size_t>(options_.top_n));
  paths.clear();
  for (Item& item : items) paths.push_back(std::move(item.path));
}

}  // namespace otelpipe::tail
