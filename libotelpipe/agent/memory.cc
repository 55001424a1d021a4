#include "memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace otelpipe::agent {
namespace {

// Segments that can't be written are never different from their file, so nothing is lost with their pages. Memory that relocation has written and then
// protected (RELRO) belongs to writable segments and is left alone.
int ReleaseReadOnly(dl_phdr_info* object, size_t, void* page) {
  const uintptr_t mask = *static_cast<const uintptr_t*>(page) - 1;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0 || segment.p_filesz == 0) continue;
    const uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~mask;
    const uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_filesz + mask) & ~mask;
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void TuneAllocator() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

void ReleaseStartupMemory() {
  ::malloc_trim(64 << 10);
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  ::dl_iterate_phdr(ReleaseReadOnly, const_cast<uintptr_t*>(&page));
}

}  // namespace otelpipe::agent
