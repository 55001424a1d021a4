// Registry: the component types a service may use. No global state: the program fills its own.
//
//   otelpipe::Registry registry;
//   otelpipe::RegisterAllComponents(registry);        // everything linked in, or:
//   registry.AddProcessor<Redact>();                  // only what you want
//
// A component class names itself and its signals:
//
//   class Redact final : public EditProcessor {
//    public:
//     static constexpr std::string_view kType = "redact";
//     static constexpr std::array kSignals = {Signal::kLogs};
//     struct Config { ...; static void Describe(Fields<Config>&); };
//     Redact(Config config, Context context);
//     absl::Status Init();      // optional: build-time errors (bad regex ...), runs before any Start
//   };
//
// Optional static members: kAliases (older or newer spellings of the type), kSignals (default all), kStability ("beta"), kOnePerId (exporters),
// kDefaultConfig() for a Config that differs from Config{}.
#pragma once

#include <any>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

class OperatorFactory;

// A decoded Config of some component, kept without its type between decoding and construction.
using AnyConfig = std::shared_ptr<const void>;

struct ComponentFactory {
  ComponentKind kind;
  std::string type;
  std::vector<std::string> aliases;
  std::vector<Signal> signals;
  std::string stability;  // "development", "alpha", "beta", "stable", "deprecated"
  bool one_per_id = false;
  std::vector<FieldInfo> fields;
  std::function<AnyConfig(const ConfigNode&, DecodeContext&)> decode;
  std::function<absl::StatusOr<std::unique_ptr<Receiver>>(AnyConfig, Context)> make_receiver;
  std::function<absl::StatusOr<std::unique_ptr<Processor>>(AnyConfig, Context)> make_processor;
  std::function<absl::StatusOr<std::unique_ptr<Exporter>>(AnyConfig, Context)> make_exporter;
  std::function<absl::StatusOr<std::unique_ptr<Extension>>(AnyConfig, Context)> make_extension;
  std::function<absl::StatusOr<std::unique_ptr<Connector>>(AnyConfig, Context)> make_connector;
};

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;

  template <typename T>
  absl::Status AddReceiver();
  template <typename T>
  absl::Status AddProcessor();
  template <typename T>
  absl::Status AddExporter();
  template <typename T>
  absl::Status AddExtension();
  template <typename T>
  absl::Status AddConnector();
  // Log operators; see operator/operator.h. AlreadyExists for a second one of the type.
  absl::Status AddOperator(std::shared_ptr<const OperatorFactory> factory);

  // AlreadyExists when the type or an alias is taken in its kind.
  absl::Status Add(ComponentFactory factory);

  // By type or alias; null when unknown.
  const ComponentFactory* Find(ComponentKind kind, std::string_view type) const;
  std::shared_ptr<const OperatorFactory> FindOperator(std::string_view type) const;
  // Sorted by type.
  std::vector<const ComponentFactory*> All(ComponentKind kind) const;
  std::vector<std::string> OperatorTypes() const;

 private:
  template <typename T>
  static ComponentFactory Base(ComponentKind kind);
  template <typename T, typename I>
  static std::function<absl::StatusOr<std::unique_ptr<I>>(AnyConfig, Context)> Maker();

  std::vector<std::unique_ptr<ComponentFactory>> factories_;
  std::map<std::string, std::shared_ptr<const OperatorFactory>, std::less<>> operators_;
};

// --- bodies
template <typename T, typename I>
std::function<absl::StatusOr<std::unique_ptr<I>>(AnyConfig, Context)> Registry::Maker() {
  return [](AnyConfig config, Context context) -> absl::StatusOr<std::unique_ptr<I>> {
    auto made = std::make_unique<T>(*static_cast<const typename T::Config*>(config.get()), std::move(context));
    if constexpr (requires { made->Init(); }) {
      absl::Status status = made->Init();
      if (!status.ok()) return status;
    }
    return made;
  };
}

template <typename T>
ComponentFactory Registry::Base(ComponentKind kind) {
  ComponentFactory f;
  f.kind = kind;
  f.type = std::string(T::kType);
  if constexpr (requires { T::kAliases; }) {
    for (std::string_view a : T::kAliases) f.aliases.emplace_back(a);
  }
  if constexpr (requires { T::kSignals; }) {
    f.signals.assign(std::begin(T::kSignals), std::end(T::kSignals));
  } else {
    f.signals.assign(kAllSignals.begin(), kAllSignals.end());
  }
  f.stability = "beta";
  if constexpr (requires { T::kStability; }) f.stability = std::string(T::kStability);
  if constexpr (requires { T::kOnePerId; }) f.one_per_id = T::kOnePerId;
  using Config = typename T::Config;
  f.fields = DescribeFields<Config>();
  f.decode = [](const ConfigNode& node, DecodeContext& context) -> AnyConfig {
    auto config = std::make_shared<Config>();
    if constexpr (requires { T::DefaultConfig(); }) *config = T::DefaultConfig();
    DecodeField(node, *config, context);
    return config;
  };
  return f;
}

template <typename T>
absl::Status Registry::AddReceiver() {
  ComponentFactory f = Base<T>(ComponentKind::kReceiver);
  f.make_receiver = Maker<T, Receiver>();
  return Add(std::move(f));
}
template <typename T>
absl::Status Registry::AddProcessor() {
  ComponentFactory f = Base<T>(ComponentKind::kProcessor);
  f.make_processor = Maker<T, Processor>();
  return Add(std::move(f));
}
template <typename T>
absl::Status Registry::AddExporter() {
  ComponentFactory f = Base<T>(ComponentKind::kExporter);
  f.make_exporter = Maker<T, Exporter>();
  return Add(std::move(f));
}
template <typename T>
absl::Status Registry::AddExtension() {
  ComponentFactory f = Base<T>(ComponentKind::kExtension);
  f.make_extension = Maker<T, Extension>();
  return Add(std::move(f));
}
template <typename T>
absl::Status Registry::AddConnector() {
  ComponentFactory f = Base<T>(ComponentKind::kConnector);
  f.make_connector = Maker<T, Connector>();
  return Add(std::move(f));
}

}  // namespace otelpipe
