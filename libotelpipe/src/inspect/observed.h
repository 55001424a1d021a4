// Log operators that are watched: a registry whose operators report every entry that goes in and comes out.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "otelpipe/component/config_node.h"
#include "otelpipe/operator/entry.h"
#include "otelpipe/registry.h"

namespace otelpipe::inspect {

// An operator in its list.
struct OperatorPlace {
  std::string id;
  std::string type;
  ConfigNode node;      // its block; null at the end
  bool is_end = false;  // not an operator: here entries become log records
};

// Operators call each other, so calls nest: what an operator sends is entered before the operator itself is left. Entries that an operator held and
// sends later begin a nest of their own. Loop thread only.
class OperatorObserver {
 public:
  virtual ~OperatorObserver() = default;
  // Before the operator sees the entry, and after it returned `status`; `entry` is what it left of it.
  virtual void Enter(const OperatorPlace& place, Entry& entry) = 0;
  virtual void Leave(const OperatorPlace& place, Entry& entry, const absl::Status& status) = 0;
};

// Operators that write somewhere else than into the pipeline. They are neither started nor called; what is sent to them ends there.
bool WritesElsewhere(std::string_view type);

// Everything `from` has, with operators that report to `observer` (may be null), which outlives what they are made into.
absl::Status CopyObserved(const Registry& from, OperatorObserver* observer, Registry& to);

}  // namespace otelpipe::inspect
