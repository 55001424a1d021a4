// What the process may give back to the system once it has started.
#pragma once

namespace otelpipe::agent {

// Keeps freed message buffers instead of mapping each message anew. To be called first in main.
//
// Messages of some hundred kilobytes come and go all the time. By default each is mapped and unmapped, and its pages are touched for the first time again.
// Only the agent sets this: the allocator of an embedding program is the program's.
void TuneAllocator();

// Unmaps the pages of code and constants that start-up has touched, here and in shared libraries; what is needed again comes back from the page cache at
// the next use, sixteen pages at a time. Returns freed heap too. Idle memory is then what idling needs, not what starting needed.
// Threads: any; other threads may run meanwhile.
void ReleaseStartupMemory();

}  // namespace otelpipe::agent
