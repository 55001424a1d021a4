// What the code does differently in a build with the address sanitizer: memory that is normally used again is left alone, so that a view that
// lives too long is reported instead of reading what came after.
//
//   OTELPIPE_POISON(old_storage, bytes);      // nothing in a plain build
//   if (kAddressSanitizer) keep = 0;          // a pool that keeps nothing
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define OTELPIPE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTELPIPE_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef OTELPIPE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#define OTELPIPE_POISON(pointer, bytes) __asan_poison_memory_region(pointer, bytes)
#else
#define OTELPIPE_POISON(pointer, bytes) ((void)0)
#endif

namespace otelpipe {

#ifdef OTELPIPE_ADDRESS_SANITIZER
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

}  // namespace otelpipe
