#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "processor/transform/transform.h"
#include "shared/ottl/values.h"

namespace otelpipe::transform {

using ottl::ContextKind;

void Group::Describe(Fields<Group>& f) {
  f.Optional("context", &Group::context, "Where the statements run: resource, scope, span, spanevent, metric, datapoint or log. Inferred when absent.");
  f.Optional("error_mode", &Group::error_mode, "What a statement that fails does, in this group.");
  f.Optional("conditions", &Group::conditions, "Conditions, any of which must hold for the statements to run.");
  f.Optional("statements", &Group::statements, "Statements in OTTL.");
  f.Validate([](const Group& g) {
    if (g.context.empty() || (ottl::FindContext(g.context) && g.context != "instrumentation_scope")) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("unknown context ", g.context));
  });
}

void DecodeField(const ConfigNode& node, std::vector<Group>& out, DecodeContext& context) {
  out.clear();
  if (node.is_null()) return;
  if (!node.is_list()) return context.Error(node, "a list of statements is expected");
  Group basic;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const ConfigNode& item = node.items[i];
    DecodeContext::In scope(context, i);
    if (item.is_map()) {
      Group group;
      internal::DecodeTable(item, TableOf<Group>(), &group, context);
      for (char& c : group.context) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      group.location = item.location;
      out.push_back(std::move(group));
    } else if (item.is_null()) {
      context.Error(item, "empty statement list items are not supported");
    } else {
      Text text;
      text.location = item.location;
      DecodeField(item, text.text, context);
      if (basic.statements.empty()) basic.location = item.location;
      basic.statements.push_back(std::move(text));
    }
    if (!basic.statements.empty() && !out.empty()) {
      return context.Error(item,
                           "configuring multiple configuration styles is not supported, please use only Basic configuration or only Advanced "
                           "configuration");
    }
  }
  if (!basic.statements.empty()) out.push_back(std::move(basic));
}

void Config::Describe(Fields<Config>& f) {
  f.Optional("error_mode", &Config::error_mode, "What a statement that fails does: propagate, ignore or silent.");
  f.Optional("trace_statements", &Config::trace_statements, "Statements for traces.");
  f.Optional("metric_statements", &Config::metric_statements, "Statements for metrics.");
  f.Optional("log_statements", &Config::log_statements, "Statements for logs.");
  f.Optional("flatten_data", &Config::flatten_data, "Must be false: records that share a resource are not taken apart.");
  f.Unsupported("profile_statements", "profiles are not supported");
  f.Validate([](const Config& c) {
    return c.flatten_data ? absl::InvalidArgumentError(
                                "'flatten_data' requires the 'transform.flatten.logs' feature gate to be enabled; it is not supported here")
                          : absl::OkStatus();
  });
}

Program Compile(const Group& group, std::string_view path, Signal signal, ErrorMode mode, Arena& constants, std::vector<ConfigError>& errors) {
  Program out;
  out.error_mode = group.error_mode.value_or(mode);
  std::vector<ContextKind> candidates = {ContextKind::kResource, ContextKind::kScope};
  if (signal == Signal::kLogs) candidates.push_back(ContextKind::kLog);
  if (signal == Signal::kTraces) candidates.insert(candidates.end(), {ContextKind::kSpan, ContextKind::kSpanEvent});
  if (signal == Signal::kMetrics) candidates.insert(candidates.end(), {ContextKind::kMetric, ContextKind::kDataPoint});
  auto note = [&](const Location& location, const std::string& where, const absl::Status& status) {
    for (ConfigError& error : ConfigErrorsFromStatus(ConfigErrorAt(location, where, std::string(status.message())))) {
      errors.push_back(std::move(error));
    }
  };
  std::vector<std::string> statements, conditions;
  for (const Text& text : group.statements) statements.push_back(text.text);
  for (const Text& text : group.conditions) conditions.push_back(text.text);
  if (statements.empty() && group.context.empty()) {
    note(group.location, std::string(path),
         ottl::InferContext(statements, conditions, candidates).status());
    return out;
  }
  if (!group.context.empty()) {
    out.kind = *ottl::FindContext(group.context);
    if (std::find(candidates.begin(), candidates.end(), out.kind) == candidates.end()) {
      std::string shown;
      for (const std::string& text : statements) absl::StrAppend(&shown, shown.empty() ? "" : " ", text);
      note(group.location, std::string(path),
           absl::InvalidArgumentError(absl::StrCat("unknown context \"", group.context, "\" for statements: [", shown, "]")));
      return out;
    }
  } else {
    // Each mistake of writing is told at its statement before any context is looked for.
    const size_t before = errors.size();
    for (size_t i = 0; i < statements.size(); ++i) {
      if (auto parsed = ottl::PrependContext(statements[i], ContextKind::kResource, false); !parsed.ok()) {
        note(group.statements[i].location, absl::StrCat(A(path), "::", i),
             Annotate(parsed.status(), absl::StrCat("unable to parse OTTL statement ", ottl::GoQuoted(statements[i]), ": ")));
      }
    }
    if (errors.size() != before) return out;
    auto kind = ottl::InferContext(statements, conditions, candidates);
    if (!kind.ok()) {
      note(group.location, std::string(path), kind.status());
      return out;
    }
    out.kind = *kind;
  }
  for (size_t i = 0; i < statements.size(); ++i) {
    std::string text = statements[i];
    if (!group.context.empty()) {
      if (auto prepended = ottl::PrependContext(text, out.kind, false); prepended.ok()) {
        if (*prepended != text) out.modified.push_back(*prepended);
        text = *std::move(prepended);
      }
    }
    auto made = ottl::Statement::Compile(text, {out.kind, true}, constants);
    if (made.ok()) {
      out.statements.push_back(*std::move(made));
    } else {
      note(group.statements[i].location, absl::StrCat(A(path), "::", i), made.status());
    }
  }
  for (size_t i = 0; i < conditions.size(); ++i) {
    auto made = ottl::Condition::Compile(conditions[i], {out.kind, group.context.empty()}, constants);
    if (made.ok()) {
      out.conditions.push_back(*std::move(made));
    } else {
      note(group.conditions[i].location, absl::StrCat(A(path), "::conditions::", i), made.status());
    }
  }
  return out;
}

void DecodeField(const ConfigNode& node, Config& out, DecodeContext& context) {
  internal::DecodeTable(node, TableOf<Config>(), &out, context);
  Arena constants;
  auto check = [&](const std::vector<Group>& groups, const char* key, Signal signal) {
    for (size_t i = 0; i < groups.size(); ++i) {
      if (!groups[i].context.empty() && !ottl::FindContext(groups[i].context)) continue;  // told already
      std::vector<ConfigError> errors;
      Compile(groups[i], absl::StrCat(key, "::", i), signal, out.error_mode, constants, errors);
      if (!errors.empty()) context.Invalid(groups[i].location, ConfigErrorsToStatus(errors));
    }
  };
  check(out.trace_statements, "trace_statements", Signal::kTraces);
  check(out.metric_statements, "metric_statements", Signal::kMetrics);
  check(out.log_statements, "log_statements", Signal::kLogs);
}

}  // namespace otelpipe::transform
