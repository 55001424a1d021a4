#include "queue/store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe {
namespace {

// The reference may wrap an item with the context of its request: {fixed32 version = 1; context = 2; bytes data = 3}. Told by its first field.
std::string_view Unwrap(std::string_view bytes) {
  constexpr std::string_view kVersion1("\x0d\x01\x00\x00\x00", 5);
  if (bytes.substr(0, kVersion1.size()) != kVersion1) return bytes;
  std::string_view rest = bytes.substr(kVersion1.size());
  while (!rest.empty()) {
    const char tag = rest.front();
    rest.remove_prefix(1);
    uint64_t length = 0;
    int shift = 0;
    bool more = true;
    while (more && !rest.empty() && shift < 64) {
      length |= (static_cast<uint64_t>(rest.front()) & 0x7F) << shift;
      more = (rest.front() & 0x80) != 0;
      shift += 7;
      rest.remove_prefix(1);
    }
    if (more || length > rest.size() || (tag != 0x12 && tag != 0x1A)) return bytes;
    if (tag == 0x1A) return rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return {};
}

}  // namespace

QueueStore::Entry QueueStore::Parse(const std::string& key) {
  Entry entry;
  entry.key = key;
  const char* p = key.data();
  const char* end = p + key.size();
  auto number = [&p, end](auto& value) {
    auto [next, ec] = std::from_chars(p, end, value);
    if (ec != std::errc() || next == p) return false;
    p = next;
    return true;
  };
  bool good = number(entry.index);
  for (int64_t* value : {&entry.records, &entry.bytes}) {
    if (!good || p == end) break;
    good = *p++ == ':' && number(*value);
  }
  if (!good || p != end) entry.key.clear();
  return entry;
}

std::vector<QueueStore::Entry> QueueStore::Load() {
  std::vector<Entry> out;
  for (const std::string& key : client_->Keys()) {
    Entry entry = Parse(key);
    if (!entry.key.empty()) {
      if (entry.bytes == 0) {  // of the reference: its size shows only in it
        if (absl::StatusOr<Batch> batch = Get(key); batch.ok()) {
          entry.records = static_cast<int64_t>(batch->records());
          entry.bytes = static_cast<int64_t>(batch->wire_size());
        }
      }
      out.push_back(std::move(entry));
    } else if (key == "qmv0" || key == "ri" || key == "wi" || key == "di") {
      (void)client_->Delete(key);
    }
  }
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.index < b.index; });
  if (!out.empty()) next_ = out.back().index + 1;
  return out;
}

absl::StatusOr<std::string> QueueStore::Put(const Batch& batch) {
  std::string key = absl::StrCat(next_, ":", batch.records(), ":", batch.wire_size());
  if (pieces_ != nullptr) {
    std::vector<std::string_view> pieces;
    pieces.reserve(batch.wire().size());
    for (const Buffer& b : batch.wire()) pieces.push_back(b.bytes);
    OTELPIPE_RETURN_IF_ERROR(pieces_->SetPieces(key, pieces));
  } else {
    std::string joined;
    for (const Buffer& b : batch.wire()) joined.append(b.bytes);
    OTELPIPE_RETURN_IF_ERROR(client_->Set(key, joined));
  }
  ++next_;
  return key;
}

absl::StatusOr<Batch> QueueStore::Get(const std::string& key) {
  OTELPIPE_ASSIGN_OR_RETURN(std::string bytes, client_->Get(key));
  Buffer whole = Buffer::FromString(std::move(bytes));
  return Batch::FromWire(signal_, {Buffer{Unwrap(whole.bytes), whole.owner}});
}

absl::Status QueueStore::Delete(const std::string& key) { return client_->Delete(key); }

}  // namespace otelpipe
