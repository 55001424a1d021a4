// FedFiles: records from bytes that are handed over by call, as if they had been read from files: the splitting, the header, the decoding and the attributes
// are those of the tailer, without files. See otelpipe/component/feed.h.
//
// Of `include_file_*_resolved` the path itself is the answer; owner and group of a file that is not there are left out. Compressed input is not unpacked.
// Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "otelpipe/component/loop.h"
#include "shared/tail/tailer.h"

namespace otelpipe::filelog {

class FedFiles {
 public:
  // Pointers outlive the object.
  FedFiles(const tail::TailOptions* options, Loop* loop, tail::TailSink* sink) : options_(options), loop_(loop), sink_(sink) {}

  // Appends `bytes` to the file `path` and takes the records that end in it. The rest waits for more, or for force_flush_period.
  void Feed(const std::string& path, std::string_view bytes);
  // Nothing is flushed any more. The texts of attributes stay until the object goes.
  void Stop();

 private:
  struct File {
    std::string path;
    std::string rest;  // not taken yet
    int64_t offset = 0;
    int64_t record_number = 0;
    bool header_done = false;
    std::shared_ptr<const tail::FileAttributes> attributes;
    std::shared_ptr<const tail::FileAttributes> header_attributes;
    Timer flush;
  };

  void BuildAttributes(File& file);
  size_t TakeHeader(File& file, std::string_view data);
  void Emit(File& file, std::shared_ptr<const std::string> data, size_t header, size_t consumed);
  void FlushRest(File& file);

  const tail::TailOptions* options_;
  Loop* loop_;
  tail::TailSink* sink_;
  std::map<std::string, std::unique_ptr<File>> files_;
  std::unordered_set<std::string> interned_;
  std::vector<tail::Token> tokens_;
  std::vector<tail::TailLine> lines_;
};

}  // namespace otelpipe::filelog
