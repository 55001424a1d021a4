#include "shared/loki/push_reader.h"

#include <simdjson.h>
#include <snappy.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "otelpipe/base/status_macros.h"
#include "shared/loki/labels.h"

namespace otelpipe::loki {
namespace {

using LabelList = std::vector<std::pair<std::string, std::string>>;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

// Makes the records. One per request.
class Builder {
 public:
  Builder(const PushReadOptions& options, LogsData& out) : options_(options), out_(out) {}

  // Starts a stream; its labels are stored once and shared by its records.
  void Stream(LabelList labels) {
    labels_.clear();
    for (auto& [name, value] : labels) {
      if (name.starts_with("__")) continue;
      labels_.emplace_back(out_.arena.Copy(name), out_.arena.Copy(value));
    }
  }
  // The texts must live as long as the arena.
  void Entry(std::optional<uint64_t> time, std::string_view line, const Pairs& metadata) {
    LogRecord& record = Scope().records.Add(out_.arena);
    record.observed_time_unix_nano = options_.now_unix_nano;
    record.time_unix_nano = options_.use_incoming_timestamp && time ? *time : options_.now_unix_nano;
    record.body = Value::Str(line);
    record.attributes.Reserve(out_.arena, static_cast<uint32_t>(labels_.size() + metadata.size()));
    for (const auto& [name, value] : labels_) record.attributes.Append(out_.arena, name, Value::Str(value));
    for (const auto& [name, value] : metadata) record.attributes.Set(out_.arena, name, Value::Str(value));
  }
  void BadLabels(const absl::Status& status) {
    ++bad_streams_;
    last_error_ = status;
  }
  absl::Status Finish() const {
    if (bad_streams_ == 0) return absl::OkStatus();
    return Annotate(last_error_, std::to_string(bad_streams_) + " entries failed to process, the last error: ");
  }

 private:
  ScopeLogs& Scope() {
    if (scope_ == nullptr) scope_ = &out_.resources.Add(out_.arena).scopes.Add(out_.arena);
    return *scope_;
  }
  const PushReadOptions& options_;
  LogsData& out_;
  ScopeLogs* scope_ = nullptr;
  Pairs labels_;
  int bad_streams_ = 0;
  absl::Status last_error_;
};

std::string_view View(protozero::data_view v) { return {v.data(), v.size()}; }

void ReadEntry(protozero::pbf_reader entry, Builder& builder) {
  std::optional<uint64_t> time;
  std::string_view line;
  Pairs metadata;
  while (entry.next()) {
    if (entry.tag() == 1 && entry.wire_type() == protozero::pbf_wire_type::length_delimited) {
      int64_t seconds = 0, nanos = 0;
      protozero::pbf_reader stamp = entry.get_message();
      while (stamp.next()) {
        if (stamp.tag() == 1 && stamp.wire_type() == protozero::pbf_wire_type::varint) {
          seconds = stamp.get_int64();
        } else if (stamp.tag() == 2 && stamp.wire_type() == protozero::pbf_wire_type::varint) {
          nanos = stamp.get_int32();
        } else {
          stamp.skip();
        }
      }
      // Unsigned: an absurd time wraps around, as it does in the reference.
      time = static_cast<uint64_t>(seconds) * 1000000000u + static_cast<uint64_t>(nanos);
    } else if (entry.tag() == 2 && entry.wire_type() == protozero::pbf_wire_type::length_delimited) {
      line = View(entry.get_view());
    } else if (entry.tag() == 3 && entry.wire_type() == protozero::pbf_wire_type::length_delimited) {
      protozero::pbf_reader pair = entry.get_message();
      std::string_view name, value;
      while (pair.next()) {
        const bool text = pair.wire_type() == protozero::pbf_wire_type::length_delimited;
        if (pair.tag() == 1 && text) {
          name = View(pair.get_view());
        } else if (pair.tag() == 2 && text) {
          value = View(pair.get_view());
        } else {
          pair.skip();
        }
      }
      metadata.emplace_back(name, value);
    } else {
      entry.skip();
    }
  }
  builder.Entry(time, line, metadata);
}

void ReadStream(protozero::pbf_reader stream, Builder& builder) {
  // The labels may stand behind the entries on the wire, so they are looked for first.
  std::string_view labels;
  bool has_entries = false;
  for (protozero::pbf_reader look = stream; look.next();) {
    if (look.tag() == 1 && look.wire_type() == protozero::pbf_wire_type::length_delimited) {
      labels = View(look.get_view());
    } else {
      has_entries |= look.tag() == 2;
      look.skip();
    }
  }
  if (!has_entries) return;
  auto parsed = ParseLabels(labels);
  if (!parsed.ok()) return builder.BadLabels(parsed.status());
  builder.Stream(*std::move(parsed));
  while (stream.next()) {
    if (stream.tag() == 2 && stream.wire_type() == protozero::pbf_wire_type::length_delimited) {
      ReadEntry(stream.get_message(), builder);
    } else {
      stream.skip();
    }
  }
}

absl::Status BadJson(std::string_view what) {
  return absl::InvalidArgumentError("invalid push request: " + std::string(what));
}

absl::StatusOr<std::string_view> Text(simdjson::dom::element element, std::string_view what) {
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) return BadJson(std::string(what) + " must be a string");
  return text;
}

absl::Status ReadLabelObject(simdjson::dom::element element, LabelList& out) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return BadJson("\"stream\" must be an object");
  for (auto [name, value] : object) {
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, Text(value, "a label value"));
    out.emplace_back(std::string(name), std::string(text));
  }
  std::sort(out.begin(), out.end());
  return absl::OkStatus();
}

