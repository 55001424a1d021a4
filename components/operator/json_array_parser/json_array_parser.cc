#include "operator/json_array_parser/json_array_parser.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/json.h"

namespace otelpipe {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The end of the element that begins at `at`, in text that is known to be an array.
size_t EndOfElement(std::string_view text, size_t at) {
  int depth = 0;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (depth == 0 && (c == ',' || c == ']')) return at;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  return at;
}

std::string WithoutSpaces(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (!quoted && IsSpace(c)) continue;
    out += c;
    if (quoted && c == '\\' && i + 1 < text.size()) {
      out += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    }
  }
  return out;
}

}  // namespace

void JsonArrayParser::Config::Describe(Fields<Config>& f) {
  f.InlineBase<ParserConfig>();
  f.Optional("header", &Config::header, "Names of the elements with commas between them; the result is then a map.");
}

JsonArrayParser::JsonArrayParser(const Config& config, OperatorContext context) : Parser(config, std::move(context)) {
  std::string_view rest = config.header;
  while (!config.header.empty()) {
    size_t end = rest.find(',');
    header_.push_back(this->context().intern(rest.substr(0, end)));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
}

absl::StatusOr<Value> JsonArrayParser::Parse(const Value& in, Entry& entry) {
  if (!in.is_string() && (in.kind() != ValueKind::kBytes || IsTime(in))) {
    return absl::InvalidArgumentError(absl::StrCat("type '", A(GoTypeName(in)), "' cannot be parsed as json array"));
  }
  Arena& arena = *entry.arena;
  absl::Status failed = absl::InvalidArgumentError("failed to parse entry");
  absl::StatusOr<Value> parsed = ParseJson(in.string(), arena, {.parse_ints = true});
  if (!parsed.ok()) return failed;
  List* list = arena.New<List>();
  if (parsed->is_list()) {
    std::string_view text = in.string();
    size_t at = text.find('[') + 1;
    for (const Value& element : parsed->list()) {
      size_t end = EndOfElement(text, at);
      switch (element.kind()) {
        case ValueKind::kList: return failed;
        case ValueKind::kMap:
          list->Add(arena) = Value::Str(arena.Copy(WithoutSpaces(text.substr(at, end - at))));
          break;
        case ValueKind::kDouble: {
          // The reference reads whole numbers only, everything else becomes 0.
          Value zero = Value::Int(0);
          zero.set_tag(kTagInt64);
          list->Add(arena) = zero;
          break;
        }
        default: list->Add(arena) = element; break;
      }
      at = end + 1;
    }
  }
  if (header_.empty()) return Value::OfList(list);
  if (list->size() != header_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("wrong number of fields: expected ", header_.size(), ", found ", list->size()));
  }
  Map* map = arena.New<Map>();
  for (size_t i = 0; i < header_.size(); ++i) map->Set(arena, header_[i], (*list)[i]);
  return Value::OfMap(map);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, json_array_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::JsonArrayParser>());
}
