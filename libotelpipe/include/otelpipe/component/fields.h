// Fields: the one table that says what a component's YAML holds. It drives decoding, defaults, errors with places, the
// JSON schema and the documentation.
//
//   struct Config {
//     std::string endpoint;
//     absl::Duration timeout = absl::Seconds(5);
//     TlsConfig tls;                                   // a nested struct with its own Describe
//     std::optional<QueueConfig> sending_queue;        // present or not
//     static void Describe(Fields<Config>& f) {
//       f.Required("endpoint", &Config::endpoint, "Where to send, as URL.");
//       f.Optional("timeout", &Config::timeout, "Limit of one request.");
//       f.Optional("tls", &Config::tls, "TLS of the connection.");
//       f.Optional("sending_queue", &Config::sending_queue, "Queue before the sender.");
//       f.Unsupported("proxy_url", "set the HTTPS_PROXY environment variable instead");
//       f.Validate([](const Config& c) { return c.timeout < absl::ZeroDuration()
//           ? absl::InvalidArgumentError("'timeout' must be non-negative") : absl::OkStatus(); });
//     }
//   };
//
// The default of a field is what a value-initialised Config holds. Supported member types: bool, integers, double, std::string, absl::Duration,
// ByteSize, ConfigNode (any value), ComponentId, structs with Describe, std::optional<T>, std::vector<T>, std::map<std::string, T>,
// std::unique_ptr<T> of such a struct (recursive shapes), and any T with an overload `void DecodeField(const ConfigNode&, T&, DecodeContext&)` found by ADL.
//
// Rules of decoding are the reference's (spec of the collector): no weak typing, null keeps the default of blocks and zeroes
// scalars, an integer as duration means nanoseconds, text for a list of texts splits at commas.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "otelpipe/component/config_node.h"
#include "otelpipe/component/ids.h"

namespace otelpipe {

// A size in bytes: `1048576`, `1MiB`, `2.5 kb` (stanza.md 1.2).
struct ByteSize {
  int64_t bytes = 0;
};

class Registry;

// Collects errors of one decoding run and knows where it is. Path elements are shown as `a::b::0` (ConfigError::path) and, in
// the message, as the reference does: 'protocols.http', 'operators[0]'.
class DecodeContext {
 public:
  DecodeContext(std::vector<ConfigError>* errors, std::string base_path, std::string subject)
      : errors_(errors), base_path_(std::move(base_path)), subject_(std::move(subject)) {}

  // Records an error at `node` under the current path.
  void Error(const ConfigNode& node, std::string_view what, std::string_view hint = "");
  void ErrorAt(const Location& location, std::string_view what, std::string_view hint = "");
  void Warn(const Location& location, std::string_view what, std::string_view hint = "");
  // A failed check of a whole block: its message stands without the dotted path, as the reference prints it. Errors with places of their own
  // (ConfigErrorsToStatus) keep them, their paths are below the current one.
  void Invalid(const Location& location, const absl::Status& status);
  // Errors so far, warnings not counted.
  size_t error_count() const;

  // Path scope: `DecodeContext::In scope(context, "tls")`.
  class In {
   public:
    In(DecodeContext& context, std::string_view key) : context_(context) {
      context_.path_.push_back({std::string(key), Element::kKey});
    }
    In(DecodeContext& context, size_t index) : context_(context) {
      context_.path_.push_back({std::to_string(index), Element::kIndex});
    }
    // An entry of a map whose keys the user chooses: shown as `pipelines[logs]`.
    static In MapKey(DecodeContext& context, std::string_view key) {
      return In(context, key, AsIndex{});
    }
    ~In() { context_.path_.pop_back(); }
    In(const In&) = delete;

   private:
    struct AsIndex {};
    In(DecodeContext& context, std::string_view key, AsIndex) : context_(context) {
      context_.path_.push_back({std::string(key), Element::kIndex});
    }
    DecodeContext& context_;
  };

