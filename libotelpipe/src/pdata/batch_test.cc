#include "otelpipe/pdata/batch.h"

#include <catch2/catch.hpp>

#include "otelpipe/pdata/codec.h"

using namespace otelpipe;

namespace {

Batch TwoLogs() {
  auto data = std::make_unique<LogsData>();
  ResourceLogs& resource = data->resources.Add(data->arena);
  ScopeLogs& scope = resource.scopes.Add(data->arena);
  scope.records.Add(data->arena).body = Value::Str("one");
  scope.records.Add(data->arena).body = Value::Str("two");
  return Batch::FromLogs(std::move(data));
}

std::string Bytes(const Batch& batch) {
  std::string all;
  for (const Buffer& b : batch.wire()) all.append(b.bytes);
  return all;
}

WireBytes Cut(const std::string& bytes, size_t piece) {
  WireBytes wire;
  for (size_t i = 0; i < bytes.size(); i += piece) wire.push_back(Buffer::FromString(bytes.substr(i, piece)));
  return wire;
}

}  // namespace

TEST_CASE("a batch of bytes counts, decodes and hands the same bytes on", "[unit][pdata]") {
  std::string bytes = Bytes(TwoLogs());
  for (size_t piece : {bytes.size(), size_t{1}, size_t{5}}) {
    Batch batch = Batch::FromWire(Signal::kLogs, Cut(bytes, piece));
    CHECK(batch.has_wire());
    CHECK(batch.records() == 2);
    auto logs = batch.ReadLogs();
    REQUIRE(logs.ok());
    CHECK((*logs)->resources[0].scopes[0].records[1].body.string() == "two");
    CHECK(batch.has_wire());
    CHECK(Bytes(batch) == bytes);
  }
}

TEST_CASE("edits of one handle are not seen by the other", "[unit][pdata]") {
  for (bool from_wire : {false, true}) {
    Batch batch = TwoLogs();
    if (from_wire) batch = Batch::FromWire(Signal::kLogs, batch.wire());
    if (from_wire) REQUIRE(batch.ReadLogs().ok());
    std::string before = Bytes(batch);
    Batch other = batch.Share();
    auto edit = other.EditLogs();
    REQUIRE(edit.ok());
    (*edit)->resources[0].scopes[0].records[0].body = Value::Str("changed");
    CHECK(Bytes(batch) == before);
    batch = Batch();  // the copy's texts outlive the original handle
    auto read = other.ReadLogs();
    REQUIRE(read.ok());
    CHECK((*read)->resources[0].scopes[0].records[0].body.string() == "changed");
    CHECK((*read)->resources[0].scopes[0].records[1].body.string() == "two");
    CHECK(Bytes(other) != before);
  }
}

TEST_CASE("an edit drops the bytes and counts anew", "[unit][pdata]") {
  Batch batch = Batch::FromWire(Signal::kLogs, TwoLogs().wire());
  REQUIRE(batch.records() == 2);
  auto edit = batch.EditLogs();
  REQUIRE(edit.ok());
  CHECK_FALSE(batch.has_wire());
  (*edit)->resources[0].scopes[0].records.Erase(0);
  CHECK(batch.records() == 1);
  CHECK(batch.wire_size() == Bytes(batch).size());
}

TEST_CASE("broken bytes are errors, not crashes", "[unit][pdata]") {
  Batch batch = Batch::FromWire(Signal::kLogs, {Buffer::FromString("\x0a\x05zz")});
  CHECK(batch.records() == 0);
  CHECK(batch.CountRecords().status().message() == "unexpected EOF");
  CHECK(batch.ReadLogs().status().message() == "unexpected EOF");
  CHECK_FALSE(batch.EditLogs().ok());
}

TEST_CASE("an empty message is an empty batch", "[unit][pdata]") {
  Batch batch = Batch::FromWire(Signal::kTraces, {});
  CHECK(batch.CountRecords().value() == 0);
  REQUIRE(batch.ReadTraces().ok());
  CHECK(batch.ReadTraces().value()->resources.empty());
}

TEST_CASE("a shared batch keeps its client", "[unit][pdata]") {
  Batch batch = TwoLogs();
  auto client = std::make_shared<ClientInfo>();
  client->metadata["x-tenant"] = {"a"};
  batch.set_client(client);
  CHECK(batch.Share().client()->metadata.at("x-tenant")[0] == "a");
}
