// LogOperator: one step of a receiver's `operators:` list, and how to write one.
//
//   class Upper final : public Transformer {
//    public:
//     static constexpr std::string_view kType = "upper";
//     struct Config : TransformerConfig {
//       FieldPath field;
//       static void Describe(Fields<Config>& f) { f.InlineBase<TransformerConfig>(); f.Required("field", &Config::field, "..."); }
//     };
//     Upper(Config config, OperatorContext context);
//     absl::Status Transform(Entry& entry) override { ... }
//   };
//   registry.AddOperator(MakeOperatorFactory<Upper>());
//
// Mistakes that only building finds (a bad regex) are returned by Init(): any Status, or MistakeAt("regex", "...") to point at the key.
//
// Operators of one receiver form a chain (or graph: `output`). Each entry runs to the end of the chain before the next one is read. An operator is
// called on the receiver's loop only.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/operator/entry.h"
#include "otelpipe/operator/field_path.h"
#include "otelpipe/registry.h"

namespace otelpipe {

// What an operator gets from its receiver.
struct OperatorContext {
  std::string id;    // after de-duplication
  std::string type;
  Loop* loop = nullptr;
  Logger log;  // carries operator_id and operator_type
  Metrics* metrics = nullptr;
  // Texts that live as long as the program, one copy per distinct text: keys interned here compare by pointer.
  InternFunction intern;
  // Hands over the batch under construction. For operators that send entries on their own (timers), after sending them. Not to be called inside
  // Process, EndOfBatch or Stop.
  std::function<void()> flush = [] {};
  // An entry in the arena of the batch under construction, for operators that send what they held.
  std::function<Entry()> new_entry;
  std::function<bool(std::string_view)> gate_enabled = [](std::string_view) { return false; };
};

// `message: {"key":"value",...}`: the form in which the reference adds details to errors. Give the keys in order.
std::string WithDetails(std::string_view message,
                        std::initializer_list<std::pair<std::string_view, std::string_view>> details);

// A mistake at a key of the operator's block ("regex", "routes::1::expr"), with the reference's message. The program adds the place.
inline absl::Status MistakeAt(std::string_view path, std::string_view message) {
  return ConfigErrorAt(Location{}, std::string(path), std::string(message));
}

class LogOperator {
 public:
  virtual ~LogOperator() = default;

  // Passes the entry on (after changing it), holds it by moving it away, or drops it by returning. The caller owns what is left of the entry
  // and destroys it, which acknowledges a dropped one. The returned error is reported by the caller.
  virtual absl::Status Process(Entry& entry) = 0;
  // The arena and the input buffers of the entries seen so far go away after this call: whoever holds entries copies them into an arena of
  // its own now. Called for every operator after the last entry of a read.
  virtual void EndOfBatch() {}

  virtual absl::Status Start() { return absl::OkStatus(); }
  // Hands over what is held. Called in order of flow, so the operators behind are still running.
  virtual void Stop() {}

  // --- wiring, called once while the program is built
  // The ids this operator sends to, in order; empty = the next in the list.
  virtual std::vector<std::string> Outputs() const { return {}; }
  // True when entries may leave by the list order when Outputs() is empty (a router: false; an output operator: false).
  virtual bool can_output() const { return true; }
  // False for inputs: nothing may be sent to them.
  virtual bool can_process() const { return true; }
  // Connects. `find` returns the operator of an id, or null. `next` is the default successor, null when there is none.
  virtual absl::Status Connect(const std::function<LogOperator*(std::string_view)>& find, LogOperator* next) = 0;

  const std::string& id() const { return id_; }
  const std::string& type() const { return type_; }

 protected:
  explicit LogOperator(const OperatorContext& context) : id_(context.id), type_(context.type) {}

 private:
  std::string id_;
  std::string type_;
};

// Makes operators of one type; stateless and shared.
class OperatorFactory {
 public:
  virtual ~OperatorFactory() = default;
  virtual std::string_view type() const = 0;
  virtual AnyConfig Decode(const ConfigNode& node, DecodeContext& context) const = 0;
  virtual std::vector<FieldInfo> Describe() const = 0;
  virtual absl::StatusOr<std::unique_ptr<LogOperator>> Make(AnyConfig config, OperatorContext context) const = 0;
};

template <typename T>
std::shared_ptr<const OperatorFactory> MakeOperatorFactory() {
  class Factory final : public OperatorFactory {
   public:
    std::string_view type() const override { return T::kType; }
    AnyConfig Decode(const ConfigNode& node, DecodeContext& context) const override {
      auto config = std::make_shared<typename T::Config>();
      DecodeField(node, *config, context);
      return config;
    }
    std::vector<FieldInfo> Describe() const override { return DescribeFields<typename T::Config>(); }
    absl::StatusOr<std::unique_ptr<LogOperator>> Make(AnyConfig config, OperatorContext context) const override {
      auto made = std::make_unique<T>(*static_cast<const typename T::Config*>(config.get()), std::move(context));
      if constexpr (requires { made->Init(); }) {
        absl::Status status = made->Init();
        if (!status.ok()) return status;
      }
      return made;
    }
  };
  return std::make_shared<Factory>();
}

}  // namespace otelpipe