  // Types known to the service, for values that name components or operators. Null in tests that need none.
  const Registry* registry = nullptr;
  // Unknown keys become warnings below this point: the reference ignores them there (operators).
  bool tolerate_unknown_keys = false;
  std::string colon_path() const;   // "receivers::otlp::protocols::http"
  std::string dotted_path() const;  // "protocols.http"

 private:
  friend class In;
  struct Element {
    enum Style { kKey, kIndex };
    std::string name;
    Style style;
  };
  std::string Subject() const;
  std::vector<ConfigError>* errors_;
  std::string base_path_;
  std::string subject_;  // `"otlp" receiver`, or empty
  std::vector<Element> path_;
};

template <typename C>
class Fields;

template <typename C>
concept Described = requires(Fields<C>& f) { C::Describe(f); };

// One row of the table, without its type.
struct FieldInfo {
  std::string key;
  std::string doc;
  std::string type;           // "string", "duration", "block", "list of string" ...
  std::string default_value;  // YAML text; "" for blocks and required fields
  bool required = false;
  std::string unsupported;  // the reason, when the key is known but refused
  std::string replaced_by;  // the new name, when the key is an alias
  std::vector<FieldInfo> children;
};

// --- decoding of each member type
void DecodeField(const ConfigNode& node, bool& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, int32_t& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, int64_t& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, uint16_t& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, uint32_t& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, uint64_t& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, double& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, std::string& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, absl::Duration& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, ByteSize& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, ComponentId& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, ConfigNode& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, std::vector<std::string>& out, DecodeContext& context);
template <typename T>
void DecodeField(const ConfigNode& node, std::optional<T>& out, DecodeContext& context);
template <typename T>
void DecodeField(const ConfigNode& node, std::unique_ptr<T>& out, DecodeContext& context);
template <typename T>
void DecodeField(const ConfigNode& node, std::vector<T>& out, DecodeContext& context);
template <typename T>
void DecodeField(const ConfigNode& node, std::map<std::string, T>& out, DecodeContext& context);
template <Described C>
void DecodeField(const ConfigNode& node, C& out, DecodeContext& context);

namespace internal {

// Shared, untemplated part of decoding a block.
struct FieldRow {
  FieldInfo info;
  std::function<void(const ConfigNode&, void*, DecodeContext&)> decode;  // null for unsupported keys
};
struct FieldTable {
  std::vector<FieldRow> rows;
  std::vector<std::function<absl::Status(const void*)>> validators;
  bool allow_unknown = false;
};
void DecodeTable(const ConfigNode& node, const FieldTable& table, void* out, DecodeContext& context);
void ReportWrongType(const ConfigNode& node, std::string_view expected, DecodeContext& context);

std::string DescribeValue(bool v);
std::string DescribeValue(int64_t v);
std::string DescribeValue(double v);
std::string DescribeValue(const std::string& v);
std::string DescribeValue(absl::Duration v);

template <typename T>
struct TypeText {
  static std::string Name() { return "value"; }
};
template <> struct TypeText<bool> { static std::string Name() { return "bool"; } };
template <> struct TypeText<int32_t> { static std::string Name() { return "int"; } };
template <> struct TypeText<int64_t> { static std::string Name() { return "int"; } };
template <> struct TypeText<uint16_t> { static std::string Name() { return "uint"; } };
template <> struct TypeText<uint32_t> { static std::string Name() { return "uint"; } };
template <> struct TypeText<uint64_t> { static std::string Name() { return "uint"; } };
template <> struct TypeText<double> { static std::string Name() { return "number"; } };
template <> struct TypeText<std::string> { static std::string Name() { return "string"; } };
template <> struct TypeText<absl::Duration> { static std::string Name() { return "duration"; } };
template <> struct TypeText<ByteSize> { static std::string Name() { return "bytes"; } };
template <> struct TypeText<ComponentId> { static std::string Name() { return "id"; } };
template <> struct TypeText<ConfigNode> { static std::string Name() { return "any"; } };
template <typename T>
struct TypeText<std::vector<T>> { static std::string Name() { return "list of " + TypeText<T>::Name(); } };
template <typename T>
struct TypeText<std::map<std::string, T>> { static std::string Name() { return "map of " + TypeText<T>::Name(); } };
template <Described C>
struct TypeText<C> { static std::string Name() { return "block"; } };
template <typename T>
struct TypeText<std::optional<T>> { static std::string Name() { return TypeText<T>::Name(); } };
template <typename T>
struct TypeText<std::unique_ptr<T>> { static std::string Name() { return "block"; } };

template <typename T>
struct BlockOf { using type = void; };
template <Described C>
struct BlockOf<C> { using type = C; };
template <typename T>
struct BlockOf<std::optional<T>> : BlockOf<T> {};
template <typename T>
struct BlockOf<std::vector<T>> : BlockOf<T> {};
template <typename T>
struct BlockOf<std::map<std::string, T>> : BlockOf<T> {};

}  // namespace internal

// Builds the table of C. See the top of this file.
template <typename C>
class Fields {
 public:
  template <typename T, typename B>
    requires std::is_base_of_v<B, C>
  Fields& Optional(std::string_view key, T B::*member, std::string_view doc) {
    return Add(key, member, doc, false);
  }
  // An absent (or null) key is the error `missing required field 'key'`. For fields whose absence the reference words in its own way
  // use Optional and Validate.
  template <typename T, typename B>
    requires std::is_base_of_v<B, C>
  Fields& Required(std::string_view key, T B::*member, std::string_view doc) {
    return Add(key, member, doc, true);
  }
  // A text member that must be one of `values` (compared without case when `any_case`). The error is `message_prefix` + the value in quotes:
  // OneOf("verbosity", &C::verbosity, {"basic", "normal"}, "unknown verbosity ", "...").
  Fields& OneOf(std::string_view key, std::string C::*member, std::vector<std::string> values, std::string message_prefix,
                std::string_view doc, bool any_case = false);
  // The keys of a member struct appear beside our own (`,squash` upstream).
  template <Described B>
  Fields& Inline(B C::*member);
  // The keys of a base class.
  template <Described B>
    requires std::is_base_of_v<B, C>
  Fields& InlineBase();
  // An older spelling; decodes into the member of `key` and adds one notice.
  Fields& Alias(std::string_view old_key, std::string_view key);
  // A key the reference has and we do not: using it is the error `key is not supported: <why>`. A null value is no use.
  Fields& Unsupported(std::string_view key, std::string_view why);
  // Known, accepted, without effect by design (`why` goes to the docs).
  Fields& Ignored(std::string_view key, std::string_view why);
  // Checked after decoding, when the block itself had no error. The message is reported at the block.
  Fields& Validate(std::function<absl::Status(const C&)> check);
  // Keys that are not in the table are left alone (for blocks that decode the rest by hand).
  Fields& AllowUnknown() {
    table_.allow_unknown = true;
    return *this;
  }

  internal::FieldTable& table() { return table_; }

 private:
  template <typename T, typename B>
  Fields& Add(std::string_view key, T B::*member, std::string_view doc, bool required);
  internal::FieldTable table_;
};

// The table of C, built once.
template <Described C>
const internal::FieldTable& TableOf() {
  static const internal::FieldTable table = [] {
    Fields<C> fields;
    C::Describe(fields);
    return std::move(fields.table());
  }();
  return table;
}

// The rows for documentation and schema.
template <Described C>
std::vector<FieldInfo> DescribeFields() {
  std::vector<FieldInfo> out;
  for (const internal::FieldRow& row : TableOf<C>().rows) out.push_back(row.info);
  return out;
}

}  // namespace otelpipe

#include "otelpipe/component/fields_inl.h"  // IWYU pragma: export
