#include "shared/loki/push_writer.h"

#include <snappy-sinksource.h>
#include <snappy.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace otelpipe::loki {
namespace {

// Field tags of the messages: number << 3 | wire type.
constexpr char kStreams = 0x0a;    // PushRequest.streams
constexpr char kLabels = 0x0a;     // StreamAdapter.labels
constexpr char kEntries = 0x12;    // StreamAdapter.entries
constexpr char kTimestamp = 0x0a;  // EntryAdapter.timestamp
constexpr char kLine = 0x12;       // EntryAdapter.line
constexpr char kSeconds = 0x08;    // Timestamp.seconds
constexpr char kNanos = 0x10;      // Timestamp.nanos

// What is reserved before a line for the two sizes that are known after it: two bytes each, right for lines up to 16 KiB.
constexpr size_t kGuessedSize = 2;

// A buffer of this many bytes is full; the next one begins with room for as many and one more line of usual length.
constexpr size_t kFull = 256 << 10;
constexpr size_t kUsualLine = 8 << 10;

// Hands pieces to snappy without joining them first; it copies block by block only.
class Pieces final : public snappy::Source {
 public:
  explicit Pieces(const std::vector<std::string_view>& pieces) : pieces_(pieces) {
    for (std::string_view piece : pieces_) left_ += piece.size();
    SkipEmpty();
  }
  size_t Available() const override { return left_; }
  const char* Peek(size_t* size) override {
    if (left_ == 0) {
      *size = 0;
      return nullptr;
    }
    *size = pieces_[at_].size() - offset_;
    return pieces_[at_].data() + offset_;
  }
  void Skip(size_t n) override {
    left_ -= n;
    while (n > 0) {
      const size_t here = std::min(n, pieces_[at_].size() - offset_);
      offset_ += here;
      n -= here;
      SkipEmpty();
    }
  }

 private:
  void SkipEmpty() {
    while (at_ < pieces_.size() && offset_ == pieces_[at_].size()) {
      ++at_;
      offset_ = 0;
    }
  }
  const std::vector<std::string_view>& pieces_;
  size_t at_ = 0;
  size_t offset_ = 0;
  size_t left_ = 0;
};

}  // namespace

void PushStream::BeginEntry(uint64_t time_unix_nano) {
  char* p = stamp_;
  const uint64_t seconds = time_unix_nano / 1000000000;
  const uint64_t nanos = time_unix_nano % 1000000000;
  if (seconds != 0) {
    *p++ = kSeconds;
    p = WriteVarint(p, seconds);
  }
  if (nanos != 0) {
    *p++ = kNanos;
    p = WriteVarint(p, nanos);
  }
  stamp_size_ = static_cast<uint8_t>(p - stamp_);
  start_ = buffer_.size();
  const size_t header = 1 + kGuessedSize + 2 + stamp_size_ + 1 + kGuessedSize;
  buffer_.Room(header);
  buffer_.Commit(header);
  line_ = buffer_.size();
}

void PushStream::EndEntry() {
  const size_t line_size = buffer_.size() - line_;
  const size_t line_header = line_size == 0 ? 0 : 1 + VarintSize(line_size);  // an empty line is not written
  const size_t content = 2 + stamp_size_ + line_header + line_size;
  const size_t header = 1 + VarintSize(content) + 2 + stamp_size_ + line_header;
  const size_t reserved = line_ - start_;
  if (header != reserved) {
    if (header > reserved) buffer_.Room(header - reserved);
    std::memmove(buffer_.data() + start_ + header, buffer_.data() + line_, line_size);
    buffer_.Truncate(start_ + header + line_size);
  }
  char* p = buffer_.data() + start_;
  *p++ = kEntries;
  p = WriteVarint(p, content);
  *p++ = kTimestamp;
  *p++ = static_cast<char>(stamp_size_);
  std::memcpy(p, stamp_, stamp_size_);
  p += stamp_size_;
  if (line_size != 0) {
    *p++ = kLine;
    WriteVarint(p, line_size);
  }
  ++entries_;
  if (buffer_.size() >= kFull) {
    full_size_ += buffer_.size();
    full_.push_back(std::move(buffer_));
    buffer_ = ByteBuffer();
    buffer_.Room(kFull + kUsualLine);
  }
}

void PushStream::AddPieces(std::vector<std::string_view>& pieces) const {
  for (const ByteBuffer& full : full_) pieces.push_back(full.view());
  if (!buffer_.empty()) pieces.push_back(buffer_.view());
}

Buffer PackPush(const std::vector<const PushStream*>& streams) {
  // All headers first: the views point into one string, which must not move any more.
  std::string headers;
  std::vector<size_t> ends;
  for (const PushStream* stream : streams) {
    if (stream->entries() != 0) {
      char room[24];
      char* p = room;
      const size_t content = 1 + VarintSize(stream->labels.size()) + stream->labels.size() + stream->size();
      *p++ = kStreams;
      p = WriteVarint(p, content);
      *p++ = kLabels;
      p = WriteVarint(p, stream->labels.size());
      headers.append(room, static_cast<size_t>(p - room));
      headers += stream->labels;
    }
    ends.push_back(headers.size());
  }
  std::vector<std::string_view> pieces;
  size_t begin = 0, total = 0;
  for (size_t i = 0; i < streams.size(); ++i) {
    if (ends[i] == begin) continue;
    pieces.push_back(std::string_view(headers).substr(begin, ends[i] - begin));
    streams[i]->AddPieces(pieces);
    total += ends[i] - begin + streams[i]->size();
    begin = ends[i];
  }
  // Not std::string: it would fill the room with zeros first.
  std::shared_ptr<char[]> packed(new char[snappy::MaxCompressedLength(total)]);
  Pieces source(pieces);
  snappy::UncheckedByteArraySink sink(packed.get());
  const size_t size = snappy::Compress(&source, &sink);
  Buffer out;
  out.bytes = {packed.get(), size};
  out.owner = std::move(packed);
  return out;
}

}  // namespace otelpipe::loki
