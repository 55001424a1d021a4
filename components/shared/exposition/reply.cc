#include "shared/exposition/reply.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::exposition {
namespace {

// Calls `visit(name, parameters)` for each element of a comma list; both trimmed, the parameters without the first ';'.
template <typename F>
void ForEachElement(std::string_view header, F visit) {
  while (!header.empty()) {
    const size_t comma = header.find(',');
    std::string_view element = header.substr(0, comma);
    header.remove_prefix(comma == header.npos ? header.size() : comma + 1);
    const size_t semicolon = element.find(';');
    std::string_view parameters = semicolon == element.npos ? std::string_view() : element.substr(semicolon + 1);
    visit(S(absl::StripAsciiWhitespace(A(element.substr(0, semicolon)))), parameters);
  }
}

// The value of one parameter; "" when it is not there.
std::string_view Parameter(std::string_view parameters, std::string_view name) {
  while (!parameters.empty()) {
    const size_t semicolon = parameters.find(';');
    std::string_view one = parameters.substr(0, semicolon);
    parameters.remove_prefix(semicolon == parameters.npos ? parameters.size() : semicolon + 1);
    const size_t equals = one.find('=');
    if (equals == one.npos) continue;
    if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(A(one.substr(0, equals))), A(name))) {
      return S(absl::StripAsciiWhitespace(A(one.substr(equals + 1))));
    }
  }
  return "";
}

double Quality(std::string_view parameters) {
  const std::string_view q = Parameter(parameters, "q");
  double value = 1;
  if (!q.empty() && !absl::SimpleAtod(A(q), &value)) return 0;
  return value;
}

}  // namespace

Format Negotiate(std::string_view accept, bool open_metrics_allowed) {
  Format best = Format::kText;
  if (!open_metrics_allowed) return best;
  double best_quality = 0;
  ForEachElement(accept, [&](std::string_view type, std::string_view parameters) {
    const std::string_view version = Parameter(parameters, "version");
    Format format;
    if (absl::EqualsIgnoreCase(A(type), "application/openmetrics-text") &&
        (version.empty() || version == "1.0.0" || version == "0.0.1")) {
      format = Format::kOpenMetrics;
    } else if (absl::EqualsIgnoreCase(A(type), "text/plain") &&
               (version.empty() || version == "0.0.4" || version == "1.0.0")) {
      format = Format::kText;
    } else {
      return;
    }
    const double quality = Quality(parameters);
    if (quality > best_quality) {
      best = format;
      best_quality = quality;
    }
  });
  return best;
}

std::string_view ContentType(Format format) {
  return format == Format::kText ? "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
                                 : "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
}

bool TakesGzip(std::string_view accept_encoding) {
  bool named = false, takes = false, any = false;
  ForEachElement(accept_encoding, [&](std::string_view coding, std::string_view parameters) {
    if (absl::EqualsIgnoreCase(A(coding), "gzip")) {
      named = true;
      takes = Quality(parameters) > 0;
    } else if (coding == "*") {
      any = Quality(parameters) > 0;
    }
  });
  return named ? takes : any;
}

HttpReply PageReply(const HttpServerRequest& request, Format format, std::string page, Compressor& gzip) {
  if (!TakesGzip(request.Header("Accept-Encoding"))) return HttpReply::Make(200, ContentType(format), std::move(page));
  HttpReply reply = HttpReply::Make(200, ContentType(format), std::string(gzip.Compress(page)));
  reply.headers.emplace_back("Content-Encoding", "gzip");
  return reply;
}

}  // namespace otelpipe::exposition
