// PartJoiner: joins the texts of entries that belong together, per source: the heart of `recombine`, and of `container` for lines that a
// runtime cut in parts.
//
//   PartJoiner joiner(settings, context, [this](Entry& e) { return Write(e); });
//   return joiner.Append(entry, is_last ? PartJoiner::Part::kLast : PartJoiner::Part::kMiddle);
//
// While a read lasts, parts are views into it; EndOfBatch copies what is still held. The joined text is built once, when the record is complete. A
// record of one part passes without being copied. Held entries keep their acknowledgements. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/loop.h"
#include "otelpipe/operator/field_path.h"
#include "otelpipe/operator/operator.h"

namespace otelpipe {

class PartJoiner {
 public:
  enum class Part { kFirst, kMiddle, kLast };
  struct Settings {
    FieldPath field;   // of the texts that are joined
    FieldPath source;  // tells sources apart
    std::string joiner;
    int64_t max_parts = 1000;
    int64_t max_unmatched_parts = 100;  // for records in which nothing matched; <= 0: no limit
    int64_t max_bytes = 0;              // <= 0: no limit
    int64_t max_sources = 1000;
    bool newest_is_base = false;  // the last part gives all other fields instead of the first
    absl::Duration flush_after = absl::Seconds(5);
  };
  using Sender = std::function<absl::Status(Entry&)>;

  PartJoiner(Settings settings, OperatorContext context, Sender send);
  ~PartJoiner();

  // Takes a part in. kFirst ends the record before it, kLast its own. Returns errors of sending.
  absl::Status Append(Entry& entry, Part part);
  void EndOfBatch();
  // Sends everything held.
  void FlushAll();
  size_t open_records() const { return open_; }

 private:
  struct Record;
  using Records = std::unordered_map<std::string, std::unique_ptr<Record>, StringHash, StringEq>;

  std::string_view SourceOf(const Entry& entry, bool& constant) const;
  // The record of a source, or null. Records stay in the table when they are closed, ready for the next one.
  Record* Find(std::string_view source, bool constant);
  Record* Create(std::string_view source, bool constant);
  absl::Status Add(Record& record, Entry& entry, bool matched, bool& closed);
  void Open(Record& record, Entry& entry);
  absl::Status Send(Record& record);
  void SendLogged(Record& record);
  absl::Status SendAlone(Entry& entry);
  void MakeRoom();
  void Tick();
  void Arm();

  Settings settings_;
  OperatorContext context_;
  Sender send_;
  Records records_;
  size_t open_ = 0;
  std::vector<Record*> fresh_;  // open records with views into the read that is going on
  // The file whose line came last.
  std::string_view last_source_;
  Record* last_record_ = nullptr;
  Timer timer_;
  int64_t born_ = 0;  // ticks are counted from here
};

}  // namespace otelpipe
