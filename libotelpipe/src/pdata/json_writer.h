// Writes the members of JSON objects in the form of the reference's OTLP/JSON writer: zero values are left out by the ...IfSet
// calls, 64 bit integers are texts, doubles are shortest decimals.
#pragma once

#include <string>
#include <string_view>

#include "otelpipe/pdata/text.h"

namespace otelpipe::internal {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void Open(char bracket) {
    out_ += bracket;
    first_ = true;
  }
  void Close(char bracket) {
    out_ += bracket;
    first_ = false;
  }
  void Separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  // `name` needs no escaping.
  void Name(std::string_view name) {
    Separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  void String(std::string_view value) { AppendJsonString(out_, value); }
  void Quoted64(int64_t value) {
    out_ += '"';
    AppendInt(out_, value);
    out_ += '"';
  }
  void QuotedU64(uint64_t value) {
    out_ += '"';
    AppendUint(out_, value);
    out_ += '"';
  }
  void Double(double value);
  void Base64(std::string_view bytes) {
    out_ += '"';
    AppendBase64(out_, bytes);
    out_ += '"';
  }
  void Raw(std::string_view text) { out_ += text; }

  void StringIfSet(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Name(name);
    String(value);
  }
  void U64IfSet(std::string_view name, uint64_t value) {
    if (value == 0) return;
    Name(name);
    QuotedU64(value);
  }
  void NumberIfSet(std::string_view name, int64_t value) {
    if (value == 0) return;
    Name(name);
    AppendInt(out_, value);
  }
  void DoubleIfSet(std::string_view name, double value) {
    if (value == 0) return;
    Name(name);
    Double(value);
  }
  void TrueIfSet(std::string_view name, bool value) {
    if (!value) return;
    Name(name);
    out_ += "true";
  }
  template <typename Id>
  void WriteId(std::string_view name, const Id& id) {
    Name(name);
    out_ += '"';
    if (!id.empty()) AppendHex(out_, id);
    out_ += '"';
  }
  // An array of objects, left out when empty; write(item) writes the members.
  template <typename Items, typename F>
  void Objects(std::string_view name, const Items& items, F write) {
    if (items.empty()) return;
    Name(name);
    Open('[');
    for (const auto& item : items) {
      Separate();
      Open('{');
      write(item);
      Close('}');
    }
    Close(']');
  }
  // An object that is always there.
  template <typename F>
  void Object(std::string_view name, F write) {
    Name(name);
    Open('{');
    write();
    Close('}');
  }
  // An array of scalars, left out when empty.
  template <typename Items, typename F>
  void Scalars(std::string_view name, const Items& items, F write) {
    if (items.empty()) return;
    Name(name);
    Open('[');
    for (const auto& item : items) {
      Separate();
      write(item);
    }
    Close(']');
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace otelpipe::internal
