// Kinds and ids of components: `type[/name]`, as in YAML.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace otelpipe {

enum class ComponentKind { kReceiver, kProcessor, kExporter, kExtension, kConnector, kOperator };
std::string_view KindName(ComponentKind kind);     // "receiver"
std::string_view KindSection(ComponentKind kind);  // "receivers"

struct ComponentId {
  std::string type;
  std::string name;  // "" when the id has no slash

  // Parses and trims both parts. Errors are the reference's: `in "nop/" id: the part after / should not be empty`.
  static absl::StatusOr<ComponentId> Parse(std::string_view text);
  std::string ToString() const { return name.empty() ? type : type + "/" + name; }
  auto operator<=>(const ComponentId&) const = default;
};

}  // namespace otelpipe
