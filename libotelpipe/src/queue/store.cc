#include "queue/store.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "queue/request_context.h"

namespace otelpipe {

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
    good = *p++ == ':' && number(*value) && *value >= 0;
  }
  // Behind the largest index there is none for the next item.
  if (!good || p != end || entry.index == std::numeric_limits<uint64_t>::max()) entry.key.clear();
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
  std::string head;
  if (with_client_) head = RequestHead(batch.client().get(), batch.wire_size());
  if (pieces_ != nullptr) {
    std::vector<std::string_view> pieces;
    pieces.reserve(batch.wire().size() + 1);
    if (with_client_) pieces.push_back(head);
    for (const Buffer& b : batch.wire()) pieces.push_back(b.bytes);
    OTELPIPE_RETURN_IF_ERROR(pieces_->SetPieces(key, pieces));
  } else {
    std::string joined = std::move(head);
    for (const Buffer& b : batch.wire()) joined.append(b.bytes);
    OTELPIPE_RETURN_IF_ERROR(client_->Set(key, joined));
  }
  ++next_;
  return key;
}

absl::StatusOr<Batch> QueueStore::Get(const std::string& key) {
  OTELPIPE_ASSIGN_OR_RETURN(std::string bytes, client_->Get(key));
  Buffer whole = Buffer::FromString(std::move(bytes));
  const StoredRequest stored = ParseStoredRequest(whole.bytes);
  Batch batch = Batch::FromWire(signal_, {Buffer{stored.data, whole.owner}});
  batch.set_client(stored.client);
  return batch;
}

absl::Status QueueStore::Delete(const std::string& key) { return client_->Delete(key); }

}  // namespace otelpipe
