#include "operator/key_value_parser/key_value_parser.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe {
namespace {

// The length of the white space (Unicode, as Go counts it) that `text` begins with, one character.
size_t SpaceAt(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned c = byte(0);
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  if (c == 0xC2 && (byte(1) == 0x85 || byte(1) == 0xA0)) return 2;
  if (c == 0xE1 && byte(1) == 0x9A && byte(2) == 0x80) return 3;
  if (c == 0xE2 && byte(1) == 0x80 && ((byte(2) >= 0x80 && byte(2) <= 0x8A) || byte(2) == 0xA8 || byte(2) == 0xA9 || byte(2) == 0xAF)) {
    return 3;
  }
  if (c == 0xE2 && byte(1) == 0x81 && byte(2) == 0x9F) return 3;
  if (c == 0xE3 && byte(1) == 0x80 && byte(2) == 0x80) return 3;
  return 0;
}

std::string_view Trim(std::string_view text) {
  while (size_t n = SpaceAt(text)) text.remove_prefix(n);
  for (bool again = true; again && !text.empty();) {
    again = false;
    for (size_t n = 1; n <= 3 && n <= text.size(); ++n) {
      if (SpaceAt(text.substr(text.size() - n)) == n) {
        text.remove_suffix(n);
        again = true;
        break;
      }
    }
  }
  return text;
}

}  // namespace

void KeyValueParser::Config::Describe(Fields<Config>& f) {
  f.InlineBase<ParserConfig>();
  f.Optional("delimiter", &Config::delimiter, "Text between a key and its value.");
  f.Optional("pair_delimiter", &Config::pair_delimiter, "Text between pairs.");
}

KeyValueParser::KeyValueParser(const Config& config, OperatorContext context)
    : Parser(config, std::move(context)),
      delimiter_(config.delimiter),
      pair_delimiter_(config.pair_delimiter.empty() ? " " : config.pair_delimiter) {}

absl::Status KeyValueParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Parser::Init());
  if (delimiter_.empty()) {
    AppendMistakes(errors, MistakeAt("delimiter", "delimiter is a required parameter"));
  } else if (delimiter_ == pair_delimiter_) {
    AppendMistakes(errors, MistakeAt("delimiter", "delimiter and pair_delimiter cannot be the same value"));
  }
  return MistakesToStatus(errors);
}

void KeyValueParser::AddPair(std::string_view pair, Map& map, Arena& arena, std::string& faults) const {
  size_t at = pair.find(delimiter_);
  if (at == std::string_view::npos) {
    std::string quoted;
    AppendJsonString(quoted, pair, false);
    absl::StrAppend(&faults, faults.empty() ? "" : "; ", "cannot split ", quoted, " into 2 items, got 1 item(s)");
    return;
  }
  map.Set(arena, Trim(pair.substr(0, at)), Value::Str(Trim(pair.substr(at + delimiter_.size()))));
}

absl::StatusOr<Value> KeyValueParser::Parse(const Value& in, Entry& entry) {
  if (!in.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("type ", A(GoTypeName(in)), " cannot be parsed as key value pairs"));
  }
  std::string_view text = in.string();
  if (text.empty()) return absl::InvalidArgumentError("parse from field body is empty");
  Arena& arena = *entry.arena;
  Map* map = arena.New<Map>();
  std::string faults;
  // Where a pair holds no quotes it stays a view; quotes are taken out in a copy.
  char quote = 0;
  bool escaped = false;
  size_t begin = 0;
  char* copy = nullptr;
  size_t copied = 0;
  auto end_pair = [&](size_t end) {
    std::string_view pair = copy != nullptr ? std::string_view(copy, copied) : text.substr(begin, end - begin);
    if (!pair.empty()) AddPair(pair, *map, arena, faults);
    copy = nullptr;
    copied = 0;
    // `escaped` stays: a backslash before a pair delimiter protects a quote behind it, as in the reference.
  };
  for (size_t i = 0; i < text.size();) {
    if (quote == 0 && text.compare(i, pair_delimiter_.size(), pair_delimiter_) == 0) {
      end_pair(i);
      i += pair_delimiter_.size();
      begin = i;
      continue;
    }
    char c = text[i];
    bool drop = (c == '\'' || c == '"') && !escaped && (quote == 0 || quote == c);
    if (drop) {
      quote = quote == 0 ? c : 0;
      if (copy == nullptr) {
        copy = static_cast<char*>(arena.Allocate(text.size() - begin, 1));
        copied = i - begin;
        std::memcpy(copy, text.data() + begin, copied);
      }
    } else if (copy != nullptr) {
      copy[copied++] = c;
    }
    escaped = c == '\\' && !escaped;
    ++i;
  }
  if (quote != 0) {
    return absl::InvalidArgumentError("failed to parse pairs from input: never reached the end of a quoted value");
  }
  end_pair(text.size());
  if (!faults.empty()) return absl::InvalidArgumentError(faults);
  return Value::OfMap(map);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, key_value_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::KeyValueParser>());
}
