// CRC32C (Castagnoli), with the processor's instruction where there is one.
//
//   uint32_t sum = Crc32c("part one");
//   sum = Crc32c("part two", sum);  // as if both were one text
#pragma once

#include <cstdint>
#include <string_view>

namespace otelpipe::file_storage {

uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace otelpipe::file_storage
