#include "operator/csv_parser/csv_parser.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/text/csv_reader.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

bool IsOneCharacter(std::string_view text) {
  if (text.empty()) return false;
  size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
  return n == text.size();
}

template <typename F>
void ForEachPart(std::string_view text, std::string_view delimiter, F f) {
  for (;;) {
    size_t end = delimiter.size() == 1 ? text.find(delimiter[0]) : text.find(delimiter);
    f(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + delimiter.size());
  }
}

// The fields of one line in which quotes surround whole fields and stand nowhere else; false when there is more to it.
bool SplitPlainQuotes(std::string_view text, std::string_view delimiter, std::vector<std::string_view>& fields) {
  for (;;) {
    size_t end;
    if (!text.empty() && text[0] == '"') {
      const size_t quote = text.find('"', 1);
      if (quote == std::string_view::npos) return false;
      fields.push_back(text.substr(1, quote - 1));
      end = quote + 1;
      if (end == text.size()) return true;
      if (text.substr(end, delimiter.size()) != delimiter) return false;
    } else {
      end = delimiter.size() == 1 ? text.find(delimiter[0]) : text.find(delimiter);
      fields.push_back(text.substr(0, end));
      if (fields.back().find('"') != std::string_view::npos) return false;
      if (end == std::string_view::npos) return true;
    }
    text.remove_prefix(end + delimiter.size());
  }
}

}  // namespace

void CsvParser::Config::Describe(Fields<Config>& f) {
  f.InlineBase<ParserConfig>();
  f.Optional("header", &Config::header, "Names of the columns, with the delimiter between them; this or header_attribute.");
  f.Optional("header_attribute", &Config::header_attribute, "Name of the attribute that holds the header of each entry.");
  f.Optional("delimiter", &Config::delimiter, "One character between columns; a comma when unset.");
  f.Optional("header_delimiter", &Config::header_delimiter, "One character between names in the header; the delimiter when unset.");
  f.Optional("lazy_quotes", &Config::lazy_quotes, "Take stray quotes as text.");
  f.Optional("ignore_quotes", &Config::ignore_quotes, "Quotes have no meaning at all.");
}

CsvParser::CsvParser(const Config& config, OperatorContext context)
    : Parser(config, std::move(context)), config_(config) {
  if (config_.delimiter.empty()) config_.delimiter = ",";
  if (config_.header_delimiter.empty()) config_.header_delimiter = config_.delimiter;
}

absl::Status CsvParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Parser::Init());
  if (config_.ignore_quotes && config_.lazy_quotes) {
    AppendMistakes(errors, absl::InvalidArgumentError("only one of 'ignore_quotes' or 'lazy_quotes' can be true"));
  }
  if (!IsOneCharacter(config_.delimiter)) {
    AppendMistakes(errors, MistakeAt("delimiter", absl::StrCat("invalid 'delimiter': '", config_.delimiter, "'")));
  } else if (!IsOneCharacter(config_.header_delimiter)) {
    AppendMistakes(errors, MistakeAt("header_delimiter",
                                     absl::StrCat("invalid 'header_delimiter': '", config_.header_delimiter, "'")));
  }
  if (config_.header.empty() && config_.header_attribute.empty()) {
    AppendMistakes(errors, absl::InvalidArgumentError("missing required field 'header' or 'header_attribute'"));
  } else if (!config_.header.empty() && !config_.header_attribute.empty()) {
    AppendMistakes(errors,
                   absl::InvalidArgumentError("only one header parameter can be set: 'header' or 'header_attribute'"));
  } else if (!config_.header.empty()) {
    if (config_.header.find(config_.header_delimiter) == std::string::npos) {
      AppendMistakes(errors, MistakeAt("header", "missing field delimiter in header"));
    }
    SetHeader(config_.header);
  }
  return MistakesToStatus(errors);
}

void CsvParser::SetHeader(std::string_view header) {
  header_text_ = std::string(header);
  header_.clear();
  ForEachPart(header_text_, config_.header_delimiter,
              [this](std::string_view name) { header_.push_back(context().intern(name)); });
  shape_ = KeyShape();
  std::set<std::string_view> names(header_.begin(), header_.end());
  repeated_names_ = names.size() != header_.size();
}

absl::Status CsvParser::Process(Entry& entry) {
  if (!config_.header_attribute.empty()) {
    // Before `if`, and without on_error: the reference loses such an entry.
    const Value* header = entry.attributes.Find(config_.header_attribute);
    absl::Status status;
    if (header == nullptr) {
      status = absl::InvalidArgumentError(
          absl::StrCat("failed to read dynamic header attribute ", config_.header_attribute));
      log().Error("read dynamic header attribute", {{"attribute", config_.header_attribute}});
    } else if (!header->is_string()) {
      status = absl::InvalidArgumentError(absl::StrCat("header is expected to be a string but is ", A(GoTypeName(*header))));
    }
    if (!status.ok()) return status;
    if (header->string() != header_text_ || header_.empty()) SetHeader(header->string());
  }
  return Parser::Process(entry);
}

absl::Status CsvParser::Split(const Value& in, Arena& arena) {
  if (!in.is_string() && (in.kind() != ValueKind::kBytes || IsTime(in))) {
    return absl::InvalidArgumentError(absl::StrCat("type '", A(GoTypeName(in)), "' cannot be parsed as csv"));
  }
  std::string_view text = in.string();
  fields_.clear();
  auto has = [text](char c) { return text.find(c) != std::string_view::npos; };
  const bool one_line = !text.empty() && !has('\n') && !has('\r');
  if (config_.ignore_quotes || (one_line && !has('"'))) {
    // Nothing but delimiters has a meaning: the fields are views into the text.
    ForEachPart(text, config_.delimiter, [this](std::string_view field) { fields_.push_back(field); });
  } else if (!one_line || !SplitPlainQuotes(text, config_.delimiter, fields_)) {
    fields_.clear();
    OTELPIPE_RETURN_IF_ERROR(csv::ReadRow(text, {config_.delimiter, config_.lazy_quotes}, row_));
    for (const std::string& field : row_) fields_.push_back(arena.Copy(field));
  }
  if (fields_.size() != header_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("wrong number of fields: expected ", header_.size(), ", found ", fields_.size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> CsvParser::Parse(const Value& in, Entry& entry) {
  OTELPIPE_RETURN_IF_ERROR(Split(in, *entry.arena));
  Map* map = entry.arena->New<Map>();
  map->Reserve(*entry.arena, static_cast<uint32_t>(fields_.size()));
  for (size_t i = 0; i < fields_.size(); ++i) map->Set(*entry.arena, header_[i], Value::Str(fields_[i]));
  return Value::OfMap(map);
}

absl::Status CsvParser::ParseToAttributes(const Value& in, Entry& entry) {
  OTELPIPE_RETURN_IF_ERROR(Split(in, *entry.arena));
  entry.has_attributes = true;
  Map& attributes = entry.attributes;
  attributes.Reserve(*entry.arena, attributes.size() + static_cast<uint32_t>(fields_.size()));
  if (shape_.Has(attributes)) {
    for (size_t i = 0; i < fields_.size(); ++i) attributes.Append(*entry.arena, header_[i], Value::Str(fields_[i]));
    return absl::OkStatus();
  }
  bool all_new = !repeated_names_;
  for (std::string_view name : header_) all_new = all_new && attributes.Find(name) == nullptr;
  if (all_new) shape_.Learn(attributes, context().intern);
  for (size_t i = 0; i < fields_.size(); ++i) attributes.Set(*entry.arena, header_[i], Value::Str(fields_[i]));
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, csv_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::CsvParser>());
}
