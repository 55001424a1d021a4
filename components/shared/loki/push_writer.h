// Writes Loki push requests: protobuf `PushRequest`, packed as one snappy block, the body of POST /loki/api/v1/push.
//
//   PushStream stream;
//   stream.labels = "{job=\"a\"}";
//   stream.BeginEntry(time_unix_nano);
//   stream.buffer().Append("the line");       // any writes to the end of the buffer
//   stream.EndEntry();                        // or CancelEntry()
//   Buffer body = PackPush({&stream});
//
// Entries are written once, straight into the buffer of their stream; sizes are filled in afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "otelpipe/pdata/arena.h"
#include "shared/loki/byte_buffer.h"

namespace otelpipe::loki {

class PushStream {
 public:
  std::string labels;

  ByteBuffer& buffer() { return buffer_; }
  size_t entries() const { return entries_; }
  // The finished entries, as they stand in the message: how many bytes, and the pieces, which live until the next change.
  size_t size() const { return full_size_ + buffer_.size(); }
  void AddPieces(std::vector<std::string_view>& pieces) const;

  // Opens an entry: what is appended to buffer() until EndEntry is its line.
  void BeginEntry(uint64_t time_unix_nano);
  void EndEntry();
  // Forgets the open entry.
  void CancelEntry() { buffer_.Truncate(start_); }
  // Where the line of the open entry begins in buffer().
  size_t line_start() const { return line_; }

  // Makes the stream empty; keeps up to `keep` bytes of memory for the next one.
  void Reset(size_t keep) {
    labels.clear();
    full_.clear();
    full_size_ = 0;
    buffer_.Reset(keep);
    entries_ = 0;
  }

 private:
  // Buffers that are full, then the one written to: bytes are not moved each time a long stream outgrows its room.
  std::vector<ByteBuffer> full_;
  size_t full_size_ = 0;
  ByteBuffer buffer_;
  size_t entries_ = 0;
  size_t start_ = 0;  // of the open entry
  size_t line_ = 0;
  uint8_t stamp_size_ = 0;
  char stamp_[20];
};

// The packed message of the streams that have entries, in their order.
Buffer PackPush(const std::vector<const PushStream*>& streams);

}  // namespace otelpipe::loki
