// logfmt text as the reference writes it: `key=value` pairs joined by one space.
//
//   std::string line;
//   LogfmtWriter writer(line);
//   writer.Body(record.body);
//   writer.Add("severity", "INFO");
//   if (!writer.ok()) Drop();
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otelpipe/pdata/value.h"

namespace otelpipe::loki {

// The pairs of the first line of `text`; false on a syntax error. Values are unquoted. A key without `=` has an empty value.
bool ParseLogfmt(std::string_view text, std::vector<std::pair<std::string, std::string>>& out);

// Collects pairs and writes them at the end. Reusable by Clear.
class LogfmtWriter {
 public:
  // The pairs of a body: text is parsed as logfmt, or becomes `msg`; maps and lists are flattened; other values become `msg`.
  void Body(const Value& body);
  // A field of the record. In a map body it replaces the pair of the same key; otherwise it is added.
  void Field(std::string_view key, std::string_view value);
  // An attribute, flattened under `prefix` + key.
  void Attribute(std::string_view prefix, std::string_view key, const Value& value);
  void Text(std::string_view key, std::string_view value);
  // Appends the line; false when a key has no character that may stand in a key.
  bool Write(std::string& out) const;
  void Clear();

 private:
  struct Pair {
    std::string key;
    std::string value;
    bool raw;  // bytes, or a parsed value: the word null needs no quotes
  };
  void Flatten(std::string key, const Value& value);

  std::vector<Pair> pairs_;
  bool map_body_ = false;
  size_t body_pairs_ = 0;
};

}  // namespace otelpipe::loki
