#include "pdata/wire_reader.h"

#include "otelpipe/base/strings.h"
#include "protozero/exception.hpp"

namespace otelpipe::internal {

void ThrowWireError(std::string text) { throw WireError{std::move(text)}; }

void ThrowWrongType(uint32_t wire_type, const char* field_name) {
  throw WireError{"proto: wrong wireType = " + std::to_string(wire_type) + " for field " + field_name};
}

void ThrowIllegalTag(const char* message, uint64_t tag) {
  if ((tag & 7) == kEndGroup) throw WireError{std::string("proto: ") + message + ": wiretype end group for non-group"};
  throw WireError{std::string("proto: ") + message + ": illegal tag " + std::to_string(static_cast<int32_t>(tag >> 3)) +
                  " (wire type " + std::to_string(tag & 7) + ")"};
}

absl::Status StatusOfWireFailure() {
  try {
    throw;
  } catch (const WireError& e) {
    return absl::InvalidArgumentError(A(e.text));
  } catch (const protozero::end_of_buffer_exception&) {
    return absl::InvalidArgumentError("unexpected EOF");
  } catch (const protozero::varint_too_long_exception&) {
    return absl::InvalidArgumentError("proto: integer overflow");
  } catch (const protozero::exception& e) {
    return absl::InvalidArgumentError(e.what());
  }
}

void WireReader::Skip() {
  int depth = 0;
  uint32_t type = type_;
  for (;;) {
    switch (type) {
      case kVarint: RawVarint(); break;
      case internal::kFixed64: Raw<uint64_t>(); break;
      case internal::kFixed32: Raw<uint32_t>(); break;
      case kLength: RawBytes(); break;
      case kStartGroup: ++depth; break;
      case kEndGroup:
        if (depth == 0) ThrowWireError("proto: unexpected end of group");
        --depth;
        break;
      default: ThrowWireError("proto: illegal wireType " + std::to_string(type));
    }
    if (depth == 0) return;
    type = static_cast<uint32_t>(RawVarint() & 7);
  }
}

}  // namespace otelpipe::internal
