#include "shared/grpc/grpc_errors.h"

#include <catch2/catch.hpp>

namespace otelpipe::grpc_internal {
namespace {

TEST_CASE("connection errors have the words of Go's library", "[shared][grpc]") {
  const std::string all = "failed to connect to all addresses; last error: ";
  CHECK(GoErrorText(all + "UNKNOWN: ipv4:127.0.0.1:35511: Failed to connect to remote host: Connection refused") ==
        "connection error: desc = \"transport: Error while dialing: dial tcp 127.0.0.1:35511: connect: connection "
        "refused\"");
  CHECK(GoErrorText(all + "UNAVAILABLE: ipv6:%5B::1%5D:1: Failed to connect to remote host: No route to host") ==
        "connection error: desc = \"transport: Error while dialing: dial tcp [::1]:1: connect: no route to host\"");
  CHECK(GoErrorText(all + "UNKNOWN: ipv4:10.0.0.1:1: Ssl handshake failed: SSL_ERROR_SSL: wrong version") ==
        "connection error: desc = \"transport: authentication handshake failed: tls: SSL_ERROR_SSL: wrong version\"");
  CHECK(GoErrorText(
            "DNS resolution failed for no.such.host:4317: C-ares status is not ARES_SUCCESS: Domain name not found") ==
        "connection error: desc = \"transport: Error while dialing: dial tcp: lookup no.such.host: no such host\"");
  const std::string ours = all + "UNAVAILABLE: unix-abstract:otelpipe-1-2: Socket closed";
  CHECK(GoErrorText(ours, "tls: alert") ==
        "connection error: desc = \"transport: authentication handshake failed: tls: alert\"");
  CHECK(GoErrorText(ours, "dial tcp 1.2.3.4:5: connect: connection refused") ==
        "connection error: desc = \"transport: Error while dialing: dial tcp 1.2.3.4:5: connect: connection refused\"");
  CHECK(GoErrorText("Deadline Exceeded") == "context deadline exceeded");
}

TEST_CASE("other errors keep their words", "[shared][grpc]") {
  for (const char* text :
       {"", "no", "failed to connect to all addresses",
        "failed to connect to all addresses; last error: ", "failed to connect to all addresses; last error: x",
        "failed to connect to all addresses; last error: A: ipv4:1.1.1.1:1"}) {
    CHECK(GoErrorText(text) == text);
  }
}

}  // namespace
}  // namespace otelpipe::grpc_internal
