#include "shared/net/rpc_status.h"

#include <cmath>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/done.h"

namespace otelpipe {
namespace {

constexpr std::string_view kRetryInfo = "type.googleapis.com/google.rpc.RetryInfo";

std::string RetryInfoBytes(double seconds) {
  std::string duration;
  protozero::pbf_writer d(duration);
  const double whole = std::trunc(seconds);
  const auto nanos = static_cast<int32_t>(std::lround((seconds - whole) * 1e9));
  if (whole != 0) d.add_int64(1, static_cast<int64_t>(whole));
  if (nanos != 0) d.add_int32(2, nanos);
  std::string info;
  protozero::pbf_writer(info).add_message(1, duration);
  return info;
}

void AppendJsonText(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string RpcStatusProto(const absl::Status& status) {
  std::string out;
  protozero::pbf_writer w(out);
  if (!status.ok()) w.add_int32(1, static_cast<int32_t>(status.code()));
  if (!status.message().empty()) w.add_string(2, status.message().data(), status.message().size());
  const double wait = RetryAfterSeconds(status);
  if (wait >= 0) {
    std::string any;
    protozero::pbf_writer a(any);
    a.add_string(1, kRetryInfo.data(), kRetryInfo.size());
    const std::string info = RetryInfoBytes(wait);
    if (!info.empty()) a.add_bytes(2, info);
    w.add_message(3, any);
  }
  return out;
}

std::string RpcStatusJson(const absl::Status& status) {
  std::string out = "{";
  if (!status.ok()) out += absl::StrCat("\"code\":", static_cast<int>(status.code()));
  if (!status.message().empty()) {
    if (out.size() > 1) out += ',';
    out += "\"message\":";
    AppendJsonText(S(status.message()), out);
  }
  const double wait = RetryAfterSeconds(status);
  if (wait >= 0) {
    if (out.size() > 1) out += ',';
    out += absl::StrCat("\"details\":[{\"typeUrl\":\"", A(kRetryInfo), "\",\"value\":\"",
                        absl::Base64Escape(RetryInfoBytes(wait)), "\"}]");
  }
  return out + "}";
}

absl::StatusOr<RpcStatusParts> ParseRpcStatus(std::string_view bytes) {
  RpcStatusParts out;
  // protozero throws on damaged input; this is the only place of the folder that meets foreign bytes.
  try {
    protozero::pbf_reader r(bytes.data(), bytes.size());
    while (r.next()) {
      if (r.tag() == 1 && r.wire_type() == protozero::pbf_wire_type::varint) {
        out.code = r.get_int32();
      } else if (r.tag() == 2 && r.wire_type() == protozero::pbf_wire_type::length_delimited) {
        out.message = r.get_string();
      } else if (r.tag() == 3 && r.wire_type() == protozero::pbf_wire_type::length_delimited) {
        ++out.details;
        protozero::pbf_reader any = r.get_message();
        std::string url;
        protozero::data_view value;
        while (any.next()) {
          if (any.tag() == 1 && any.wire_type() == protozero::pbf_wire_type::length_delimited) {
            url = any.get_string();
          } else if (any.tag() == 2 && any.wire_type() == protozero::pbf_wire_type::length_delimited) {
            value = any.get_view();
          } else {
            any.skip();
          }
        }
        if (url != kRetryInfo) continue;
        out.retry_after = 0;
        protozero::pbf_reader info(value);
        while (info.next()) {
          if (info.tag() != 1 || info.wire_type() != protozero::pbf_wire_type::length_delimited) {
            info.skip();
            continue;
          }
          protozero::pbf_reader duration = info.get_message();
          while (duration.next()) {
            if (duration.wire_type() != protozero::pbf_wire_type::varint) {
              duration.skip();
            } else if (duration.tag() == 1) {
              out.retry_after += static_cast<double>(duration.get_int64());
            } else if (duration.tag() == 2) {
              out.retry_after += duration.get_int32() * 1e-9;
            } else {
              duration.skip();
            }
          }
        }
      } else {
        r.skip();
      }
    }
  } catch (const std::exception&) {
    return absl::InvalidArgumentError("not a google.rpc.Status");
  }
  return out;
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return 503;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kUnimplemented:
      return 404;
    default:
      return 500;
  }
}

absl::StatusCode CodeOfHttpStatus(int http) {
  switch (http) {
    case 400:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kUnimplemented;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 502:
    case 503:
    case 504:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnknown;
  }
}

std::string_view RpcCodeName(int code) {
  constexpr std::string_view kNames[] = {"OK",           "Canceled",           "Unknown",         "InvalidArgument",
                                         "DeadlineExceeded", "NotFound",       "AlreadyExists",   "PermissionDenied",
                                         "ResourceExhausted", "FailedPrecondition", "Aborted",    "OutOfRange",
                                         "Unimplemented", "Internal",          "Unavailable",     "DataLoss",
                                         "Unauthenticated"};
  if (code < 0 || code > 16) return "Unknown";
  return kNames[code];
}

int RetryAfterHeader(const absl::Status& status) {
  const double wait = RetryAfterSeconds(status);
  return wait < 0 ? -1 : static_cast<int>(std::min(wait, 1e9));
}

bool ParseRetryAfter(std::string_view text, double now_unix_seconds, double& seconds) {
  int64_t whole = 0;
  if (absl::SimpleAtoi(A(text), &whole)) {
    seconds = static_cast<double>(whole);
    return true;
  }
  absl::Time at;
  if (absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", A(text), &at, nullptr)) {
    seconds = absl::ToDoubleSeconds(at - absl::UnixEpoch()) - now_unix_seconds;
    return true;
  }
  return false;
}

absl::StatusOr<PartialSuccess> ParsePartialSuccess(std::string_view proto) {
  PartialSuccess out;
  try {
    protozero::pbf_reader r(proto.data(), proto.size());
    while (r.next()) {
      if (r.tag() != 1) {
        r.skip();
        continue;
      }
      if (r.wire_type() != protozero::pbf_wire_type::length_delimited) {
        return absl::InvalidArgumentError("proto: wrong wireType for field PartialSuccess");
      }
      protozero::pbf_reader p = r.get_message();
      while (p.next()) {
        if (p.tag() == 1 && p.wire_type() == protozero::pbf_wire_type::varint) {
          out.rejected = p.get_int64();
        } else if (p.tag() == 2 && p.wire_type() == protozero::pbf_wire_type::length_delimited) {
          out.message = p.get_string();
        } else {
          p.skip();
        }
      }
    }
  } catch (const std::exception&) {
    return absl::InvalidArgumentError("unexpected EOF");
  }
  return out;
}

}  // namespace otelpipe
