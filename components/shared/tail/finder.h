// Finder: the files of a receiver: include minus exclude, then age, grouping and ordering.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Finder finder, Finder::Create(config, timestamp_parser));
//   std::vector<std::string> errors, paths = finder.Find(now, errors);
//
// Paths are sorted by bytes unless ordering decides. Blocks for the time of the directory reads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/tail/glob.h"

namespace re2 {
class RE2;
}

namespace otelpipe::tail {

struct SortRule {
  enum class Type { kNumeric, kAlphabetical, kTimestamp, kMtime } type = Type::kNumeric;
  std::string regex_key;
  bool ascending = false;
  // Of kTimestamp: text to nanoseconds since the epoch; an error removes the file.
  std::function<absl::StatusOr<int64_t>(std::string_view)> parse_time;
};

struct FinderOptions {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  absl::Duration exclude_older_than = absl::ZeroDuration();
  std::string group_by;
  std::string regex;
  int64_t top_n = 0;  // used with sort rules; 0 means 1
  std::vector<SortRule> sort_by;
};

class Finder {
 public:
  // The reference's texts: `'include' must be specified`, `include: parse glob: syntax error in pattern`, `compile group_by regex: ...`.
  static absl::StatusOr<Finder> Create(FinderOptions options);
  Finder(Finder&&) noexcept;
  Finder& operator=(Finder&&) noexcept;
  ~Finder();

  // `directories`, when given, receives every directory that was looked into.
  std::vector<std::string> Find(absl::Time now, std::vector<std::string>& errors,
                                std::vector<std::string>* directories = nullptr) const;
  // Whether the patterns take this path, regardless of age, grouping and ordering.
  bool Matches(std::string_view path) const;
  // Whether files may be left out that the patterns take: because of age, grouping or ordering.
  bool chooses() const;
  // What the result depends on besides which files exist: their age, or the order in which they were modified.
  enum class TimeRule { kNone, kAge, kOrder };
  TimeRule time_rule() const;

 private:
  Finder();
  struct Item;
  void Filter(absl::Time now, std::vector<std::string>& paths, std::vector<std::string>& errors) const;

  FinderOptions options_;
  std::vector<Glob> include_;
  std::vector<Glob> exclude_;
  std::unique_ptr<re2::RE2> group_;
  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace otelpipe::tail
