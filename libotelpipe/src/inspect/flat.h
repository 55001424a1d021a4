// Entries and records as lists of (path, JSON), for showing and comparing them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "otelpipe/inspect.h"
#include "otelpipe/operator/entry.h"
#include "otelpipe/pdata/batch.h"

namespace otelpipe::inspect {

using Flat = std::vector<std::pair<std::string, std::string>>;

// Paths are those of field syntax. Maps are taken apart, empty ones are shown as {}.
Flat Flatten(const Entry& entry);
Flat Flatten(const Resource& resource, const Scope& scope, const LogRecord& record);
// `key` behind `parent`: attributes.a, attributes["a.b"].
std::string PathOf(const std::string& parent, std::string_view key);
std::string JsonOf(const Value& value);

// In the order of `before`, then what is new in the order of `after`.
std::vector<Change> Compare(const Flat& before, const Flat& after);

// Visits the records of a batch of logs, in order; nothing for other signals and malformed bytes.
template <typename F>
void ForEachRecord(const Batch& batch, F&& f) {
  if (batch.signal() != Signal::kLogs) return;
  absl::StatusOr<const LogsData*> logs = batch.ReadLogs();
  if (!logs.ok()) return;
  for (const ResourceLogs& r : (*logs)->resources) {
    for (const ScopeLogs& s : r.scopes) {
      for (const LogRecord& record : s.records) f(r.resource, s.scope, record);
    }
  }
}

}  // namespace otelpipe::inspect