absl::Status ReadMetadata(simdjson::dom::element element, Arena& arena, Pairs& out) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return BadJson("structured metadata must be an object");
  for (auto [name, value] : object) {
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, Text(value, "a value of structured metadata"));
    out.emplace_back(arena.Copy(name), arena.Copy(text));
  }
  return absl::OkStatus();
}

// ["<nanoseconds>", "line", {metadata}]
absl::Status ReadValue(simdjson::dom::element element, Arena& arena, Builder& builder) {
  simdjson::dom::array array;
  if (element.get(array) != simdjson::SUCCESS) return BadJson("a value must be an array");
  std::optional<uint64_t> time;
  std::string_view line;
  Pairs metadata;
  size_t i = 0;
  for (simdjson::dom::element item : array) {
    if (i == 0) {
      OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, Text(item, "a timestamp"));
      int64_t nanos = 0;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), nanos);
      if (error != std::errc() || end != text.data() + text.size()) return BadJson("a timestamp must be a number of nanoseconds");
      time = static_cast<uint64_t>(nanos);
    } else if (i == 1) {
      OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, Text(item, "a line"));
      line = arena.Copy(text);
    } else if (i == 2) {
      OTELPIPE_RETURN_IF_ERROR(ReadMetadata(item, arena, metadata));
    }
    ++i;
  }
  builder.Entry(time, line, metadata);
  return absl::OkStatus();
}

// {"ts": "<RFC 3339>", "line": "..."}
absl::Status ReadOldEntry(simdjson::dom::element element, Arena& arena, Builder& builder) {
  std::optional<uint64_t> time;
  std::string_view line;
  simdjson::dom::element member;
  for (const char* key : {"ts", "timestamp"}) {
    if (element[key].get(member) != simdjson::SUCCESS) continue;
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, Text(member, "a timestamp"));
    absl::Time parsed;
    std::string why;
    if (!absl::ParseTime(absl::RFC3339_full, std::string(text), &parsed, &why)) return BadJson("a timestamp must be in RFC 3339");
    time = static_cast<uint64_t>(absl::ToUnixNanos(parsed));
  }
  if (element["line"].get(member) == simdjson::SUCCESS) {
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, Text(member, "a line"));
    line = arena.Copy(text);
  }
  builder.Entry(time, line, {});
  return absl::OkStatus();
}

