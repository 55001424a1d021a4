// Cuts OTLP bytes. A message is opened only where a cut goes through it; whole resources stay views into the original.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "otelpipe/base/status_macros.h"
#include "pdata/split_cutters.h"

namespace otelpipe::internal {
namespace {

// One field of a message: tag, length and value as they stand in the bytes.
struct Frame {
  std::string_view whole;
  std::string_view body;
  uint32_t field = 0;
};

std::optional<uint64_t> ReadVarint(std::string_view& in) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (in.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// Takes the next field off `in`. False for broken bytes; groups count as broken, nobody writes them.
bool NextField(std::string_view& in, Frame& out, bool& is_message) {
  const std::string_view begin = in;
  const std::optional<uint64_t> tag = ReadVarint(in);
  if (!tag) return false;
  size_t size = 0;
  is_message = false;
  switch (*tag & 7) {
    case 0:
      if (!ReadVarint(in)) return false;
      break;
    case 1: size = 8; break;
    case 2: {
      const std::optional<uint64_t> length = ReadVarint(in);
      if (!length || *length > in.size()) return false;
      size = *length;
      is_message = true;
      break;
    }
    case 5: size = 4; break;
    default: return false;
  }
  if (size > in.size()) return false;
  out.body = in.substr(0, size);
  in.remove_prefix(size);
  out.whole = begin.substr(0, begin.size() - in.size());
  out.field = static_cast<uint32_t>(*tag >> 3);
  return true;
}

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
size_t VarintSize(uint64_t value) {
  size_t n = 1;
  for (; value >= 0x80; value >>= 7) ++n;
  return n;
}
// A message of this size as a field of its parent; all field numbers here fit into one byte.
size_t FrameSize(size_t body) { return 1 + VarintSize(body) + body; }
void AppendFrame(std::string& out, uint32_t field, std::string_view body) {
  AppendVarint(out, field << 3 | 2);
  AppendVarint(out, body.size());
  out += body;
}

class WireCutter final : public BatchSplitter::Cutter {
 public:
  WireCutter(Signal signal, SizeUnit unit, Buffer message, size_t records)
      : signal_(signal), unit_(unit), message_(std::move(message)), records_(records) {}

  bool Init() {
    std::optional<Level> top = Open(0, message_.bytes);
    if (!top) return false;
    open_.push_back(*std::move(top));
    return true;
  }

  size_t remaining() const override { return unit_ == SizeUnit::kItems ? records_ : RestBytes(0); }

  Batch Take(size_t n, bool or_nothing) override {
    pieces_.clear();
    taken_ = 0;
    if (n >= remaining()) {
      TakeTop(SIZE_MAX, SIZE_MAX);
    } else if (unit_ == SizeUnit::kItems) {
      TakeTop(n, SIZE_MAX);
    } else {
      TakeTop(SIZE_MAX, n);
      if (taken_ == 0 && pieces_.empty()) {
        if (or_nothing) return Batch();
        TakeTop(1, SIZE_MAX);
      }
    }
    // Levels without children left are done.
    while (open_.size() > 1 && open_.back().next == open_.back().children.size()) open_.pop_back();
    records_ -= std::min(records_, taken_);
    return Batch::FromWire(signal_, std::move(pieces_), taken_);
  }

 private:
  // A message through which a cut goes: what is not its children, and the children not taken yet.
  struct Level {
    uint32_t field = 0;  // in its parent
    std::string head;
    std::vector<Frame> children;
    size_t next = 0;
    size_t bytes = 0;  // of the frames from `next` on
  };

  // Whether `field` of a message at this depth holds what is cut: resources, scopes, records; of metrics the points below.
  bool IsChild(size_t depth, uint32_t field) const {
    switch (depth) {
      case 0: return field == 1;
      case 1:
      case 2: return field == 2;
      case 3: return field == 5 || field == 7 || field == 9 || field == 10 || field == 11;
      default: return field == 1;
    }
  }
  // The depth of what is counted.
  size_t leaf() const { return signal_ == Signal::kMetrics ? 5 : 3; }

  std::optional<Level> Open(size_t depth, std::string_view body) const {
    Level level;
    while (!body.empty()) {
      Frame frame;
      bool is_message = false;
      if (!NextField(body, frame, is_message)) return std::nullopt;
      if (is_message && IsChild(depth, frame.field)) {
        level.bytes += frame.whole.size();
        level.children.push_back(frame);
      } else {
        level.head += frame.whole;
      }
    }
    return level;
  }

  size_t Count(size_t depth, std::string_view body) const {
    if (depth == leaf()) return 1;
    size_t n = 0;
    Frame frame;
    bool is_message = false;
    while (!body.empty() && NextField(body, frame, is_message)) {
      if (is_message && IsChild(depth, frame.field)) n += Count(depth + 1, frame.body);
    }
    return n;
  }
  size_t RestCount(size_t depth) const {
    const Level& level = open_[depth];
    size_t n = depth + 1 < open_.size() ? RestCount(depth + 1) : 0;
    for (size_t i = level.next; i < level.children.size(); ++i) n += Count(depth + 1, level.children[i].body);
    return n;
  }
  size_t RestBytes(size_t depth) const {
    const Level& level = open_[depth];
    return level.head.size() + level.bytes + (depth + 1 < open_.size() ? FrameSize(RestBytes(depth + 1)) : 0);
  }

  // The children of the level at `depth` while they fit, each given to `add(whole frame or built body, ...)`. False when a limit was reached.
  template <typename Whole, typename Built>
  bool TakeChildren(size_t depth, size_t items, size_t bytes, Whole whole, Built built) {
    for (;;) {
      if (items == 0 || bytes == 0) return false;
      if (depth + 1 < open_.size()) {  // a child that was cut before
        const size_t size = FrameSize(RestBytes(depth + 1));
        const size_t count = items == SIZE_MAX ? 0 : RestCount(depth + 1);
        const bool all = size <= bytes && count <= items;
        const uint32_t field = open_[depth + 1].field;
        // What is inside has this room when its own tag and length are taken off.
        const size_t inner = bytes == SIZE_MAX ? SIZE_MAX : bytes - std::min(bytes, FrameSize(bytes) - bytes);
        std::optional<std::string> body = TakeBody(depth + 1, all ? SIZE_MAX : items, all ? SIZE_MAX : inner);
        if (body) built(field, *body);
        if (!all) return false;
        if (items != SIZE_MAX) items -= count;
        if (bytes != SIZE_MAX) bytes -= size;
        continue;
      }
      Level& level = open_[depth];
      if (level.next == level.children.size()) return true;
      const Frame& child = level.children[level.next];
      const size_t count = Count(depth + 1, child.body);
      if (child.whole.size() <= bytes && count <= items) {
        whole(child.whole);
        taken_ += count;
        if (items != SIZE_MAX) items -= count;
        if (bytes != SIZE_MAX) bytes -= child.whole.size();
        level.bytes -= child.whole.size();
        ++level.next;
        continue;
      }
      if (depth + 1 == leaf()) return false;
      std::optional<Level> opened = Open(depth + 1, child.body);
      if (!opened || opened->children.empty()) return false;
      opened->field = child.field;
      level.bytes -= child.whole.size();
      ++level.next;
      open_.push_back(*std::move(opened));
    }
  }

  // A message with the head of the level at `depth` and its children as far as they fit; nothing when not even one does. The level is closed when it is used up.
  std::optional<std::string> TakeBody(size_t depth, size_t items, size_t bytes) {
    std::string out = open_[depth].head;
    if (bytes != SIZE_MAX) bytes -= std::min(bytes, out.size());
    bool any = false;
    const bool all = TakeChildren(
        depth, items, bytes, [&](std::string_view frame) { out += frame, any = true; },
        [&](uint32_t field, const std::string& body) { AppendFrame(out, field, body), any = true; });
    if (all) open_.resize(depth);
    if (!any) return std::nullopt;
    return out;
  }

  void TakeTop(size_t items, size_t bytes) {
    auto view = [this](std::string_view bytes) {
      if (!pieces_.empty() && pieces_.back().owner == message_.owner &&
          pieces_.back().bytes.data() + pieces_.back().bytes.size() == bytes.data()) {
        pieces_.back().bytes = {pieces_.back().bytes.data(), pieces_.back().bytes.size() + bytes.size()};
      } else {
        pieces_.push_back({bytes, message_.owner});
      }
    };
    // Fields of the message that nobody knows go with the first part.
    if (!open_[0].head.empty()) pieces_.push_back(Buffer::FromString(std::exchange(open_[0].head, std::string())));
    TakeChildren(0, items, bytes, view, [&](uint32_t field, const std::string& body) {
      std::string frame;
      frame.reserve(body.size() + 8);
      AppendFrame(frame, field, body);
      pieces_.push_back(Buffer::FromString(std::move(frame)));
    });
  }

  const Signal signal_;
  const SizeUnit unit_;
  const Buffer message_;
  size_t records_;
  std::vector<Level> open_;  // [0] is the whole message; each further one was the first child of the one before
  WireBytes pieces_;
  size_t taken_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BatchSplitter::Cutter>> MakeWireCutter(const Batch& batch, SizeUnit unit) {
  OTELPIPE_ASSIGN_OR_RETURN(const size_t records, batch.CountRecords());
  const WireBytes& wire = batch.wire();
  Buffer message;
  if (wire.size() == 1) {
    message = wire[0];
  } else {
    std::string all;
    all.reserve(WireSize(wire));
    for (const Buffer& b : wire) all.append(b.bytes);
    message = Buffer::FromString(std::move(all));
  }
  auto cutter = std::make_unique<WireCutter>(batch.signal(), unit, std::move(message), records);
  if (!cutter->Init()) return absl::InvalidArgumentError("proto: unexpected end of group");
  return std::unique_ptr<BatchSplitter::Cutter>(std::move(cutter));
}

}  // namespace otelpipe::internal
