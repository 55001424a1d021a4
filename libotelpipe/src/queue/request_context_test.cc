#include "queue/request_context.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

StoredRequest There(const std::string& item) { return ParseStoredRequest(item); }

TEST_CASE("a client comes back as it was stored", "[queue][context]") {
  for (const char* address : {"127.0.0.1:4711", "[::1]:80", "[fe80::1%eth0]:65535", "/run/x.sock", "@abstract", "host:1", "1.2.3.4:99999"}) {
    ClientInfo client;
    client.address = address;
    client.metadata = {{"a", {"1", "2"}}, {"empty", {}}, {"long", {std::string(300, 'x')}}, {"", {""}}};
    const std::string item = RequestHead(&client, 4) + "data";
    const StoredRequest stored = There(item);
    CHECK(stored.data == "data");
    REQUIRE(stored.client != nullptr);
    CHECK(stored.client->address == address);
    CHECK(stored.client->metadata == client.metadata);
  }
}

TEST_CASE("a request without a client has none afterwards", "[queue][context]") {
  const std::string item = RequestHead(nullptr, 300) + std::string(300, 'd');
  const StoredRequest stored = There(item);
  CHECK(stored.data == std::string(300, 'd'));
  CHECK(stored.client == nullptr);
  CHECK(There(RequestHead(nullptr, 0)).data.empty());
}

TEST_CASE("the reference's bytes are read and written", "[queue][context]") {
  ClientInfo client;
  client.address = "10.1.2.3:80";
  client.metadata = {{"k", {"v"}}};
  const std::string context = std::string("\x12\x0c\x0a\x01k\x12\x07\x2a\x05\x0a\x03\x0a\x01v", 14) + std::string("\x22\x08\x0a\x04\x0a\x01\x02\x03\x10\x50", 10);
  const std::string head = std::string("\x0d\x01\x00\x00\x00\x12\x18", 7) + context + "\x1a\x02";
  CHECK(RequestHead(&client, 2) == head);
  // A span context before, a text instead of a list, an address without a port, unknown fields.
  const std::string other = std::string("\x0a\x02\x0a\x00\x12\x08\x0a\x01k\x12\x03\x0a\x01w\x1a\x06\x0a\x04\x7f\x00\x00\x01\x78\x05", 24);
  const std::string item = std::string("\x0d\x01\x00\x00\x00\x12\x18", 7) + other + "\x1a\x02hi";
  const StoredRequest stored = There(item);
  CHECK(stored.data == "hi");
  REQUIRE(stored.client != nullptr);
  CHECK(stored.client->address == "127.0.0.1");
  CHECK(stored.client->metadata.at("k") == std::vector<std::string>{"w"});
}

TEST_CASE("what is not of the form is data", "[queue][context]") {
  ClientInfo client;
  client.metadata = {{"key", {"value"}}};
  const std::string whole = RequestHead(&client, 4) + "data";
  for (size_t n = 6; n < whole.size(); ++n) {
    const std::string cut = whole.substr(0, n);
    const StoredRequest stored = There(cut);
    CHECK((stored.data == cut || stored.data.empty()));
  }
  CHECK(There("\x0a\x00").data == std::string("\x0a\x00", 1));
}

}  // namespace
}  // namespace otelpipe
