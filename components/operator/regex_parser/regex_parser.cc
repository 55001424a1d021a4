#include "operator/regex_parser/regex_parser.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/key_shape.h"
#include "otelpipe/regex/pattern.h"

namespace otelpipe {

struct RegexParser::Matcher {
  struct Group {
    std::string_view key;
    size_t index;
  };
  std::shared_ptr<const regex::Pattern> pattern;
  std::vector<Group> groups;
  std::vector<std::string_view> captures;
  std::vector<Value> values;
  KeyShape shape;  // of attributes without any of the groups' keys
};

void RegexParser::CacheConfig::Describe(Fields<CacheConfig>& f) {
  f.Optional("size", &CacheConfig::size, "Accepted for compatibility: texts shared by a file are always remembered.");
}

void RegexParser::Config::Describe(Fields<Config>& f) {
  f.InlineBase<ParserConfig>();
  f.Optional("regex", &Config::regex, "Go regular expression with named groups; required.");
  f.Optional("cache", &Config::cache, "Size of the reference's result cache; no effect on results.");
}

RegexParser::RegexParser(const Config& config, OperatorContext context)
    : Parser(config, std::move(context)), config_(config) {}
RegexParser::~RegexParser() = default;

absl::Status RegexParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Parser::Init());
  if (config_.regex.empty()) {
    AppendMistakes(errors, absl::InvalidArgumentError("missing required field 'regex'"));
    return MistakesToStatus(errors);
  }
  auto pattern = regex::Pattern::Compile(config_.regex);
  if (!pattern.ok()) {
    AppendMistakes(errors, MistakeAt("regex", absl::StrCat("compiling regex: ", pattern.status().message())));
    return MistakesToStatus(errors);
  }
  matcher_ = std::make_unique<Matcher>();
  matcher_->pattern = *std::move(pattern);
  const std::vector<std::string>& names = matcher_->pattern->group_names();
  for (size_t i = 1; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    std::string_view key = context().intern(names[i]);
    bool known = false;
    for (Matcher::Group& group : matcher_->groups) {
      if (group.key != key) continue;
      group.index = i;  // of equal names the last wins
      known = true;
    }
    if (!known) matcher_->groups.push_back({key, i});
  }
  if (matcher_->groups.empty()) {
    AppendMistakes(errors, MistakeAt("regex", "no named capture groups in regex pattern"));
  }
  matcher_->captures.resize(matcher_->pattern->capture_count());
  matcher_->values.resize(matcher_->groups.size());
  return MistakesToStatus(errors);
}

const Value* RegexParser::MatchText(const Value& in) {
  Matcher& m = *matcher_;
  if (!m.pattern->Match(in.string(), m.captures.data())) return nullptr;
  for (size_t i = 0; i < m.groups.size(); ++i) {
    m.values[i] = Value::Str(m.captures[m.groups[i].index]);
    m.values[i].set_tag(in.tag());  // a part of a file's constant is one too
  }
  return m.values.data();
}

absl::StatusOr<const Value*> RegexParser::Match(const Value& in) {
  if (!in.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("type '", A(GoTypeName(in)), "' cannot be parsed as regex"));
  }
  const Value* values;
  if (in.tag() != kTagFileConstant) {
    values = MatchText(in);
  } else {
    if (remembered_.empty()) remembered_.resize(kRemembered);
    std::string_view text = in.string();
    // Allocations are at least 16 bytes apart.
    Remembered& slot = remembered_[(reinterpret_cast<uintptr_t>(text.data()) / 16 * 0x9E3779B1u >> 8) % kRemembered];
    if (slot.data != text.data() || slot.size != text.size()) {
      const Value* found = MatchText(in);
      slot.data = text.data();
      slot.size = text.size();
      slot.matched = found != nullptr;
      slot.values.assign(found, found == nullptr ? found : found + matcher_->groups.size());
    }
    values = slot.matched ? slot.values.data() : nullptr;
  }
  if (values == nullptr) return absl::InvalidArgumentError("regex pattern does not match");
  return values;
}

absl::StatusOr<Value> RegexParser::Parse(const Value& in, Entry& entry) {
  OTELPIPE_ASSIGN_OR_RETURN(const Value* values, Match(in));
  Map* map = entry.arena->New<Map>();
  map->Reserve(*entry.arena, static_cast<uint32_t>(matcher_->groups.size()));
  for (size_t i = 0; i < matcher_->groups.size(); ++i) map->Append(*entry.arena, matcher_->groups[i].key, values[i]);
  return Value::OfMap(map);
}

absl::Status RegexParser::ParseToAttributes(const Value& in, Entry& entry) {
  OTELPIPE_ASSIGN_OR_RETURN(const Value* values, Match(in));
  entry.has_attributes = true;
  Map& attributes = entry.attributes;
  const std::vector<Matcher::Group>& groups = matcher_->groups;
  if (matcher_->shape.Has(attributes)) {
    attributes.Reserve(*entry.arena, attributes.size() + static_cast<uint32_t>(groups.size()));
    for (size_t i = 0; i < groups.size(); ++i) attributes.Append(*entry.arena, groups[i].key, values[i]);
    return absl::OkStatus();
  }
  bool all_new = true;
  for (const Matcher::Group& group : groups) all_new = all_new && attributes.Find(group.key) == nullptr;
  if (all_new) matcher_->shape.Learn(attributes, context().intern);
  for (size_t i = 0; i < groups.size(); ++i) attributes.Set(*entry.arena, groups[i].key, values[i]);
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, regex_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::RegexParser>());
}
