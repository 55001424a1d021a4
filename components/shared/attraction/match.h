// Matching of spans, log records and metrics by their properties: `include` and `exclude` of the attributes processor, and
// the older blocks of the filter processor.
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto matcher, Matcher::ForLogs(config.include));
//   if (matcher->MatchScope(resource, scope) && matcher->MatchLog(record)) ...
//
// All properties of a block must hold; of the values of one property any (services, names, bodies, ...) or, for
// attributes, resources and libraries, all.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/pdata/records.h"
#include "otelpipe/regex/pattern.h"

namespace otelpipe::attraction {

struct MatchAttributeConfig {
  std::string key;
  ConfigNode value;  // null: the key has to be there
  static void Describe(Fields<MatchAttributeConfig>& f);
};

struct MatchLibraryConfig {
  std::string name;
  std::optional<std::string> version;  // absent: any
  static void Describe(Fields<MatchLibraryConfig>& f);
};

struct MatchSeverityConfig {
  int32_t min = 0;
  bool match_undefined = false;
  static void Describe(Fields<MatchSeverityConfig>& f);
};

// The reference keeps results in a cache; ours needs none, so these change nothing.
struct MatchCacheConfig {
  bool cacheenabled = false;
  int64_t cachemaxnumentries = 0;
  static void Describe(Fields<MatchCacheConfig>& f);
};

struct MatchConfig {
  std::string match_type;
  std::optional<MatchCacheConfig> regexp;
  std::vector<std::string> services;
  std::vector<std::string> span_names;
  std::vector<std::string> span_kinds;
  std::vector<std::string> log_bodies;
  std::vector<std::string> log_severity_texts;
  std::optional<MatchSeverityConfig> log_severity_number;
  std::vector<std::string> metric_names;
  std::vector<MatchAttributeConfig> attributes;
  std::vector<MatchAttributeConfig> resources;
  std::vector<MatchLibraryConfig> libraries;
  static void Describe(Fields<MatchConfig>& f);
};

// Texts to compare with, any of which may match.
class TextSet {
 public:
  // `match_type` is "strict" or "regexp"; anything else is `unrecognized match_type: 'x', valid types are: [regexp strict]`.
  static absl::StatusOr<TextSet> Compile(std::string_view match_type, const std::vector<std::string>& texts);
  bool Matches(std::string_view text) const;

 private:
  std::vector<std::string> strict_;
  std::vector<std::shared_ptr<const regex::Pattern>> patterns_;
};

// Attributes that must all be there with their values. Immutable.
class AttributeSet {
 public:
  static absl::StatusOr<AttributeSet> Compile(std::string_view match_type,
                                              const std::vector<MatchAttributeConfig>& attributes);
  // False for an empty map, whatever was asked for.
  bool Matches(const Map& attributes) const;

 private:
  struct Entry {
    std::string key;
    bool has_value = false;
    Value value;
    std::shared_ptr<const regex::Pattern> pattern;
  };
  std::vector<Entry> entries_;
  std::shared_ptr<Arena> values_;
};

class Matcher {
 public:
  // InvalidArgument in the reference's words. ForMetrics gives null for a block without `metric_names`: such a block has no effect
  // on metrics.
  static absl::StatusOr<std::unique_ptr<Matcher>> ForLogs(const MatchConfig& config);
  static absl::StatusOr<std::unique_ptr<Matcher>> ForSpans(const MatchConfig& config);
  static absl::StatusOr<std::unique_ptr<Matcher>> ForMetrics(const MatchConfig& config);

  // What holds for a whole scope: services, resources, libraries.
  bool MatchScope(const Resource& resource, const Scope& scope) const;
  // The rest, for an item of a scope that matches.
  bool MatchLog(const LogRecord& record) const;
  bool MatchSpan(const Span& span) const;
  bool MatchMetric(const Metric& metric) const;

 private:
  struct Library {
    TextSet name;
    std::optional<TextSet> version;
  };
  absl::Status CompileShared(const MatchConfig& config);

  std::vector<Library> libraries_;
  std::optional<AttributeSet> attributes_;
  std::optional<AttributeSet> resources_;
  std::optional<TextSet> services_;
  std::optional<TextSet> span_names_;
  std::optional<TextSet> span_kinds_;
  std::optional<TextSet> bodies_;
  std::optional<TextSet> severity_texts_;
  std::optional<TextSet> metric_names_;
  std::optional<MatchSeverityConfig> severity_;
  mutable std::string scratch_;
};

}  // namespace otelpipe::attraction
