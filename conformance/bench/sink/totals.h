// What the sink has counted so far.
//
//   Totals totals({.expect = 1000, .seq = true}, [](const std::string& line) { puts(...); });
//   totals.Book(Signal::kLogs, counts, seqs);   // one request
//   std::string line = totals.Line("stats");
//
// All methods may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/skim.h"

namespace otelpipe::bench {

enum class Kind { kLogs, kTraces, kMetrics, kLoki };

struct TotalsSettings {
  int64_t expect = 0;
  bool seq = false;
  int sample = 0;
};

class Totals {
 public:
  // `at_expected` gets the line of totals once, when settings.expect records have come.
  Totals(const TotalsSettings& settings, std::function<void(const std::string&)> at_expected);

  int64_t NewRequest() { return requests_.fetch_add(1) + 1; }
  void Faulted() { faulted_.fetch_add(1); }
  void BadRequest() { bad_requests_.fetch_add(1); }
  void Bytes(size_t wire, size_t plain);
  void Stream(std::string_view labels);

  // True when records have to be looked at one by one.
  bool wants_records() const { return settings_.seq || settings_.sample > 0; }
  // For each record of a request, collected by the caller and handed to Book.
  void Look(std::string_view record, std::vector<int64_t>* seqs);
  void Book(Kind kind, const SkimCounts& counts, const std::vector<int64_t>& seqs);

  bool expected_reached() const { return expected_at_.load() != 0; }
  std::string Line(std::string_view event) const;
  std::string Labels() const;
  std::vector<std::string> Samples() const;

 private:
  void BookSeqs(const std::vector<int64_t>& seqs);

  const TotalsSettings settings_;
  const std::function<void(const std::string&)> at_expected_;
  std::atomic<int64_t> requests_ = 0, wire_bytes_ = 0, plain_bytes_ = 0;
  std::atomic<int64_t> loki_blocks_ = 0, loki_entries_ = 0, loki_bytes_ = 0;
  std::atomic<int64_t> logs_ = 0, spans_ = 0, metrics_ = 0, points_ = 0, records_ = 0;
  std::atomic<int64_t> bad_requests_ = 0, faulted_ = 0;
  std::atomic<int64_t> first_ = 0, last_ = 0, expected_at_ = 0;

  mutable std::mutex mutex_;
  std::unordered_set<std::string> labels_;
  std::vector<std::string> samples_;
  std::vector<uint64_t> seq_bits_;
  int64_t seq_unique_ = 0, seq_duplicates_ = 0, seq_absent_ = 0, seq_max_ = -1;
};

}  // namespace otelpipe::bench
