// For plugin authors: the one line that makes a shared library a plugin.
//
//   OTELPIPE_PLUGIN(registry) { return registry.AddProcessor<Redact>(); }
//
// Build it with otelpipe_plugin() from the installed package. The host reads the build id first and refuses what does not fit.
#pragma once

#include "otelpipe/registry.h"
#include "otelpipe/version.h"

#define OTELPIPE_PLUGIN(registry)                                                                             \
  extern "C" __attribute__((visibility("default"))) const char* const otelpipe_plugin_build_id = OTELPIPE_BUILD_ID; \
  extern "C" __attribute__((visibility("default"))) absl::Status otelpipe_plugin_register(::otelpipe::Registry& registry)
