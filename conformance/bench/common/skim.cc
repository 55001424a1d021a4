#include "common/skim.h"

#include <cstddef>
#include <string>
#include <vector>

namespace otelpipe::bench {
namespace {

// Reads varints and steps over bytes in a chain of slices. protozero would do for one contiguous
// buffer, but joining a gRPC message of 300 KiB only to read its lengths costs more than the count.
class Cursor {
 public:
  explicit Cursor(std::span<const std::string_view> slices) : slices_(slices) { Settle(); }

  size_t position() const { return passed_ + at_; }
  bool AtEnd() const { return index_ == slices_.size(); }

  bool Byte(uint8_t* out) {
    if (AtEnd()) return false;
    *out = static_cast<uint8_t>(slices_[index_][at_++]);
    Settle();
    return true;
  }

  bool Varint(uint64_t* out) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      uint8_t byte = 0;
      if (!Byte(&byte)) return false;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        *out = value;
        return true;
      }
    }
    return false;
  }

  bool Skip(uint64_t count) {
    while (count > 0) {
      if (AtEnd()) return false;
      const uint64_t left = slices_[index_].size() - at_;
      if (count < left) {
        at_ += count;
        return true;
      }
      count -= left;
      at_ += left;
      Settle();
    }
    return true;
  }

  // Only right when the next `count` bytes lie in the current slice.
  std::string_view Peek(uint64_t count) const {
    return AtEnd() ? std::string_view() : slices_[index_].substr(at_, count);
  }

 private:
  void Settle() {
    while (index_ < slices_.size() && at_ == slices_[index_].size()) {
      passed_ += at_;
      at_ = 0;
      ++index_;
    }
  }

  std::span<const std::string_view> slices_;
  size_t index_ = 0;
  size_t at_ = 0;
  size_t passed_ = 0;
};

// Walks the fields of a message that ends at `end` and calls `enter(field, length)` for every
// length-delimited one; enter must consume exactly that many bytes.
template <typename Enter>
bool Walk(Cursor& cursor, uint64_t end, const Enter& enter) {
  while (cursor.position() < end) {
    uint64_t tag = 0;
    if (!cursor.Varint(&tag)) return false;
    uint64_t length = 0;
    switch (tag & 7) {
      case 0:
        if (!cursor.Varint(&length)) return false;
        continue;
      case 1:
        if (!cursor.Skip(8)) return false;
        continue;
      case 5:
        if (!cursor.Skip(4)) return false;
        continue;
      case 2:
        break;
      default:
        return false;
    }
    if (!cursor.Varint(&length) || length > end - cursor.position()) return false;
    if (!enter(tag >> 3, length)) return false;
  }
  return cursor.position() == end;
}

constexpr bool IsDataField(uint64_t field) {
  return field == 5 || field == 7 || field == 9 || field == 10 || field == 11;
}

bool WalkMetric(Cursor& cursor, uint64_t end, SkimCounts* counts) {
  return Walk(cursor, end, [&](uint64_t field, uint64_t length) {
    if (!IsDataField(field)) return cursor.Skip(length);
    return Walk(cursor, cursor.position() + length, [&](uint64_t inner, uint64_t size) {
      if (inner == 1) ++counts->points;
      return cursor.Skip(size);
    });
  });
}

// A walk over JSON that knows depth and strings and nothing else.
class JsonSkimmer {
 public:
  static constexpr int kMaxDepth = 64;

  // `at_open(depth, is_array, offset)`, `at_close(depth, begin, end)`, `at_string(depth, begin,
  // end)`. False: unbalanced.
  template <typename Open, typename Close, typename String>
  static bool Run(std::string_view text, const Open& at_open, const Close& at_close,
                  const String& at_string) {
    int depth = 0;
    size_t starts[kMaxDepth] = {};
    bool arrays[kMaxDepth] = {};
    for (size_t i = 0; i < text.size(); ++i) {
      switch (text[i]) {
        case '"': {
          size_t end = i + 1;
          while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
          if (end >= text.size()) return false;
          if (depth > 0) at_string(depth, arrays[depth - 1], i + 1, end);
          i = end;
          break;
        }
        case '{':
        case '[':
          if (depth == kMaxDepth) return false;
          starts[depth] = i;
          arrays[depth] = text[i] == '[';
          ++depth;
          at_open(depth, text[i] == '[');
          break;
        case '}':
        case ']':
          if (depth == 0 || arrays[depth - 1] != (text[i] == ']')) return false;
          at_close(depth, text[i] == ']', starts[depth - 1], i + 1);
          --depth;
          break;
        default:
          break;
      }
    }
    return depth == 0;
  }
};

}  // namespace

