#include "sink/totals.h"

#include <chrono>
#include <utility>

#include "common/text.h"

namespace otelpipe::bench {
namespace {

int64_t UnixNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Totals::Totals(const TotalsSettings& settings,
               std::function<void(const std::string&)> at_expected)
    : settings_(settings), at_expected_(std::move(at_expected)) {}

void Totals::Bytes(size_t wire, size_t plain) {
  wire_bytes_.fetch_add(static_cast<int64_t>(wire));
  plain_bytes_.fetch_add(static_cast<int64_t>(plain));
}

void Totals::Stream(std::string_view labels) {
  const std::lock_guard lock(mutex_);
  labels_.emplace(labels);
}

void Totals::Look(std::string_view record, std::vector<int64_t>* seqs) {
  if (settings_.seq) seqs->push_back(SeqOf(record));
  if (settings_.sample == 0) return;
  const std::lock_guard lock(mutex_);
  if (samples_.size() < static_cast<size_t>(settings_.sample)) samples_.emplace_back(record);
}

void Totals::BookSeqs(const std::vector<int64_t>& seqs) {
  const std::lock_guard lock(mutex_);
  for (const int64_t seq : seqs) {
    if (seq < 0) {
      ++seq_absent_;
      continue;
    }
    const auto word = static_cast<size_t>(seq / 64);
    const uint64_t bit = uint64_t{1} << (seq % 64);
    if (seq_bits_.size() <= word) seq_bits_.resize(word * 2 + 1024);
    if ((seq_bits_[word] & bit) != 0) {
      ++seq_duplicates_;
    } else {
      seq_bits_[word] |= bit;
      ++seq_unique_;
    }
    if (seq > seq_max_) seq_max_ = seq;
  }
}

void Totals::Book(Kind kind, const SkimCounts& counts, const std::vector<int64_t>& seqs) {
  int64_t records = counts.records;
  switch (kind) {
    case Kind::kLogs:
      logs_.fetch_add(counts.records);
      break;
    case Kind::kTraces:
      spans_.fetch_add(counts.records);
      break;
    case Kind::kMetrics:
      metrics_.fetch_add(counts.records);
      points_.fetch_add(counts.points);
      records = counts.points;
      break;
    case Kind::kLoki:
      loki_blocks_.fetch_add(counts.streams);
      loki_entries_.fetch_add(counts.records);
      loki_bytes_.fetch_add(counts.bytes);
      break;
  }
  if (settings_.seq) BookSeqs(seqs);
  const int64_t now = UnixNanos();
  int64_t none = 0;
  first_.compare_exchange_strong(none, now);
  last_.store(now);
  const int64_t total = records_.fetch_add(records) + records;
  if (settings_.expect == 0 || total < settings_.expect) return;
  none = 0;
  if (expected_at_.compare_exchange_strong(none, now)) at_expected_(Line("expected"));
}

std::string Totals::Line(std::string_view event) const {
  JsonLine line;
  line.Add("event", event)
      .Add("records", records_.load())
      .Add("requests", requests_.load())
      .Add("wire_bytes", wire_bytes_.load())
      .Add("raw_bytes", plain_bytes_.load())
      .Add("loki_stream_blocks", loki_blocks_.load())
      .Add("loki_entries", loki_entries_.load())
      .Add("loki_line_bytes", loki_bytes_.load())
      .Add("logs", logs_.load())
      .Add("spans", spans_.load())
      .Add("metrics", metrics_.load())
      .Add("points", points_.load())
      .Add("bad_requests", bad_requests_.load())
      .Add("faulted", faulted_.load())
      .AddFixed("first", static_cast<double>(first_.load()) / 1e9, 6)
      .AddFixed("last", static_cast<double>(last_.load()) / 1e9, 6)
      .AddFixed("expected_at", static_cast<double>(expected_at_.load()) / 1e9, 6);
  const std::lock_guard lock(mutex_);
  line.Add("loki_streams", static_cast<int64_t>(labels_.size()));
  if (settings_.seq) {
    line.Add("seq_unique", seq_unique_)
        .Add("seq_duplicates", seq_duplicates_)
        .Add("seq_max", seq_max_)
        .Add("seq_missing", seq_max_ + 1 - seq_unique_)
        .Add("seq_absent", seq_absent_);
  }
  return line.Done();
}

std::string Totals::Labels() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& labels : labels_) text += labels + "\n";
  return text;
}

std::vector<std::string> Totals::Samples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

}  // namespace otelpipe::bench
