#include "shared/compression/compression.h"

#include <libdeflate.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/compression/snappy_stream.h"

namespace otelpipe {
namespace {

struct Name {
  std::string_view name;
  Compression kind;
};
constexpr Name kNames[] = {
    {"gzip", Compression::kGzip},     {"zlib", Compression::kZlib}, {"deflate", Compression::kDeflate},
    {"snappy", Compression::kSnappy}, {"zstd", Compression::kZstd}, {"lz4", Compression::kLz4},
    {"x-snappy-framed", Compression::kSnappyFramed},
};

// A growing block that is never cleared: std::string would write zeros over what a library is about to write.
class Scratch {
 public:
  char* Room(size_t size) {
    if (capacity_ < size) {
      capacity_ = std::max(size, capacity_ + capacity_ / 2);
      data_.reset(new char[capacity_]);
    }
    return data_.get();
  }

 private:
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
};

struct DeflateFree {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
  void operator()(ZSTD_DCtx* c) const { ZSTD_freeDCtx(c); }
};

int ZstdLevel(int level) {
  // The reference's four speeds and where its library puts them.
  if (level < 3) return 1;
  if (level < 6) return 3;
  if (level < 10) return 7;
  return 11;
}

absl::Status TooLarge() { return absl::ResourceExhaustedError("http: request body too large"); }
absl::Status UnexpectedEof() { return absl::InvalidArgumentError("unexpected EOF"); }

Buffer Own(std::shared_ptr<char[]> data, size_t size) {
  const char* p = data.get();
  return Buffer{std::string_view(p, size), std::shared_ptr<const void>(std::move(data), p)};
}
Buffer OwnString(std::string text) {
  auto held = std::make_shared<const std::string>(std::move(text));
  return Buffer{*held, held};
}

}  // namespace

absl::StatusOr<Compression> ParseCompression(std::string_view name) {
  if (name.empty() || name == "none") return Compression::kNone;
  for (const Name& n : kNames) {
    if (n.name == name) return n.kind;
  }
  return absl::InvalidArgumentError(absl::StrCat("unsupported compression type \"", A(name), "\""));
}

std::string_view CompressionName(Compression kind) {
  for (const Name& n : kNames) {
    if (n.kind == kind) return n.name;
  }
  return "";
}

void DecodeField(const ConfigNode& node, Compression& out, DecodeContext& context) {
  std::string text;
  const size_t errors = context.error_count();
  DecodeField(node, text, context);
  if (context.error_count() != errors) return;
  absl::StatusOr<Compression> kind = ParseCompression(text);
  if (!kind.ok()) {
    context.Error(node, S(kind.status().message()), "use one of gzip zlib deflate snappy zstd lz4 none");
    return;
  }
  out = *kind;
}

std::string_view Flatten(const std::vector<Buffer>& pieces, std::string& scratch) {
  if (pieces.empty()) return {};
  if (pieces.size() == 1) return pieces[0].bytes;
  size_t size = 0;
  for (const Buffer& b : pieces) size += b.bytes.size();
  scratch.clear();
  scratch.reserve(size);
  for (const Buffer& b : pieces) scratch.append(b.bytes);
  return scratch;
}

Buffer CopyToBuffer(std::string_view text) {
  std::shared_ptr<char[]> data(new char[text.size() + 1]);
  if (!text.empty()) std::memcpy(data.get(), text.data(), text.size());
  return Own(std::move(data), text.size());
}

// --- packing
struct Compressor::Impl {
  Compression kind;
  int level;
  std::unique_ptr<libdeflate_compressor, DeflateFree> deflate;
  std::unique_ptr<ZSTD_CCtx, DeflateFree> zstd;
  Scratch out;
  std::string joined;
  std::string stream;
};

Compressor::Compressor(Compression kind, int level) : impl_(std::make_unique<Impl>()) {
  impl_->kind = kind;
  impl_->level = level;
}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;
Compression Compressor::kind() const { return impl_->kind; }

std::string_view Compressor::Compress(const std::vector<Buffer>& plain) {
  return Compress(Flatten(plain, impl_->joined));
}

std::string_view Compressor::Compress(std::string_view plain) {
  Impl& m = *impl_;
  switch (m.kind) {
    case Compression::kNone:
      return plain;
    case Compression::kGzip:
    case Compression::kZlib:
    case Compression::kDeflate: {
      // Tables are made at first use: a compressor that never packs costs nothing.
      if (!m.deflate) m.deflate.reset(libdeflate_alloc_compressor(std::clamp(m.level, 1, 9)));
      if (!m.deflate) return {};
      const bool gzip = m.kind == Compression::kGzip;
      const size_t bound = gzip ? libdeflate_gzip_compress_bound(m.deflate.get(), plain.size())
                                : libdeflate_zlib_compress_bound(m.deflate.get(), plain.size());
      char* out = m.out.Room(bound);
      const size_t n = gzip ? libdeflate_gzip_compress(m.deflate.get(), plain.data(), plain.size(), out, bound)
                            : libdeflate_zlib_compress(m.deflate.get(), plain.data(), plain.size(), out, bound);
      return {out, n};
    }
    case Compression::kZstd: {
      if (!m.zstd) m.zstd.reset(ZSTD_createCCtx());
      if (!m.zstd) return {};
      const size_t bound = ZSTD_compressBound(plain.size());
      char* out = m.out.Room(bound);
      const size_t n = ZSTD_compressCCtx(m.zstd.get(), out, bound, plain.data(), plain.size(), ZstdLevel(m.level));
      return ZSTD_isError(n) ? std::string_view() : std::string_view(out, n);
    }
    case Compression::kSnappy: {
      char* out = m.out.Room(snappy::MaxCompressedLength(plain.size()));
      size_t n = 0;
      snappy::RawCompress(plain.data(), plain.size(), out, &n);
      return {out, n};
    }
    case Compression::kSnappyFramed:
      m.stream.clear();
      internal::WriteSnappyStream(plain, m.stream);
      return m.stream;
    case Compression::kLz4: {
      const size_t bound = LZ4F_compressFrameBound(plain.size(), nullptr);
      char* out = m.out.Room(bound);
      const size_t n = LZ4F_compressFrame(out, bound, plain.data(), plain.size(), nullptr);
      return LZ4F_isError(n) ? std::string_view() : std::string_view(out, n);
    }
  }
  return {};
}

// --- unpacking
struct Decompressor::Impl {
  std::unique_ptr<libdeflate_decompressor, DeflateFree> deflate;
  std::unique_ptr<ZSTD_DCtx, DeflateFree> zstd;

