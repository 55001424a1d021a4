// Compares a record with what a test expects of it.
#pragma once

#include <string>
#include <vector>

#include "otelpipe/component/config_node.h"
#include "otelpipe/pdata/records.h"

namespace otelpipe::inspect {

// One difference, at the place in the test that says otherwise.
struct Difference {
  Location location;
  std::string path;
  std::string text;  // want "a", got "b"
};

// `want` is a record of `expect`, checked by ReadTestFile. Without `exact` only what it names is compared.
std::vector<Difference> Match(const ConfigNode& want, const Resource& resource, const Scope& scope, const LogRecord& record, bool exact);

}  // namespace otelpipe::inspect
