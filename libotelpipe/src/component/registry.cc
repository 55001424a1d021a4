#include "otelpipe/registry.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/operator/operator.h"

namespace otelpipe {

Registry::Registry() = default;
Registry::~Registry() = default;

absl::Status Registry::Add(ComponentFactory factory) {
  std::vector<std::string> names = factory.aliases;
  names.push_back(factory.type);
  for (const std::string& name : names) {
    if (Find(factory.kind, name) != nullptr) {
      return absl::AlreadyExistsError(
          absl::StrCat(A(KindName(factory.kind)), " type \"", name, "\" is registered already"));
    }
  }
  factories_.push_back(std::make_unique<ComponentFactory>(std::move(factory)));
  return absl::OkStatus();
}

absl::Status Registry::AddOperator(std::shared_ptr<const OperatorFactory> factory) {
  std::string type(factory->type());
  if (!operators_.emplace(type, std::move(factory)).second) {
    return absl::AlreadyExistsError(absl::StrCat("operator type \"", type, "\" is registered already"));
  }
  return absl::OkStatus();
}

const ComponentFactory* Registry::Find(ComponentKind kind, std::string_view type) const {
  for (const auto& f : factories_) {
    if (f->kind == kind && (f->type == type || std::count(f->aliases.begin(), f->aliases.end(), type) > 0)) {
      return f.get();
    }
  }
  return nullptr;
}

std::shared_ptr<const OperatorFactory> Registry::FindOperator(std::string_view type) const {
  auto it = operators_.find(type);
  return it == operators_.end() ? nullptr : it->second;
}

std::vector<const ComponentFactory*> Registry::All(ComponentKind kind) const {
  std::vector<const ComponentFactory*> out;
  for (const auto& f : factories_) {
    if (f->kind == kind) out.push_back(f.get());
  }
  std::sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->type < b->type; });
  return out;
}

std::vector<std::string> Registry::OperatorTypes() const {
  std::vector<std::string> out;
  for (const auto& [type, factory] : operators_) out.push_back(type);
  return out;
}

}  // namespace otelpipe
