// Names of Prometheus metrics and labels made from OTLP's, as the reference's translators make them.
//
//   MetricName("http.server.requests", "{request}", NameKind::kCounter, "", true)   // http_server_requests_total
//   MetricName("speed", "m/s", NameKind::kGauge, "shop", true)                      // shop_speed_meters_per_second
//   LabelName("k8s.pod")                                                            // k8s_pod
//
// Letters beyond ASCII stay in the names: they decide what is sorted where and what is the same. What a page can't hold is
// replaced when it is written (Page, RenderLabels).
#pragma once

#include <string>
#include <string_view>

namespace otelpipe::exposition {

enum class NameKind {
  kGauge,    // unit 1 adds `ratio`
  kCounter,  // adds `total`
  kOther,
};

// The full name of a metric of the `prometheus` exporter. `name_space` goes in front, cleaned in the same way. With
// `add_suffixes` the unit and the kind show in the name; without, only forbidden characters are replaced. May be ""
// when nothing of the name is left.
std::string MetricName(std::string_view name, std::string_view unit, NameKind kind, std::string_view name_space,
                       bool add_suffixes);

// The same words joined by `_`, for a namespace alone.
std::string CleanName(std::string_view name);

// The name of one of our own metrics: `name` stays, `_<unit>` and `_total` are added on demand (a unit that the name
// ends with is not repeated).
std::string OwnMetricName(std::string_view name, std::string_view unit, bool counter, bool add_unit, bool add_type);

// Characters other than letters, digits and `_` become `_`; a leading digit gets the prefix `key_`, a single leading
// underscore the prefix `key`.
std::string LabelName(std::string_view name);

// As a page shows them: each character that such a name may not have becomes `_`, a leading digit too; nothing else
// changes.
std::string EscapeLabelName(std::string_view name);
std::string EscapeMetricName(std::string_view name);

// Whether a series may have a label of this name: any text but "" and the reserved names (`__...`).
bool IsValidLabelName(std::string_view name);

}  // namespace otelpipe::exposition
