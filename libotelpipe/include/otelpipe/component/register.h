// The one function a component folder gives to the generated registration:
//
//   OTELPIPE_REGISTER(processor, redact, registry) { return registry.AddProcessor<Redact>(); }
//
// At global scope, in the folder components/processor/redact.
#pragma once

#include "absl/status/status.h"
#include "otelpipe/registry.h"

#define OTELPIPE_REGISTER(kind, name, registry) \
  absl::Status otelpipe_register_##kind##_##name(::otelpipe::Registry& registry)
