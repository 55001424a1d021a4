#include "otelpipe/operator/part_joiner.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace otelpipe {
namespace {

// Closed records kept for reuse; more are cleared away at the end of a read.
constexpr size_t kMaxClosed = 4096;

// Acknowledges several slices of input as one.
class JoinedAck final : public AckToken {
 public:
  explicit JoinedAck(std::vector<AckRef> parts) : parts_(std::move(parts)) {}

 protected:
  void Release(bool delivered) override {
    for (AckRef& part : parts_) part.Reset(delivered);
    delete this;
  }

 private:
  std::vector<AckRef> parts_;
};

// The text of a value that may be joined, or null.
const Value* TextAt(const FieldPath& path, const Entry& entry) {
  const Value* value = path.Get(entry);
  if (value == nullptr || (!value->is_string() && value->kind() != ValueKind::kBytes) || IsTime(*value)) return nullptr;
  return value;
}

}  // namespace

struct PartJoiner::Record {
  bool open = false;
  bool fresh = false;
  bool matched = false;
  int64_t parts = 0;
  uint64_t begun = 0;  // observed time of the first part
  size_t bytes = 0;    // of the joined text
  std::string saved;   // joined text of earlier reads
  std::vector<std::string_view> views;  // parts of this read
  std::unique_ptr<Arena> arena;         // of `base` when it is from an earlier read
  Entry base;
  std::vector<AckRef> acks;  // of all parts
};

PartJoiner::PartJoiner(Settings settings, OperatorContext context, Sender send)
    : settings_(std::move(settings)), context_(std::move(context)), send_(std::move(send)) {
  settings_.field.Intern(context_.intern);
  settings_.source.Intern(context_.intern);
  if (context_.loop != nullptr) born_ = context_.loop->MonotonicNanos();
}

PartJoiner::~PartJoiner() = default;

std::string_view PartJoiner::SourceOf(const Entry& entry, bool& constant) const {
  const Value* source = TextAt(settings_.source, entry);
  if (source == nullptr) {
    context_.log.Warn("entry does not contain the source_identifier, so it may be pooled with other sources");
    return {};
  }
  constant = source->tag() == kTagFileConstant;
  return source->string();
}

PartJoiner::Record* PartJoiner::Find(std::string_view source, bool constant) {
  if (constant && source.data() == last_source_.data() && source.size() == last_source_.size()) return last_record_;
  auto found = records_.find(source);
  Record* record = found == records_.end() ? nullptr : found->second.get();
  if (constant) {
    last_source_ = source;
    last_record_ = record;
  }
  return record;
}

PartJoiner::Record* PartJoiner::Create(std::string_view source, bool constant) {
  Record* record = records_.emplace(source, std::make_unique<Record>()).first->second.get();
  if (constant) last_record_ = record;
  return record;
}

void PartJoiner::Open(Record& record, Entry& entry) {
  record.open = true;
  record.matched = false;
  record.parts = 0;
  record.begun = entry.observed_unix_nano;
  record.bytes = 0;
  ++open_;
}

void PartJoiner::MakeRoom() {
  if (static_cast<int64_t>(open_) < settings_.max_sources) return;
  context_.log.Error("Too many sources. Flushing all batched logs. Consider increasing max_sources parameter");
  FlushAll();
}

absl::Status PartJoiner::SendAlone(Entry& entry) {
  const Value* text = TextAt(settings_.field, entry);
  if (text == nullptr) {
    context_.log.Error("entry does not contain the combine_field");
    absl::Status set = settings_.field.Set(entry, Value::Str(""));
    if (!set.ok()) return set;
  } else if (!text->is_string()) {
    absl::Status set = settings_.field.Set(entry, Value::Str(text->string()));
    if (!set.ok()) return set;
  }
  return send_(entry);
}

absl::Status PartJoiner::Append(Entry& entry, Part part) {
  bool constant = false;
  std::string_view source = SourceOf(entry, constant);
  Record* record = Find(source, constant);
  bool open = record != nullptr && record->open;
  if (part == Part::kFirst && open) {
    absl::Status sent = Send(*record);
    if (!sent.ok()) return sent;
    open = false;
  }
  if (!open) {
    MakeRoom();
    if (part == Part::kLast) return SendAlone(entry);
    if (record == nullptr) record = Create(source, constant);
    Open(*record, entry);
  }
  bool closed = false;
  absl::Status added = Add(*record, entry, part != Part::kMiddle, closed);
  if (!added.ok()) return added;
  if (part == Part::kLast && !closed) return Send(*record);
  return absl::OkStatus();
}

