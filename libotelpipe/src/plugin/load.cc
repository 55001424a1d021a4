#include <dlfcn.h>

#include "absl/strings/str_cat.h"
#include "otelpipe/plugin.h"
#include "otelpipe/service.h"

namespace otelpipe {

absl::Status LoadPlugin(const std::string& path, Registry& registry) {
  // RTLD_LOCAL: two plugins may define the same names. The library is never closed: its code stays in use by the registry.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return absl::NotFoundError(absl::StrCat("plugin ", path, ": ", ::dlerror()));
  // The id is plain data, read before any code of the plugin is called.
  auto* id = static_cast<const char* const*>(::dlsym(library, "otelpipe_plugin_build_id"));
  if (id == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("plugin ", path, ": not an otelpipe plugin (it has no OTELPIPE_PLUGIN)"));
  }
  if (std::string_view(*id) != OTELPIPE_BUILD_ID) {
    return absl::FailedPreconditionError(absl::StrCat("plugin ", path, " was built for \"", *id, "\", this program is \"",
                                                      OTELPIPE_BUILD_ID, "\"; build it again with this version's package"));
  }
  auto* start = reinterpret_cast<absl::Status (*)(Registry&)>(::dlsym(library, "otelpipe_plugin_register"));
  if (start == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("plugin ", path, ": has a build id but no otelpipe_plugin_register"));
  }
  return start(registry);
}

}  // namespace otelpipe