absl::Status ReadJsonStream(simdjson::dom::element stream, Arena& arena, Builder& builder) {
  if (!stream.is_object()) return BadJson("a stream must be an object");
  simdjson::dom::element entries, member;
  const bool old = stream["entries"].get(entries) == simdjson::SUCCESS;
  if (!old && (stream["values"].get(entries) != simdjson::SUCCESS || entries.is_null())) return absl::OkStatus();
  simdjson::dom::array list;
  if (entries.get(list) != simdjson::SUCCESS) return BadJson(old ? "\"entries\" must be an array" : "\"values\" must be an array");
  if (list.begin() == list.end()) return absl::OkStatus();

  LabelList labels;
  if (stream["stream"].get(member) == simdjson::SUCCESS) {
    OTELPIPE_RETURN_IF_ERROR(ReadLabelObject(member, labels));
  } else if (stream["labels"].get(member) == simdjson::SUCCESS) {
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, Text(member, "\"labels\""));
    auto parsed = ParseLabels(text);
    if (!parsed.ok()) {
      builder.BadLabels(parsed.status());
      return absl::OkStatus();
    }
    labels = *std::move(parsed);
  }
  builder.Stream(std::move(labels));
  for (simdjson::dom::element entry : list) {
    if (entry.is_null()) continue;
    OTELPIPE_RETURN_IF_ERROR(old ? ReadOldEntry(entry, arena, builder) : ReadValue(entry, arena, builder));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadPushProto(const Buffer& message, const PushReadOptions& options, LogsData& out) {
  out.arena.KeepAlive(message.owner);
  Builder builder(options, out);
  try {
    protozero::pbf_reader request(message.bytes.data(), message.bytes.size());
    while (request.next()) {
      if (request.tag() == 1 && request.wire_type() == protozero::pbf_wire_type::length_delimited) {
        ReadStream(request.get_message(), builder);
      } else {
        request.skip();
      }
    }
  } catch (const protozero::exception& e) {
    return absl::InvalidArgumentError(std::string("invalid push request: ") + e.what());
  }
  return builder.Finish();
}

absl::Status ReadPushJson(std::string_view json, const PushReadOptions& options, LogsData& out) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (auto error = parser.parse(json.data(), json.size()).get(root); error != simdjson::SUCCESS) {
    return BadJson(simdjson::error_message(error));
  }
  if (!root.is_object()) return BadJson("the request must be an object");
  Builder builder(options, out);
  simdjson::dom::element streams;
  if (root["streams"].get(streams) != simdjson::SUCCESS || streams.is_null()) return absl::OkStatus();
  simdjson::dom::array list;
  if (streams.get(list) != simdjson::SUCCESS) return BadJson("\"streams\" must be an array");
  for (simdjson::dom::element stream : list) OTELPIPE_RETURN_IF_ERROR(ReadJsonStream(stream, out.arena, builder));
  return builder.Finish();
}

absl::StatusOr<Buffer> UnpackSnappy(std::string_view packed, size_t limit) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(packed.data(), packed.size(), &size)) {
    return absl::InvalidArgumentError("snappy: corrupt input");
  }
  if (size > limit) {
    return absl::ResourceExhaustedError("snappy: decoded block is too large: " + std::to_string(size) + " bytes, the limit is " +
                                        std::to_string(limit));
  }
  std::shared_ptr<char[]> plain(new char[size + 1]);
  if (!snappy::RawUncompress(packed.data(), packed.size(), plain.get())) {
    return absl::InvalidArgumentError("snappy: corrupt input");
  }
  Buffer out;
  out.bytes = {plain.get(), size};
  out.owner = std::move(plain);
  return out;
}

}  // namespace otelpipe::loki
