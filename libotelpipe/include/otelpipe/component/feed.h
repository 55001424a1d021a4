// FeedTarget: a receiver that can be given its input by call. `otelpipe explain` and `otelpipe test` run receivers this way: no file and no socket is opened,
// and everything behind the input is the same: cutting into records, decoding, attributes, operators, delivery.
//
//   auto* target = dynamic_cast<FeedTarget*>(receiver);
//   OTELPIPE_RETURN_IF_ERROR(target->StartFed());                      // instead of Start
//   OTELPIPE_RETURN_IF_ERROR(target->Feed({"/var/log/a.log", "line\n"}));
//   receiver->Shutdown(done);
//
// Loop thread only.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace otelpipe {

class FeedTarget {
 public:
  struct Input {
    // Where it would have come from: the path of a file, or the sender's address ("10.0.0.7:5140"; empty: some local one).
    std::string source;
    // What is appended to the file, sent in one connection, or in one datagram.
    std::string_view bytes;
  };

  virtual ~FeedTarget() = default;
  virtual absl::Status StartFed() = 0;
  virtual absl::Status Feed(const Input& input) = 0;
  // True when each record is one Feed of its own (datagrams), false when records end with a line feed.
  virtual bool feeds_are_records() const { return false; }
};

}  // namespace otelpipe
