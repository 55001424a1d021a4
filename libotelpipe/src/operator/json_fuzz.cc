// Any bytes as JSON. What parses must come out as JSON that parses to the same value; text behind it changes nothing when it may be there; and what simdjson,
// which is strict, accepts must be accepted with the same value.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "otelpipe/operator/entry.h"
#include "otelpipe/operator/entry_json.h"
#include "otelpipe/operator/json.h"
#include "simdjson.h"

namespace {

using namespace otelpipe;

void Require(bool condition) {
  if (!condition) std::abort();
}

// Has a form in JSON that means the same: infinite numbers have none, and -0 is the integer 0.
bool Writable(const Value& v) {
  if (v.kind() == ValueKind::kDouble) return std::isfinite(v.number()) && !(v.number() == 0 && std::signbit(v.number()));
  if (v.is_list()) {
    for (const Value& item : v.list()) {
      if (!Writable(item)) return false;
    }
  }
  if (v.is_map()) {
    for (const KeyValue& kv : v.map()) {
      if (!Writable(kv.value)) return false;
    }
  }
  return true;
}

void Compare(const simdjson::dom::element& wanted, const Value& got) {
  using Type = simdjson::dom::element_type;
  switch (wanted.type()) {
    case Type::NULL_VALUE:
      return Require(got.is_empty());
    case Type::BOOL:
      return Require(got.kind() == ValueKind::kBool && got.boolean() == bool(wanted));
    case Type::STRING:
      return Require(got.is_string() && got.string() == std::string_view(wanted));
    case Type::INT64:
    case Type::UINT64:
    case Type::DOUBLE:
      return Require(got.kind() == ValueKind::kDouble && got.number() == double(wanted));
    case Type::ARRAY: {
      Require(got.is_list());
      size_t i = 0;
      for (simdjson::dom::element item : simdjson::dom::array(wanted)) {
        Require(i < got.list().size());
        Compare(item, got.list().begin()[i++]);
      }
      return Require(i == got.list().size());
    }
    case Type::OBJECT: {
      Require(got.is_map());
      // Of equal keys the last one counts.
      for (simdjson::dom::key_value_pair member : simdjson::dom::object(wanted)) {
        simdjson::dom::element last = member.value;
        for (simdjson::dom::key_value_pair other : simdjson::dom::object(wanted)) {
          if (other.key == member.key) last = other.value;
        }
        const Value* value = got.map().Find(member.key);
        Require(value != nullptr);
        Compare(last, *value);
      }
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (bool ints : {false, true}) {
    Arena arena;
    const absl::StatusOr<Value> value = ParseJson(text, arena, {.parse_ints = ints});
    if (!value.ok()) {
      Require(!value.status().message().empty());
      continue;
    }
    const absl::StatusOr<Value> trailing = ParseJson(text, arena, {.parse_ints = ints, .allow_trailing = true});
    Require(trailing.ok() && Equal(*trailing, *value));
    // Neither does text that follows.
    const std::string more = std::string(text) + " ]x";
    const absl::StatusOr<Value> followed = ParseJson(more, arena, {.parse_ints = ints, .allow_trailing = true});
    Require(followed.ok() && Equal(*followed, *value));
    const absl::StatusOr<Value> object = ParseJsonObject(text, arena, {.parse_ints = ints});
    Require(object.ok() == (value->is_map() || value->is_empty()));

    if (!Writable(*value)) continue;
    std::string first, second;
    AppendValueJson(first, *value, false);
    const absl::StatusOr<Value> again = ParseJson(first, arena, {.parse_ints = ints});
    Require(again.ok());
    AppendValueJson(second, *again, false);
    const absl::StatusOr<Value> last = ParseJson(second, arena, {.parse_ints = ints});
    Require(last.ok() && Equal(*last, *again));
    // Bytes that are no UTF-8 are written as \ufffd, and that as the character.
    if (first.find("\\ufffd") == std::string::npos) Require(first == second);
  }
  static auto* const parser = new simdjson::dom::parser;
  simdjson::dom::element strict;
  if (parser->parse(text.data(), text.size()).get(strict) != simdjson::SUCCESS) return 0;
  Arena arena;
  const absl::StatusOr<Value> value = ParseJson(text, arena);
  Require(value.ok());
  Compare(strict, *value);
  return 0;
}
