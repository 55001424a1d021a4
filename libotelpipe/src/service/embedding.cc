// What an embedder does with a running service beside starting and stopping it: handing in batches and looking at what comes out.
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "service/service_impl.h"

namespace otelpipe {
namespace {

// A batch and its Done on their way to the loop. When the loop is gone, the Done tells.
struct Pushed {
  Batch batch;
  Done done;
};

}  // namespace

void Service::Impl::Push(std::string_view receiver_id, Batch batch, Done done) {
  absl::StatusOr<ComponentId> id = ComponentId::Parse(receiver_id);
  Component* component = id.ok() ? graph_->Find(ComponentKind::kReceiver, *id) : nullptr;
  auto* target = dynamic_cast<PushTarget*>(component);
  if (target == nullptr) {
    done.Finished(absl::NotFoundError(
        absl::StrCat("no pipeline has a receiver \"", A(receiver_id), "\" that takes batches from the program (type embed)")));
    return;
  }
  runtime_->loop().Post([target, pushed = Pushed{std::move(batch), std::move(done)}]() mutable {
    target->Push(std::move(pushed.batch), std::move(pushed.done));
  });
}

absl::Status Service::Impl::SetTap(std::string_view exporter_id, std::function<void(const Batch&)> tap) {
  if (state_ != State::kBuilt) return absl::FailedPreconditionError("a tap is to be set before Start");
  OTELPIPE_ASSIGN_OR_RETURN(ComponentId id, ComponentId::Parse(exporter_id));
  bool found = false;
  for (const Graph::Instance& i : graph_->instances()) {
    if (i.kind != ComponentKind::kExporter || i.id != id) continue;
    if (auto* target = dynamic_cast<TapTarget*>(i.component)) {
      target->SetTap(tap);
      found = true;
    }
  }
  if (found) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no pipeline has an exporter \"", A(exporter_id), "\" of type embed"));
}

}  // namespace otelpipe