absl::Status PartJoiner::Add(Record& record, Entry& entry, bool matched, bool& closed) {
  ++record.parts;
  record.matched |= matched;
  if (!record.fresh) {
    record.fresh = true;
    fresh_.push_back(&record);
  }
  const Value* text = TextAt(settings_.field, entry);
  std::string_view view = text == nullptr ? std::string_view() : text->string();
  if (entry.ack.get() != nullptr && (record.acks.empty() || record.acks.back().get() != entry.ack.get())) {
    record.acks.push_back(entry.ack.Copy());
  }
  if (record.parts == 1 || settings_.newest_is_base) {
    record.base = entry.keep ? Copy(entry, entry.arena) : std::move(entry);
    record.base.keep = false;
    record.base.ack.Reset();
    record.arena.reset();
  }
  if (text == nullptr) {
    context_.log.Error("entry does not contain the combine_field");
    return absl::OkStatus();
  }
  if (record.bytes > 0) record.bytes += settings_.joiner.size();
  record.bytes += view.size();
  record.views.push_back(view);
  if ((settings_.max_bytes > 0 && static_cast<int64_t>(record.bytes) > settings_.max_bytes) ||
      record.parts >= settings_.max_parts ||
      (!record.matched && settings_.max_unmatched_parts > 0 && record.parts >= settings_.max_unmatched_parts)) {
    closed = true;
    SendLogged(record);
  }
  return absl::OkStatus();
}

void PartJoiner::SendLogged(Record& record) {
  absl::Status sent = Send(record);
  if (!sent.ok()) context_.log.Error("there was error flushing combined logs", {{"error", sent}});
}

absl::Status PartJoiner::Send(Record& record) {
  record.open = false;
  --open_;
  Entry out = std::move(record.base);
  if (record.arena != nullptr) {
    Entry fresh = context_.new_entry();
    out = Copy(out, fresh.arena, &context_.intern);
    record.arena.reset();
  }
  std::string_view text;
  if (record.saved.empty() && record.views.size() == 1) {
    text = record.views[0];
  } else if (record.bytes > 0) {
    char* begin = static_cast<char*>(out.arena->Allocate(record.bytes, 1));
    char* to = begin;
    auto append = [&to](std::string_view s) {
      if (s.empty()) return;
      std::memcpy(to, s.data(), s.size());
      to += s.size();
    };
    append(record.saved);
    for (std::string_view view : record.views) {
      if (to != begin) append(settings_.joiner);
      append(view);
    }
    text = std::string_view(begin, static_cast<size_t>(to - begin));
  }
  std::vector<AckRef> acks = std::move(record.acks);
  record.acks.clear();
  record.saved.clear();
  record.views.clear();
  if (acks.size() == 1) {
    out.ack = std::move(acks[0]);
  } else if (!acks.empty()) {
    out.ack = AckRef(new JoinedAck(std::move(acks)));
  }
  absl::Status set = settings_.field.Set(out, Value::Str(text));
  if (!set.ok()) return set;
  return send_(out);
}

void PartJoiner::EndOfBatch() {
  for (Record* record : fresh_) {
    record->fresh = false;
    if (!record->open) continue;
    for (std::string_view view : record->views) {
      if (!record->saved.empty()) record->saved += settings_.joiner;
      record->saved += view;
    }
    record->views.clear();
    if (record->arena == nullptr) {
      // The text itself need not be kept twice.
      (void)settings_.field.Set(record->base, Value::Str(""));
      auto arena = std::make_unique<Arena>();
      record->base = Copy(record->base, arena.get(), &context_.intern);
      record->arena = std::move(arena);
    }
  }
  fresh_.clear();
  if (records_.size() > open_ + kMaxClosed) {
    for (auto it = records_.begin(); it != records_.end();) it = it->second->open ? std::next(it) : records_.erase(it);
    last_source_ = {};
    last_record_ = nullptr;
  }
  if (open_ > 0 && !timer_.pending()) Arm();
}

void PartJoiner::FlushAll() {
  for (auto& [source, record] : records_) {
    if (record->open) SendLogged(*record);
  }
}

void PartJoiner::Arm() {
  if (context_.loop == nullptr) return;
  // As the reference: the first tick one period after the start, then every fifth of it.
  int64_t period = absl::ToInt64Nanoseconds(settings_.flush_after);
  int64_t step = std::max<int64_t>(period / 5, 1);
  int64_t age = context_.loop->MonotonicNanos() - born_;
  int64_t next = age < period ? period : period + ((age - period) / step + 1) * step;
  timer_ = context_.loop->After(absl::Nanoseconds(next - age), [this] { Tick(); });
}

void PartJoiner::Tick() {
  timer_ = Timer();
  int64_t now = absl::ToUnixNanos(context_.loop->Now());
  int64_t period = absl::ToInt64Nanoseconds(settings_.flush_after);
  bool sent = false;
  for (auto& [source, record] : records_) {
    if (!record->open || now - static_cast<int64_t>(record->begun) < period) continue;
    SendLogged(*record);
    sent = true;
  }
  if (sent) context_.flush();
  if (open_ > 0 && !timer_.pending()) Arm();
}

}  // namespace otelpipe
