// Converters that ask for or change the kind of a value.
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/attraction/convert.h"
#include "shared/ottl/functions.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;

template <ValueKind kKind>
Result IsKind(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena&) -> absl::StatusOr<Value> { return Value::Bool(v.kind() == kKind && IsPlain(v)); });
}
Result IsList(Args a) {
  return Of(std::move(a[0].get),
            [](const Value& v, Arena&) -> absl::StatusOr<Value> { return Value::Bool(v.is_list() || v.tag() == kTagCount); });
}

absl::Status Unsupported(const Value& v) { return absl::InvalidArgumentError(absl::StrCat("unsupported type: ", A(TypeName(v)))); }

Result Int(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena&) -> absl::StatusOr<Value> {
    if (!IsPlain(v)) return Unsupported(v);
    switch (v.kind()) {
      case ValueKind::kEmpty:
      case ValueKind::kInt: return v;
      case ValueKind::kBool: return Value::Int(v.boolean() ? 1 : 0);
      case ValueKind::kDouble:
        // What does not fit is what the reference's machine makes of it.
        return Value::Int(std::abs(v.number()) < 9.2e18 ? static_cast<int64_t>(v.number()) : std::numeric_limits<int64_t>::min());
      case ValueKind::kString: {
        const auto number = attraction::ParseInt(v.string());
        return number ? Value::Int(*number) : Value();
      }
      default: return Unsupported(v);
    }
  });
}

absl::StatusOr<std::optional<double>> DoubleLike(const Value& v) {
  if (!IsPlain(v)) return Unsupported(v);
  switch (v.kind()) {
    case ValueKind::kEmpty: return std::optional<double>();
    case ValueKind::kInt: return std::optional<double>(static_cast<double>(v.integer()));
    case ValueKind::kBool: return std::optional<double>(v.boolean() ? 1 : 0);
    case ValueKind::kDouble: return std::optional<double>(v.number());
    case ValueKind::kString: {
      const auto number = attraction::ParseFloat(v.string());
      if (!number) return absl::InvalidArgumentError(absl::StrCat("strconv.ParseFloat: parsing \"", A(v.string()), "\": invalid syntax"));
      return number;
    }
    default: return Unsupported(v);
  }
}
Result Double(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena&) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(std::optional<double> number, DoubleLike(v));
    return number ? Value::Double(*number) : Value();
  });
}
Result Log(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena&) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(std::optional<double> number, DoubleLike(v));
    if (!number) return absl::InvalidArgumentError("invalid input: <nil>");
    if (*number <= 0) return absl::InvalidArgumentError(absl::StrCat("invalid input: expected number greater than zero but got ", *number));
    return Value::Double(std::log(*number));
  });
}

Result String(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(auto text, TextLike(v, arena));
    return text ? Value::Str(*text) : Value();
  });
}

Result Len(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena&) -> absl::StatusOr<Value> {
    if (v.tag() == kTagCount) return Value::Int(v.integer());
    if (IsPlain(v)) {
      switch (v.kind()) {
        case ValueKind::kString:
        case ValueKind::kBytes: return Value::Int(static_cast<int64_t>(v.string().size()));
        case ValueKind::kList: return Value::Int(v.list().size());
        case ValueKind::kMap: return Value::Int(v.map().size());
        default: break;
      }
    }
    return absl::InvalidArgumentError(
        "target arg must be of type string, []any, map[string]any, pcommon.Map, pcommon.Slice, pcommon.Value (of type String, Map, Slice) or a "
        "supported slice type from the plog, pmetric or ptrace packages");
  });
}

template <size_t N>
Result Id(Args a) {
  Value id = *a[0].literal;
  if (id.string().size() != N) {
    return absl::InvalidArgumentError(N == 16 ? "traces ids must be 16 bytes" : "span ids must be 8 bytes");
  }
  id.set_tag(N == 16 ? kTagTraceId : kTagSpanId);
  return Getter([id](Item&, Arena&) -> absl::StatusOr<Value> { return id; });
}

Result IsRootSpan(Args) {
  return Getter([](Item& item, Arena&) -> absl::StatusOr<Value> { return Value::Bool(item.span->parent_span_id.empty()); });
}

// The attributes of all points of the item's metric; stops when `visit` returns true.
template <typename F>
void AnyPoint(const Metric& metric, F visit) {
  auto any = [&](const auto& points) {
    for (const auto& point : points) {
      if (visit(point.attributes)) return true;
    }
    return false;
  };
  (void)(any(metric.number_points) || any(metric.histogram_points) || any(metric.exponential_points) || any(metric.summary_points));
}
Result OnDatapoint(Args a) {
  const std::string_view key = a[0].text();
  std::optional<std::string_view> wanted;
  if (a.size() > 1) wanted = a[1].text();
  return Getter([key, wanted](Item& item, Arena&) -> absl::StatusOr<Value> {
    bool result = false;
    // The first point that has the key decides.
    AnyPoint(*item.metric, [&](const Map& attributes) {
      const Value* found = attributes.Find(key);
      if (found == nullptr) return false;
      result = !wanted || (found->is_string() ? found->string() : std::string_view()) == *wanted;
      return true;
    });
    return Value::Bool(result);
  });
}

}  // namespace

const std::vector<Function>& TypeConverters() {
  static const auto* const table = new std::vector<Function>{
      {"IsString", {{"target"}}, IsKind<ValueKind::kString>},
      {"IsInt", {{"target"}}, IsKind<ValueKind::kInt>},
      {"IsDouble", {{"target"}}, IsKind<ValueKind::kDouble>},
      {"IsBool", {{"target"}}, IsKind<ValueKind::kBool>},
      {"IsMap", {{"target"}}, IsKind<ValueKind::kMap>},
      {"IsList", {{"target"}}, IsList},
      {"Int", {{"target"}}, Int},
      {"Double", {{"target"}}, Double},
      {"String", {{"target"}}, String},
      {"Log", {{"target"}}, Log},
      {"Len", {{"target"}}, Len},
      {"TraceID", {{"bytes", K::kBytes}}, Id<16>},
      {"SpanID", {{"bytes", K::kBytes}}, Id<8>},
      {"IsRootSpan", {}, IsRootSpan, In(ContextKind::kSpan)},
      {"HasAttrKeyOnDatapoint", {{"key", K::kText}}, OnDatapoint, In(ContextKind::kMetric)},
      {"HasAttrOnDatapoint", {{"key", K::kText}, {"expected_val", K::kText}}, OnDatapoint, In(ContextKind::kMetric)},
  };
  return *table;
}

}  // namespace otelpipe::ottl
