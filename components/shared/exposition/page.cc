#include "shared/exposition/page.h"

#include <cmath>

#include "otelpipe/pdata/text.h"
#include "otelpipe/regex/utf8.h"
#include "shared/exposition/names.h"

namespace otelpipe::exposition {
namespace {

// strconv's 'g' with the shortest digits turns to exponents from 1e6 on, unlike its %v.
constexpr int kPositionalLimit = 6;

void AppendEscaped(std::string& out, std::string_view text, bool quote) {
  std::string clean;
  if (!regex::IsValidUtf8(text)) {
    // A scraper refuses the whole page for one bad byte.
    for (const char *p = text.data(), *end = p + text.size(); p != end;) {
      const regex::DecodedRune rune = regex::DecodeRune(p, end);
      regex::AppendRune(rune.rune, clean);
      p += rune.width;
    }
    text = clean;
  }
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void AppendOpenMetricsNumber(std::string& out, double value) {
  const size_t start = out.size();
  AppendGoDouble(out, value, kPositionalLimit);
  if (std::isfinite(value) && out.find_first_of(".e", start) == out.npos) out += ".0";
}

}  // namespace

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kCounter:
      return "counter";
    case Type::kGauge:
      return "gauge";
    case Type::kHistogram:
      return "histogram";
    case Type::kSummary:
      return "summary";
    case Type::kUntyped:
      return "untyped";
  }
  return "";
}

std::string RenderLabels(const LabelPairs& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out += EscapeLabelName(name);
    out += "=\"";
    AppendEscaped(out, value, true);
    out += '"';
  }
  return out;
}

void Page::Family(std::string_view name, std::string_view help, Type type) {
  name_ = EscapeMetricName(name);
  std::string_view shown = name_;
  std::string_view type_name = format_ == Format::kOpenMetrics && type == Type::kUntyped ? "unknown" : TypeName(type);
  if (format_ == Format::kOpenMetrics && type == Type::kCounter) {
    // OpenMetrics knows counters by their `_total` only.
    if (shown.ends_with("_total")) {
      shown.remove_suffix(6);
    } else {
      type_name = "unknown";
    }
  }
  out_.append("# HELP ").append(shown) += ' ';
  AppendEscaped(out_, help, format_ == Format::kOpenMetrics);
  out_.append("\n# TYPE ").append(shown) += ' ';
  out_.append(type_name) += '\n';
}

void Page::Number(double value) {
  if (format_ == Format::kOpenMetrics) {
    AppendOpenMetricsNumber(out_, value);
  } else {
    AppendGoDouble(out_, value, kPositionalLimit);
  }
}

void Page::Count(uint64_t value) {
  if (format_ == Format::kOpenMetrics) {
    AppendUint(out_, value);
  } else {
    AppendGoDouble(out_, static_cast<double>(value), kPositionalLimit);
  }
}

void Page::Start(std::string_view suffix, std::string_view labels, std::string_view extra_name, double extra) {
  out_.append(name_).append(suffix);
  if (!labels.empty() || !extra_name.empty()) {
    out_ += '{';
    out_ += labels;
    if (!extra_name.empty()) {
      if (!labels.empty()) out_ += ',';
      out_.append(extra_name).append("=\"");
      Number(extra);
      out_ += '"';
    }
    out_ += '}';
  }
  out_ += ' ';
}

void Page::End(std::optional<int64_t> millis, const Exemplar* exemplar) {
  if (millis) {
    out_ += ' ';
    if (format_ == Format::kOpenMetrics) {
      AppendOpenMetricsNumber(out_, static_cast<double>(*millis) / 1000);
    } else {
      AppendInt(out_, *millis);
    }
  }
  if (exemplar != nullptr && format_ == Format::kOpenMetrics) {
    out_.append(" # {").append(exemplar->labels).append("} ");
    AppendOpenMetricsNumber(out_, exemplar->value);
    out_ += ' ';
    AppendOpenMetricsNumber(out_, static_cast<double>(exemplar->unix_nanos) / 1e9);
  }
  out_ += '\n';
}

void Page::Value(std::string_view labels, double value, std::optional<int64_t> millis, const Exemplar* exemplar) {
  Start("", labels);
  Number(value);
  End(millis, exemplar);
}

void Page::Histogram(std::string_view labels, std::span<const Bucket> buckets, uint64_t count, double sum,
                     std::optional<int64_t> millis, const Exemplar* infinite) {
  bool has_infinite = false;
  for (const Bucket& bucket : buckets) {
    Start("_bucket", labels, "le", bucket.bound);
    Count(bucket.cumulative);
    End(millis, bucket.exemplar);
    has_infinite |= std::isinf(bucket.bound) && bucket.bound > 0;
  }
  if (!has_infinite) {
    Start("_bucket", labels, "le", HUGE_VAL);
    Count(count);
    End(millis, infinite);
  }
  Start("_sum", labels);
  Number(sum);
  End(millis, nullptr);
  Start("_count", labels);
  Count(count);
  End(millis, nullptr);
}

void Page::Summary(std::string_view labels, std::span<const std::pair<double, double>> quantiles, uint64_t count,
                   double sum, std::optional<int64_t> millis) {
  for (const auto& [quantile, value] : quantiles) {
    Start("", labels, "quantile", quantile);
    Number(value);
    End(millis, nullptr);
  }
  Start("_sum", labels);
  Number(sum);
  End(millis, nullptr);
  Start("_count", labels);
  Count(count);
  End(millis, nullptr);
}

std::string Page::Finish() {
  if (format_ == Format::kOpenMetrics) out_ += "# EOF\n";
  return std::move(out_);
}

}  // namespace otelpipe::exposition