  absl::StatusOr<Buffer> Inflate(bool gzip, std::string_view packed, size_t limit);
  absl::StatusOr<Buffer> Zstd(std::string_view packed, size_t limit);
  absl::StatusOr<Buffer> Snappy(std::string_view packed, size_t limit);
  absl::StatusOr<Buffer> Lz4(std::string_view packed, size_t limit);
};

absl::StatusOr<Buffer> Decompressor::Impl::Inflate(bool gzip, std::string_view packed, size_t limit) {
  if (packed.size() < 2) return gzip && packed.empty() ? absl::InvalidArgumentError("EOF") : UnexpectedEof();
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(packed[i]); };
  if (gzip && (byte(0) != 0x1f || byte(1) != 0x8b)) return absl::InvalidArgumentError("gzip: invalid header");
  if (!gzip && ((byte(0) & 0x0f) != 8 || (byte(0) >> 4) > 7 || (byte(0) * 256 + byte(1)) % 31 != 0)) {
    return absl::InvalidArgumentError("zlib: invalid header");
  }
  if (!deflate) deflate.reset(libdeflate_alloc_decompressor());
  if (!deflate) return absl::ResourceExhaustedError("no memory for a decompressor");
  // The last four bytes of a one-member gzip file are its plain size modulo 2^32. It is a first guess only: a sender may write several
  // members, or lie; deflate cannot grow data more than 1032 times, and never beyond the limit.
  const size_t most = std::min(limit, packed.size() * 1032 + 64);
  size_t capacity = packed.size() * 4 + 64;
  if (gzip && packed.size() >= 18) {
    uint32_t size = 0;
    std::memcpy(&size, packed.data() + packed.size() - 4, 4);
    capacity = size;
  }
  capacity = std::clamp<size_t>(capacity, 1, std::max<size_t>(most, 1));
  std::shared_ptr<char[]> out(new char[capacity]);
  size_t filled = 0;
  while (!packed.empty()) {
    size_t used = 0;
    size_t made = 0;
    const libdeflate_result result =
        gzip ? libdeflate_gzip_decompress_ex(deflate.get(), packed.data(), packed.size(), out.get() + filled,
                                             capacity - filled, &used, &made)
             : libdeflate_zlib_decompress_ex(deflate.get(), packed.data(), packed.size(), out.get() + filled,
                                             capacity - filled, &used, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (capacity >= most) return TooLarge();
      const size_t grown = std::min(most, std::max<size_t>(capacity * 2, 4096));
      std::shared_ptr<char[]> larger(new char[grown]);
      std::memcpy(larger.get(), out.get(), filled);
      out = std::move(larger);
      capacity = grown;
      continue;
    }
    // libdeflate does not tell a damaged stream from one that ends early; most often it is the latter.
    if (result != LIBDEFLATE_SUCCESS) return UnexpectedEof();
    filled += made;
    packed.remove_prefix(used);
    if (!gzip) break;  // one zlib stream; what follows it is not read
  }
  if (filled > limit) return TooLarge();
  return Own(std::move(out), filled);
}

