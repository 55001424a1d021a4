// Recombining. The first six bytes choose the settings; each further byte is an entry, its source, and whether it ends a read. Every source must get the records
// that a plain reading of the rules makes, in order, and no part may be lost.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operator/testing/harness.h"

namespace {

using otelpipe::testing::OperatorHarness;

struct Settings {
  bool first;
  int64_t max_batch, max_unmatched, max_bytes;
  std::string joiner;
  bool newest;
};

struct Part {
  std::string text, source, id;
};

// The rules, one source at a time: sources do not touch each other while there is room for all of them.
class Model {
 public:
  explicit Model(const Settings& settings) : s_(settings) {}

  void Add(const Part& part, bool match) {
    Batch& batch = batches_[part.source];
    if (s_.first && match) Flush(part.source);
    if (batch.count == 0) batch.base = part.id;
    if (s_.newest) batch.base = part.id;
    ++batch.count;
    batch.matched |= match;
    if (!batch.text.empty()) batch.text += s_.joiner;
    batch.text += part.text;
    const bool full = (s_.max_bytes > 0 && static_cast<int64_t>(batch.text.size()) > s_.max_bytes) || batch.count >= s_.max_batch ||
                      (!batch.matched && s_.max_unmatched > 0 && batch.count >= s_.max_unmatched);
    if (full || (!s_.first && match)) Flush(part.source);
  }
  std::map<std::string, std::vector<std::string>> Finish() {
    std::vector<std::string> open;
    for (const auto& [source, batch] : batches_) open.push_back(source);
    for (const std::string& source : open) Flush(source);
    return out_;
  }

 private:
  struct Batch {
    std::string text, base;
    int64_t count = 0;
    bool matched = false;
  };
  void Flush(const std::string& source) {
    Batch& batch = batches_[source];
    if (batch.count > 0) out_[source].push_back(batch.base + ":" + batch.text);
    batch = Batch();
  }

  Settings s_;
  std::map<std::string, Batch> batches_;
  std::map<std::string, std::vector<std::string>> out_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 7 || size > 600) return 0;
  Settings s;
  s.first = data[0] % 2 == 0;
  s.newest = data[1] % 2 == 1;
  s.max_batch = data[2] % 8 == 0 ? 1000 : data[2] % 8;
  s.max_unmatched = data[3] % 6;
  s.max_bytes = data[4] % 4 == 0 ? 0 : data[4] % 16;
  s.joiner = data[5] % 2 == 0 ? "" : "+";
  OperatorHarness harness("- {type: recombine, combine_field: body, source_identifier: attributes.s, is_" + std::string(s.first ? "first" : "last") +
                          "_entry: 'body == \"M\"', combine_with: '" + s.joiner + "', max_batch_size: " + std::to_string(s.max_batch) +
                          ", max_unmatched_batch_size: " + std::to_string(s.max_unmatched) + ", max_log_size: " + std::to_string(s.max_bytes) +
                          ", overwrite_with: " + (s.newest ? "newest" : "oldest") + "}");
  Model model(s);
  std::map<std::string, std::vector<std::string>> got;
  auto take = [&](const std::vector<OperatorHarness::Record>& records) {
    for (const auto& r : records) {
      auto text = [&](const char* key) { return std::string(r.attribute_map->Find(key)->string()); };
      got[text("s")].push_back(text("id") + ":" + r.body);
    }
  };
  for (size_t i = 6; i < size; ++i) {
    static const char* const kTexts[] = {"M", "a", "", "bc"};
    const Part part{kTexts[data[i] % 4], std::string(1, "xyz"[data[i] / 4 % 3]), std::to_string(i)};
    if (!harness.Process(part.text, {{"s", part.source}, {"id", part.id}}).empty()) std::abort();
    model.Add(part, part.text == "M");
    if (data[i] >= 0x80) take(harness.Take());
  }
  take(harness.Take());
  take(harness.Stop());
  auto wanted = model.Finish();
  if (got == wanted) return 0;
  for (const auto* side : {&wanted, &got}) {
    std::fprintf(stderr, side == &got ? "got\n" : "wanted\n");
    for (const auto& [source, records] : *side) {
      for (const std::string& record : records) std::fprintf(stderr, "  %s %s\n", source.c_str(), record.c_str());
    }
  }
  std::abort();
}
