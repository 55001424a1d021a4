// Any bytes as saved state, in the reference's form and in ours: what is loaded is sound, and what is saved from it loads again as it was.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/tail/checkpoint.h"
#include "shared/tail/gzip_reader.h"
#include "shared/tail/memory_storage.h"

namespace {

using otelpipe::tail::Checkpoint;
using otelpipe::tail::MemoryStorage;
using otelpipe::tail::TailFile;

void Check(const TailFile& f) {
  if (f.fingerprint.empty() || f.offset < 0 || f.offset != f.acked || f.tail_length < 0 || f.base.compressed < 0) std::abort();
  if (f.base.decompressed < 0 || f.base.decompressed > f.offset || f.check.length > otelpipe::tail::TailCheck::kSize) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  auto known = otelpipe::tail::ParseKnownFiles(text);
  if (known.ok()) {
    for (const auto& file : *known) Check(*file);
  }
  MemoryStorage store;
  auto client = store.Client();
  const size_t line = text.find('\n');
  if (!client->Set("x.file.7", text.substr(0, line)).ok()) std::abort();
  if (line != std::string_view::npos && !client->Set("x.pos.7", text.substr(line + 1)).ok()) std::abort();
  Checkpoint checkpoint(store.Client(), "x");
  auto loaded = checkpoint.Load();
  if (!loaded.ok() || loaded->files.size() + loaded->problems.size() != 1) std::abort();
  if (loaded->files.empty()) return 0;
  const TailFile& file = *loaded->files[0];
  Check(file);
  checkpoint.Put(file, true);
  if (!checkpoint.Commit().ok()) std::abort();
  auto again = Checkpoint(store.Client(), "x").Load();
  if (!again.ok() || again->files.size() != 1) std::abort();
  const TailFile& same = *again->files[0];
  if (same.fingerprint != file.fingerprint || same.acked != file.acked || same.acked_check.view() != file.acked_check.view()) std::abort();
  if (!(same.key == file.key) || same.header_done != file.header_done || same.compressed != file.compressed) std::abort();
  return 0;
}
