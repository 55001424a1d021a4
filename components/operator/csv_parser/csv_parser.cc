#include "operator/csv_parser/csv_parser.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "operator/csv_parser/csv_reader.h"
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
    size_t end = text.find(delimiter);
    f(text.substr(0, end));
    if (end == std::string_view::npos) return;
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

absl::StatusOr<Value> CsvParser::Parse(const Value& in, Entry& entry) {
  if (!in.is_string() && (in.kind() != ValueKind::kBytes || IsTime(in))) {
    return absl::InvalidArgumentError(absl::StrCat("type '", A(GoTypeName(in)), "' cannot be parsed as csv"));
  }
  fields_.clear();
  if (config_.ignore_quotes) {
    ForEachPart(in.string(), config_.delimiter, [this](std::string_view field) { fields_.emplace_back(field); });
  } else {
    OTELPIPE_RETURN_IF_ERROR(csv::ReadRow(in.string(), {config_.delimiter, config_.lazy_quotes}, fields_));
  }
  if (fields_.size() != header_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("wrong number of fields: expected ", header_.size(), ", found ", fields_.size()));
  }
  Map* map = entry.arena->New<Map>();
  map->Reserve(*entry.arena, static_cast<uint32_t>(fields_.size()));
  for (size_t i = 0; i < fields_.size(); ++i) {
    map->Set(*entry.arena, header_[i], Value::Str(entry.arena->Copy(fields_[i])));
  }
  return Value::OfMap(map);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, csv_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::CsvParser>());
}
