// Zipkin's protobuf: zipkin.proto3.ListOfSpans.
#include <arpa/inet.h>

#include <algorithm>
#include <protozero/pbf_reader.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "receiver/zipkin/span.h"

namespace otelpipe::zipkin {
namespace {

constexpr uint64_t kMicro = 1000;

// A field counts only with its wire type; others are unknown fields.
constexpr uint32_t Text(protozero::pbf_tag_type tag) { return protozero::tag_and_type(tag, protozero::pbf_wire_type::length_delimited); }
constexpr uint32_t Number(protozero::pbf_tag_type tag) { return protozero::tag_and_type(tag, protozero::pbf_wire_type::varint); }
constexpr uint32_t Fixed(protozero::pbf_tag_type tag) { return protozero::tag_and_type(tag, protozero::pbf_wire_type::fixed64); }

std::string_view Bytes(protozero::pbf_reader& r) {
  const protozero::data_view view = r.get_view();
  return {view.data(), view.size()};
}

std::string_view AddressText(int family, std::string_view bytes, Arena& arena) {
  const size_t size = family == AF_INET ? 4 : 16;
  if (bytes.size() != size) return "";
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(family, bytes.data(), text, sizeof text) == nullptr) return "";
  return arena.Copy(text);
}

Endpoint ReadEndpoint(protozero::pbf_reader r, Arena& arena) {
  Endpoint e;
  while (r.next()) {
    switch (r.tag_and_type()) {
      case Text(1): e.service_name = Bytes(r); break;
      case Text(2): e.ipv4 = AddressText(AF_INET, Bytes(r), arena); break;
      case Text(3): e.ipv6 = AddressText(AF_INET6, Bytes(r), arena); break;
      case Number(4): e.port = r.get_int32(); break;
      default: r.skip();
    }
  }
  return e;
}

absl::Status ReadId(std::string_view bytes, const char* what, SpanId& out) {
  if (bytes.size() != 8) return absl::InvalidArgumentError(absl::StrCat(what, ": has length ", bytes.size(), " yet wanted length 8"));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.bytes.data()));
  return absl::OkStatus();
}

absl::Status ReadSpan(protozero::pbf_reader r, Arena& arena, Span& s) {
  while (r.next()) {
    switch (r.tag_and_type()) {
      case Text(1): {
        const std::string_view id = Bytes(r);
        if (id.size() != 8 && id.size() != 16) {
          return absl::InvalidArgumentError(absl::StrCat("invalid TraceID: has length ", id.size(), " yet wanted length 16"));
        }
        std::copy(id.begin(), id.end(), reinterpret_cast<char*>(s.trace_id.bytes.data()) + 16 - id.size());
        break;
      }
      case Text(2): {
        const std::string_view id = Bytes(r);
        if (id.empty()) break;
        if (absl::Status status = ReadId(id, "invalid ParentID", s.parent_id); !status.ok()) return status;
        break;
      }
      case Text(3):
        if (absl::Status status = ReadId(Bytes(r), "expected a non-nil SpanID", s.id); !status.ok()) return status;
        break;
      case Number(4): {
        const int32_t kind = r.get_enum();
        s.kind = kind >= 1 && kind <= 4 ? static_cast<Kind>(kind) : Kind::kNone;
        break;
      }
      case Text(5): s.name = Bytes(r); break;
      case Fixed(6): s.start_nanos = r.get_fixed64() * kMicro; break;
      case Number(7): s.duration_nanos = r.get_uint64() * kMicro; break;
      case Text(8): s.local = ReadEndpoint(r.get_message(), arena); break;
      case Text(9): s.remote = ReadEndpoint(r.get_message(), arena); break;
      case Text(10): {
        Annotation& a = s.annotations.emplace_back();
        for (protozero::pbf_reader m = r.get_message(); m.next();) {
          if (m.tag_and_type() == Fixed(1)) {
            a.unix_nanos = m.get_fixed64() * kMicro;
          } else if (m.tag_and_type() == Text(2)) {
            a.value = Bytes(m);
          } else {
            m.skip();
          }
        }
        break;
      }
      case Text(11): {
        auto& [key, value] = s.tags.emplace_back();
        for (protozero::pbf_reader m = r.get_message(); m.next();) {
          if (m.tag_and_type() == Text(1)) {
            key = Bytes(m);
          } else if (m.tag_and_type() == Text(2)) {
            value = Bytes(m);
          } else {
            m.skip();
          }
        }
        break;
      }
      default: r.skip();
    }
  }
  if (s.trace_id.empty()) return absl::InvalidArgumentError("invalid TraceID: has length 0 yet wanted length 16");
  if (s.id.empty()) return absl::InvalidArgumentError("expected a non-nil SpanID");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Span>> ReadProto(std::string_view body, Arena& arena) {
  std::vector<Span> spans;
  try {
    for (protozero::pbf_reader list(body.data(), body.size()); list.next();) {
      if (list.tag_and_type() != Text(1)) {
        list.skip();
        continue;
      }
      if (absl::Status status = ReadSpan(list.get_message(), arena, spans.emplace_back()); !status.ok()) return status;
    }
  } catch (const protozero::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("proto: cannot parse invalid wire-format data: ", e.what()));
  }
  return spans;
}

}  // namespace otelpipe::zipkin
