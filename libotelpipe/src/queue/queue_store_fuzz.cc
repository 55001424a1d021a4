// What a persistent queue finds in its storage: lines of the input are keys and values in turn. Items are in order, no size is below zero, keys say the same
// when they are parsed again, and an item that is stored then is the last one and comes back as it was.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "otelpipe/pdata/batch.h"
#include "queue/store.h"

namespace {

using namespace otelpipe;

class Memory final : public StorageClient {
 public:
  absl::StatusOr<std::string> Get(std::string_view key) override {
    auto found = values_.find(std::string(key));
    if (found == values_.end()) return absl::NotFoundError("no such key");
    return found->second;
  }
  absl::Status Set(std::string_view key, std::string_view value) override {
    values_[std::string(key)] = std::string(value);
    return absl::OkStatus();
  }
  absl::Status Delete(std::string_view key) override {
    values_.erase(std::string(key));
    return absl::OkStatus();
  }
  absl::Status Apply(const std::vector<Write>&) override { return absl::UnimplementedError("not used"); }
  std::vector<std::string> Keys() override {
    std::vector<std::string> out;
    for (const auto& [key, value] : values_) out.push_back(key);
    return out;
  }
  absl::StatusOr<std::string> Directory() override { return absl::UnimplementedError("not used"); }

 private:
  std::map<std::string, std::string> values_;
};

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto memory = std::make_unique<Memory>();
  auto line = [&] {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view out = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return out;
  };
  std::string_view last;
  while (!text.empty()) {
    const std::string_view key = line();
    last = line();
    (void)memory->Set(key, last);
  }
  QueueStore store(std::move(memory), Signal::kLogs);
  uint64_t index = 0;
  for (const QueueStore::Entry& entry : store.Load()) {
    Require(entry.records >= 0 && entry.bytes >= 0 && entry.index >= index);
    index = entry.index;
    Require(QueueStore::Parse(entry.key).index == entry.index);
    (void)store.Get(entry.key);
  }
  // No queue counts so far; a damaged key that says so leaves no room behind it.
  if (index > uint64_t{1} << 63) return 0;
  absl::StatusOr<Batch> batch = Batch::FromWire(Signal::kLogs, {Buffer::FromString(std::string(last))});
  if (!batch.ok()) return 0;
  const absl::StatusOr<std::string> key = store.Put(*batch);
  Require(key.ok());
  const std::vector<QueueStore::Entry> entries = store.Load();
  Require(!entries.empty() && entries.back().key == *key && entries.back().records == static_cast<int64_t>(batch->records()));
  // Upstream's envelope begins with these bytes, which no request does.
  if (last.substr(0, 1) == "\x0d") return 0;
  const absl::StatusOr<Batch> again = store.Get(*key);
  Require(again.ok() && again->records() == batch->records() && again->wire_size() == batch->wire_size());
  return 0;
}
