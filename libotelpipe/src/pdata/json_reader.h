// Reads OTLP/JSON with simdjson's on-demand API and the reference's rules for each kind of member. Scalars are read from their raw
// tokens: the reference is laxer than JSON in some places (numbers in texts, lone surrogates) and stricter in others (no null, no 1.0
// for integers). Failures throw JsonError inside the room.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "otelpipe/pdata/records.h"
#include "simdjson.h"

namespace otelpipe::internal {

struct JsonError {
  std::string reason;
  const char* at = nullptr;  // in the text being parsed, or null
};

using JsonValue = simdjson::ondemand::value;

class JsonReader {
 public:
  explicit JsonReader(Arena& arena) : arena_(arena) {}
  Arena& arena() const { return arena_; }

  // Calls member(name, value) for each member, the name in lowerCamelCase even when written in snake_case. null has no members.
  template <typename F>
  void Object(JsonValue value, F member) {
    std::string_view token = Token(value);
    if (token[0] == 'n') return ExpectNull(token, "expect { or n, but found ");
    if (token[0] != '{') Fail(std::string("expect { or n, but found ") + token[0], token.data());
    simdjson::ondemand::object object;
    Check(value.get_object().get(object), token.data());
    Members(object, member);
  }
  template <typename F>
  void Members(simdjson::ondemand::object& object, F member) {
    for (auto result : object) {
      simdjson::ondemand::field field;
      Check(std::move(result).get(field), nullptr);
      std::string_view key;
      Check(field.unescaped_key().get(key), nullptr);
      NameBuffer buffer;
      member(CamelCase(key, buffer), field.value());
    }
  }
  // Calls element(value) for each element. null has none.
  template <typename F>
  void Array(JsonValue value, F element) {
    std::string_view token = Token(value);
    if (token[0] == 'n') return ExpectNull(token, "expect [ or n, but found ");
    if (token[0] != '[') Fail(std::string("expect [ or n, but found ") + token[0], token.data());
    simdjson::ondemand::array array;
    Check(value.get_array().get(array), token.data());
    for (auto result : array) {
      JsonValue item;
      Check(std::move(result).get(item), token.data());
      element(item);
    }
  }

  // Texts are copied into the arena.
  std::string_view Text(JsonValue value);
  std::string_view Base64(JsonValue value);
  bool Bool(JsonValue value);
  int64_t Int64(JsonValue value);
  uint64_t Uint64(JsonValue value);
  int32_t Int32(JsonValue value);
  uint32_t Uint32(JsonValue value);
  // A number, not a text.
  int32_t PlainInt32(JsonValue value);
  double Double(JsonValue value);
  void Id(JsonValue value, TraceId& id) { ReadId(value, id.bytes.data(), id.bytes.size(), "trace_id"); }
  void Id(JsonValue value, SpanId& id, const char* name = "span_id") {
    ReadId(value, id.bytes.data(), id.bytes.size(), name);
  }
  // A number, or one of the names, each `prefix` followed by an element of `names`, whose index is the value.
  template <size_t N>
  int32_t Enum(JsonValue value, std::string_view prefix, const std::array<std::string_view, N>& names) {
    std::string_view token = Token(value);
    if (token[0] != '"') return PlainInt32(value);
    std::string_view text = Quoted(token);
    if (text.substr(0, prefix.size()) == prefix) {
      for (size_t i = 0; i < N; ++i) {
        if (text.substr(prefix.size()) == names[i]) return static_cast<int32_t>(i);
      }
    }
    Fail("unknown string value " + std::string(text), token.data());
  }

  [[noreturn]] static void Fail(std::string reason, const char* at) { throw JsonError{std::move(reason), at}; }

 private:
  using NameBuffer = std::array<char, 48>;

  static void Check(simdjson::error_code error, const char* at) {
    if (error != simdjson::SUCCESS) [[unlikely]] Fail(simdjson::error_message(error), at);
  }
  // The raw text of a scalar, or the bracket; never empty.
  static std::string_view Token(JsonValue& value) {
    std::string_view token = value.raw_json_token();
    while (token.size() > 1 && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
    return token;
  }
  // The inside of a text token without escapes to resolve: names and numbers.
  static std::string_view Quoted(std::string_view token);
  static void ExpectNull(std::string_view token, const char* expected);
  static std::string_view CamelCase(std::string_view key, NameBuffer& buffer);
  void ReadId(JsonValue value, uint8_t* bytes, size_t size, const char* name);

  Arena& arena_;
};

}  // namespace otelpipe::internal
