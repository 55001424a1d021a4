#include "operator/router/router.h"

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

void Router::RouteConfig::Describe(Fields<RouteConfig>& f) {
  f.Optional("expr", &RouteConfig::expr, "Expression that must be true for this route; required.");
  f.Optional("output", &RouteConfig::output, "Ids of the operators that get the entry; none drops it.");
  f.Optional("attributes", &RouteConfig::attributes, "Attributes added to the entry; texts may hold EXPR(...).");
}

void Router::Config::Describe(Fields<Config>& f) {
  f.Optional("type", &Config::type, "Type of the operator.");
  f.Optional("id", &Config::id, "Name of this operator for `output` and for log lines.");
  f.Optional("routes", &Config::routes, "Routes, tried in order.");
  f.Optional("default", &Config::default_output, "Ids of the operators that get what no route takes; dropped when unset.");
}

Router::Router(const Config& config, OperatorContext context)
    : LogOperator(context), config_(config), context_(std::move(context)) {}

absl::Status Router::Init() {
  std::vector<ConfigError> errors;
  for (size_t i = 0; i < config_.routes.size(); ++i) {
    const RouteConfig& route_config = config_.routes[i];
    std::string path = absl::StrCat("routes::", i);
    Route route;
    auto compiled = Expression::CompileBool(route_config.expr);
    if (compiled.ok()) {
      route.expression = *std::move(compiled);
    } else {
      AppendMistakes(errors, MistakeAt(path + "::expr", absl::StrCat("failed to compile expression '", route_config.expr,
                                                                     "': ", compiled.status().message())));
    }
    for (const auto& [key, text] : route_config.attributes) {
      absl::StatusOr<TemplateText> rendered = TemplateText::Compile(text);
      if (!rendered.ok()) {
        AppendMistakes(errors, MistakeAt(path + "::attributes::" + key,
                                         absl::StrCat("failed to build attributer for route '", route_config.expr,
                                                      "': ", rendered.status().message())));
        continue;
      }
      route.attributes.emplace_back(context_.intern(key), *std::move(rendered));
    }
    route.output_ids = route_config.output;
    routes_.push_back(std::move(route));
  }
  if (!config_.default_output.empty()) {
    Route route;
    route.output_ids = config_.default_output;
    routes_.push_back(std::move(route));
  }
  return MistakesToStatus(errors);
}

std::vector<std::string> Router::Outputs() const {
  std::vector<std::string> out;
  for (const Route& route : routes_) out.insert(out.end(), route.output_ids.begin(), route.output_ids.end());
  return out;
}

absl::Status Router::Connect(const std::function<LogOperator*(std::string_view)>& find, LogOperator*) {
  std::vector<ConfigError> errors;
  for (size_t i = 0; i < routes_.size(); ++i) {
    std::string path = i < config_.routes.size() ? absl::StrCat("routes::", i, "::output") : "default";
    for (const std::string& name : routes_[i].output_ids) {
      LogOperator* output = find(name);
      if (output == nullptr) {
        AppendMistakes(errors, MistakeAt(path, WithDetails(absl::StrCat("failed to set outputs on route: operator ", name,
                                                                        " does not exist"),
                                                           {{"operator_id", id()}})));
      } else if (!output->can_process()) {
        AppendMistakes(errors, MistakeAt(path, WithDetails("operators cannot be connected, because the output operator can "
                                                           "not process logs",
                                                           {{"input_operator", id()}, {"output_operator", name}})));
      } else {
        routes_[i].outputs.push_back(output);
      }
    }
  }
  return MistakesToStatus(errors);
}

absl::Status Router::Process(Entry& entry) {
  for (Route& route : routes_) {
    if (route.expression != nullptr) {
      absl::StatusOr<bool> matches = route.expression->EvalBool(entry);
      if (!matches.ok()) {
        context_.log.Warn("Running expression returned an error", {{"error", matches.status()}});
        continue;
      }
      if (!*matches) continue;
    }
    return Send(route, entry);
  }
  return absl::OkStatus();
}

absl::Status Router::Send(Route& route, Entry& entry) {
  for (const auto& [key, text] : route.attributes) {
    absl::StatusOr<std::string_view> value = text.Render(entry);
    if (!value.ok()) {
      context_.log.Error("Failed to label entry", {{"error", value.status()}});
      return value.status();
    }
    entry.attributes.Set(*entry.arena, key, Value::Str(*value));
    entry.has_attributes = true;
  }
  // All outputs see the same entry, with the changes of those before; whoever ends up with it must leave it to the others.
  bool keep = entry.keep;
  for (size_t i = 0; i < route.outputs.size(); ++i) {
    entry.keep = keep || i + 1 < route.outputs.size();
    absl::Status status = route.outputs[i]->Process(entry);
    if (!status.ok()) LogFailedEntry(context_.log, LogLevel::kError, entry, status, "");
  }
  entry.keep = keep;
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, router, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Router>());
}
