// Encoder: turns log records into Loki pushes, as the reference's `loki` exporter does: labels from hint attributes, lines as JSON,
// logfmt or raw text.
//
//   LokiEncoder encoder({.level = false});
//   for (LokiPush& push : encoder.Encode(logs, now)) Post(push.tenant, push.body);
//
// The data is only read: attributes that became labels and hint attributes are skipped while lines are written. Lines go straight
// into the message of their stream. What depends on the resource alone (labels, `resources` of JSON lines) is computed once per
// resource and distinct set of label values, so a record costs its line and no allocation.
//
// Order: tenants and streams as they first appear, entries of a stream as they arrive. Of two labels whose names become equal the one
// from the later source wins (defaults, then resource hints, then attribute hints, each in order).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/loki/hints.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/records.h"
#include "shared/loki/logfmt.h"
#include "shared/loki/push_writer.h"

namespace otelpipe {

// What is sent to one tenant.
struct LokiPush {
  std::string tenant;   // "" = no tenant header
  Buffer body;          // packed; empty when nothing could be converted
  size_t submitted = 0;
  size_t dropped = 0;   // records that have no valid line
};

class LokiEncoder {
 public:
  explicit LokiEncoder(LokiDefaultLabels labels);
  ~LokiEncoder();
  LokiEncoder(const LokiEncoder&) = delete;
  LokiEncoder& operator=(const LokiEncoder&) = delete;

  // One push per tenant; none for data without records. `now_unix_nano` is the time of records that have none. Nothing of the
  // result points into `data`.
  std::vector<LokiPush> Encode(const LogsData& data, uint64_t now_unix_nano);

 private:
  struct Shape;
  struct Variant;
  struct Group;

  void BeginResource(const Resource& resource);
  void BeginScope(const Scope& scope);
  void EncodeRecord(const LogRecord& record, uint64_t now);
  Variant& FindVariant(const LogRecord& record, const LokiHints& hints, std::string_view tenant);
  bool Fits(const Variant& variant, const LogRecord& record, const LokiHints& hints, std::string_view tenant);
  void BuildVariant(Variant& variant, const LogRecord& record, const LokiHints& hints, std::string_view tenant);
  std::string_view Tenant(const LogRecord& record, const LokiHints& hints) const;
  Group& GroupOf(std::string_view tenant);
  loki::PushStream* StreamOf(Group& group, std::string labels);
  const std::string* ResourceJson(Variant& variant);
  const Shape& ShapeOf(Variant& variant, const Map& attributes);

  bool WriteJson(loki::ByteBuffer& out, Variant& variant, const LogRecord& record);
  bool WriteLogfmt(loki::ByteBuffer& out, const Variant& variant, const LogRecord& record);
  void WriteText(loki::ByteBuffer& out, const Value& value);
  bool WriteJsonValue(loki::ByteBuffer& out, const Value& value);

  const LokiDefaultLabels labels_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<std::unique_ptr<loki::PushStream>> spare_streams_;

  // Of the current resource.
  const Resource* resource_ = nullptr;
  LokiHints resource_hints_;
  std::optional<LokiFormat> resource_format_;
  std::vector<std::unique_ptr<Variant>> variants_;
  size_t variant_count_ = 0;  // in use; the rest are kept for their memory
  size_t last_variant_ = 0;
  // Of the current scope: its part of JSON lines; nothing when a number in it is not finite.
  std::optional<std::string> scope_json_;
  const Scope* scope_ = nullptr;

  std::string scratch_;
  loki::LogfmtWriter logfmt_;
};

}  // namespace otelpipe