bool SkimOtlp(Signal signal, std::span<const std::string_view> slices, const EachRecord& each,
              SkimCounts* counts) {
  Cursor cursor(slices);
  uint64_t total = 0;
  for (const std::string_view slice : slices) total += slice.size();
  const auto record = [&](uint64_t field, uint64_t length) {
    if (field != 2) return cursor.Skip(length);
    ++counts->records;
    if (each) each(cursor.Peek(length));
    if (signal == Signal::kMetrics) return WalkMetric(cursor, cursor.position() + length, counts);
    return cursor.Skip(length);
  };
  const auto scope = [&](uint64_t field, uint64_t length) {
    if (field != 2) return cursor.Skip(length);
    return Walk(cursor, cursor.position() + length, record);
  };
  const auto resource = [&](uint64_t field, uint64_t length) {
    if (field != 1) return cursor.Skip(length);
    return Walk(cursor, cursor.position() + length, scope);
  };
  return Walk(cursor, total, resource);
}

bool SkimLokiProto(std::string_view body, const EachRecord& stream, const EachRecord& each,
                   SkimCounts* counts) {
  Cursor cursor({&body, 1});
  const auto entry = [&](uint64_t field, uint64_t length) {
    if (field == 2) {
      counts->bytes += static_cast<int64_t>(length);
      if (each) each(cursor.Peek(length));
    }
    return cursor.Skip(length);
  };
  const auto in_stream = [&](uint64_t field, uint64_t length) {
    if (field == 1) {
      ++counts->streams;
      if (stream) stream(cursor.Peek(length));
    } else if (field == 2) {
      ++counts->records;
      return Walk(cursor, cursor.position() + length, entry);
    }
    return cursor.Skip(length);
  };
  return Walk(cursor, body.size(), [&](uint64_t field, uint64_t length) {
    if (field != 1) return cursor.Skip(length);
    return Walk(cursor, cursor.position() + length, in_stream);
  });
}

bool SkimLokiJson(std::string_view body, const EachRecord& stream, const EachRecord& each,
                  SkimCounts* counts) {
  // {"streams":[{"stream":{..},"values":[["ts","line"],..]}]}: the label object is the object at
  // depth 4, an entry the array at depth 5, its line the second string directly in it.
  int strings = 0;
  return JsonSkimmer::Run(
      body,
      [&](int depth, bool is_array) {
        if (depth == 5 && is_array) strings = 0;
      },
      [&](int depth, bool is_array, size_t begin, size_t end) {
        if (depth != 4 || is_array) return;
        ++counts->streams;
        if (stream) stream(body.substr(begin, end - begin));
      },
      [&](int depth, bool in_array, size_t begin, size_t end) {
        if (depth != 5 || !in_array || ++strings != 2) return;
        ++counts->records;
        counts->bytes += static_cast<int64_t>(end - begin);
        if (each) each(body.substr(begin, end - begin));
      });
}

bool SkimOtlpJson(Signal signal, std::string_view body, const EachRecord& each,
                  SkimCounts* counts) {
  // {"resourceX":[{"scopeX":[{"records":[{..}]}]}]}: a record is the object at depth 7 that is
  // closed while the key of its array is the signal's. Attribute objects of a scope can reach the
  // same depth, so the last key seen at depth 5 decides.
  const std::string_view wanted = signal == Signal::kLogs     ? "logRecords"
                                  : signal == Signal::kTraces ? "spans"
                                                              : "metrics";
  std::string_view key;
  std::vector<std::string_view> keys(JsonSkimmer::kMaxDepth + 1);
  return JsonSkimmer::Run(
      body, [](int, bool) {},
      [&](int depth, bool is_array, size_t begin, size_t end) {
        if (is_array || keys[5] != wanted) return;
        if (depth == 7) {
          ++counts->records;
          if (each) each(body.substr(begin, end - begin));
        }
        // metric -> {"sum":{"dataPoints":[{..}]}}: a point is an object at depth 10.
        if (signal == Signal::kMetrics && depth == 10 && keys[8] == "dataPoints") ++counts->points;
      },
      [&](int depth, bool in_array, size_t begin, size_t end) {
        if (in_array) return;
        // A string in an object is a key when a colon follows.
        size_t next = end + 1;
        while (next < body.size() && (body[next] == ' ' || body[next] == '\n')) ++next;
        if (next < body.size() && body[next] == ':') {
          keys[static_cast<size_t>(depth)] = body.substr(begin, end - begin);
        }
      });
}

int64_t SeqOf(std::string_view record) {
  constexpr std::string_view kToken = "seq=";
  constexpr size_t kDigits = 10;
  while (true) {
    const size_t at = record.find(kToken);
    if (at == std::string_view::npos || record.size() < at + kToken.size() + kDigits) return -1;
    record.remove_prefix(at + kToken.size());
    int64_t value = 0;
    size_t digits = 0;
    while (digits < kDigits && record[digits] >= '0' && record[digits] <= '9') {
      value = value * 10 + (record[digits++] - '0');
    }
    if (digits == kDigits) return value;
  }
}

}  // namespace otelpipe::bench