absl::StatusOr<Buffer> Decompressor::Impl::Zstd(std::string_view packed, size_t limit) {
  if (!zstd) {
    zstd.reset(ZSTD_createDCtx());
    if (!zstd) return absl::ResourceExhaustedError("no memory for a decompressor");
    // A window of at most 128 MiB (the library's own default), so that a small frame can't ask for gigabytes.
    ZSTD_DCtx_setParameter(zstd.get(), ZSTD_d_windowLogMax, 27);
  }
  if (packed.empty()) return Buffer{};
  const unsigned long long told = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (told == ZSTD_CONTENTSIZE_ERROR) {
    return packed.size() < 5 ? UnexpectedEof() : absl::InvalidArgumentError("invalid input: magic number mismatch");
  }
  if (told != ZSTD_CONTENTSIZE_UNKNOWN && told > limit) return TooLarge();
  std::string out;
  // A frame may claim any size below the limit; the claim is believed only as far as the input makes it likely.
  const size_t first = told != ZSTD_CONTENTSIZE_UNKNOWN && told <= packed.size() * 64 ? static_cast<size_t>(told) : packed.size() * 8;
  out.resize(std::clamp<size_t>(first, 64, std::max<size_t>(limit, 64)));
  ZSTD_DCtx_reset(zstd.get(), ZSTD_reset_session_only);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  size_t filled = 0;
  while (true) {
    if (filled == out.size()) {
      if (out.size() > limit) return TooLarge();
      out.resize(std::min(limit + 1, out.size() * 2));  // one more byte than allowed shows what is too large
    }
    ZSTD_outBuffer to{out.data() + filled, out.size() - filled, 0};
    const size_t left = ZSTD_decompressStream(zstd.get(), &to, &in);
    if (ZSTD_isError(left)) return absl::InvalidArgumentError(absl::StrCat("invalid input: ", ZSTD_getErrorName(left)));
    filled += to.pos;
    if (filled > limit) return TooLarge();
    if (in.pos == in.size && left == 0) break;
    if (in.pos == in.size && to.pos < to.size) return UnexpectedEof();
  }
  out.resize(filled);
  return OwnString(std::move(out));
}

absl::StatusOr<Buffer> Decompressor::Impl::Snappy(std::string_view packed, size_t limit) {
  if (internal::IsSnappyStream(packed)) {
    std::string out;
    absl::Status status = internal::ReadSnappyStream(packed, limit, out);
    if (absl::IsResourceExhausted(status)) return TooLarge();
    OTELPIPE_RETURN_IF_ERROR(status);
    return OwnString(std::move(out));
  }
  size_t size = 0;
  if (!snappy::GetUncompressedLength(packed.data(), packed.size(), &size)) {
    return absl::InvalidArgumentError("snappy: corrupt input");
  }
  if (size > limit) return TooLarge();
  // Snappy grows data at most some 21 times: a block that claims more is not one, and gets no memory.
  if (size > packed.size() * 64 + 64) return absl::InvalidArgumentError("snappy: corrupt input");
  std::shared_ptr<char[]> out(new char[size + 1]);
  if (!snappy::RawUncompress(packed.data(), packed.size(), out.get())) {
    return absl::InvalidArgumentError("snappy: corrupt input");
  }
  return Own(std::move(out), size);
}

absl::StatusOr<Buffer> Decompressor::Impl::Lz4(std::string_view packed, size_t limit) {
  struct Free {
    void operator()(LZ4F_dctx* c) const { LZ4F_freeDecompressionContext(c); }
  };
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION))) {
    return absl::ResourceExhaustedError("no memory for a decompressor");
  }
  const std::unique_ptr<LZ4F_dctx, Free> context(made);
  if (packed.size() < 4) return packed.empty() ? absl::StatusOr<Buffer>(Buffer{}) : UnexpectedEof();
  std::string out(std::min(limit + 1, std::max<size_t>(packed.size() * 4, 4096)), '\0');
  size_t filled = 0;
  size_t wanted = 1;
  bool first = true;
  while (true) {
    if (filled == out.size()) {
      if (filled > limit) return TooLarge();
      out.resize(std::min(limit + 1, out.size() * 2));
    }
    size_t made_now = out.size() - filled;
    size_t used = packed.size();
    wanted = LZ4F_decompress(context.get(), out.data() + filled, &made_now, packed.data(), &used, nullptr);
    if (LZ4F_isError(wanted)) {
      return absl::InvalidArgumentError(first ? "lz4: bad magic number"
                                              : std::string("lz4: ") + LZ4F_getErrorName(wanted));
    }
    first = false;
    filled += made_now;
    packed.remove_prefix(used);
    if (filled > limit) return TooLarge();
    if (packed.empty() && wanted == 0) break;
    if (packed.empty() && made_now == 0) return UnexpectedEof();
  }
  out.resize(filled);
  return OwnString(std::move(out));
}

Decompressor::Decompressor() : impl_(std::make_unique<Impl>()) {}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

absl::StatusOr<Buffer> Decompressor::Decompress(Compression kind, std::string_view packed, size_t limit) {
  switch (kind) {
    case Compression::kNone:
      if (packed.size() > limit) return TooLarge();
      return CopyToBuffer(packed);
    case Compression::kGzip:
      return impl_->Inflate(true, packed, limit);
    case Compression::kZlib:
    case Compression::kDeflate:
      return impl_->Inflate(false, packed, limit);
    case Compression::kSnappy:
    case Compression::kSnappyFramed:
      return impl_->Snappy(packed, limit);
    case Compression::kZstd:
      return impl_->Zstd(packed, limit);
    case Compression::kLz4:
      return impl_->Lz4(packed, limit);
  }
  return absl::InternalError("unknown compression");
}

}  // namespace otelpipe
