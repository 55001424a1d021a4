#include "inspect/observed.h"

#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/operator/operator.h"

namespace otelpipe::inspect {
namespace {

class Observed final : public LogOperator {
 public:
  Observed(const OperatorContext& context, OperatorObserver* observer, ConfigNode node, std::unique_ptr<LogOperator> inner)
      : LogOperator(context),
        context_(context),
        observer_(observer),
        place_{context.id, context.type, std::move(node), false},
        owned_(std::move(inner)),
        inner_(owned_.get()),
        muted_(WritesElsewhere(context.type)) {}
  // The end of a chain, which belongs to the program.
  Observed(const OperatorContext& context, OperatorObserver* observer, LogOperator* end)
      : LogOperator(context), context_(context), observer_(observer), place_{"", "", {}, true}, inner_(end), muted_(false) {}

  absl::Status Process(Entry& entry) override {
    if (observer_ == nullptr) return muted_ ? absl::OkStatus() : inner_->Process(entry);
    observer_->Enter(place_, entry);
    absl::Status status = muted_ ? absl::OkStatus() : inner_->Process(entry);
    observer_->Leave(place_, entry, status);
    return status;
  }
  void EndOfBatch() override { inner_->EndOfBatch(); }
  absl::Status Start() override { return muted_ ? absl::OkStatus() : inner_->Start(); }
  void Stop() override {
    if (!muted_) inner_->Stop();
  }
  std::vector<std::string> Outputs() const override { return inner_->Outputs(); }
  bool can_output() const override { return inner_->can_output(); }
  bool can_process() const override { return inner_->can_process(); }
  absl::Status Connect(const std::function<LogOperator*(std::string_view)>& find, LogOperator* next) override {
    return inner_->Connect([&](std::string_view id) { return Watch(find(id)); }, Watch(next));
  }

 private:
  // `to` itself when it is watched already. Only the end of the chain, which no factory made, is not.
  LogOperator* Watch(LogOperator* to) {
    if (to == nullptr || !to->can_process() || dynamic_cast<Observed*>(to) != nullptr) return to;
    ends_.push_back(std::make_unique<Observed>(context_, observer_, to));
    return ends_.back().get();
  }

  OperatorContext context_;
  OperatorObserver* observer_;
  OperatorPlace place_;
  std::unique_ptr<LogOperator> owned_;
  LogOperator* inner_;
  bool muted_;
  std::vector<std::unique_ptr<LogOperator>> ends_;
};

class ObservedFactory final : public OperatorFactory {
 public:
  ObservedFactory(std::shared_ptr<const OperatorFactory> inner, OperatorObserver* observer)
      : inner_(std::move(inner)), observer_(observer) {}
  std::string_view type() const override { return inner_->type(); }
  AnyConfig Decode(const ConfigNode& node, DecodeContext& context) const override {
    return std::make_shared<Block>(Block{node, inner_->Decode(node, context)});
  }
  std::vector<FieldInfo> Describe() const override { return inner_->Describe(); }
  absl::StatusOr<std::unique_ptr<LogOperator>> Make(AnyConfig config, OperatorContext context) const override {
    const Block& block = *static_cast<const Block*>(config.get());
    OTELPIPE_ASSIGN_OR_RETURN(std::unique_ptr<LogOperator> made, inner_->Make(block.config, context));
    return std::make_unique<Observed>(context, observer_, block.node, std::move(made));
  }

 private:
  struct Block {
    ConfigNode node;
    AnyConfig config;
  };
  std::shared_ptr<const OperatorFactory> inner_;
  OperatorObserver* observer_;
};

}  // namespace

bool WritesElsewhere(std::string_view type) { return type == "stdout" || type == "file_output"; }

absl::Status CopyObserved(const Registry& from, OperatorObserver* observer, Registry& to) {
  for (ComponentKind kind : {ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
                             ComponentKind::kConnector, ComponentKind::kExtension}) {
    for (const ComponentFactory* factory : from.All(kind)) OTELPIPE_RETURN_IF_ERROR(to.Add(*factory));
  }
  for (const std::string& type : from.OperatorTypes()) {
    OTELPIPE_RETURN_IF_ERROR(to.AddOperator(std::make_shared<ObservedFactory>(from.FindOperator(type), observer)));
  }
  return absl::OkStatus();
}

}  // namespace otelpipe::inspect
