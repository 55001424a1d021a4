// The words of connection errors. Internal.
#pragma once

#include <string>
#include <string_view>

namespace otelpipe::grpc_internal {

// What the C++ library says about a connection that could not be made, in the words of Go's library, which people
// search for:
//   failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host:
//   Connection refused connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect:
//   connection refused"
// Other texts stay as they are. `own` is what our own dialer met last, "" for none.
std::string GoErrorText(std::string_view text, std::string_view own = "");

}  // namespace otelpipe::grpc_internal
