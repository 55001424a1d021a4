// What LokiEncoder keeps per tenant, per set of labels and per set of attribute keys. For encoder.cc and encoder_json.cc alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "exporter/loki/encoder.h"

namespace otelpipe {

struct LokiEncoder::Group {
  std::string tenant;
  std::vector<std::unique_ptr<loki::PushStream>> streams;
  std::unordered_map<std::string, loki::PushStream*> by_labels;
  size_t submitted = 0;
  size_t dropped = 0;
};

// Which attributes of a record go into its JSON line, in which order: a function of the keys alone.
struct LokiEncoder::Shape {
  std::vector<std::string_view> keys;  // of the whole attribute map
  struct Item {
    uint32_t index;
    uint32_t begin, size;  // of `"key":` in `text`
  };
  std::vector<Item> items;
  std::string text;
};

// One set of labels of the current resource, and what follows from it.
struct LokiEncoder::Variant {
  // What a record has to have.
  bool reusable = false;
  int32_t severity = 0;  // as far as it decides the level label
  const Value* attribute_hint = nullptr;
  const Value* resource_hint = nullptr;
  std::string_view tenant;
  struct Input {
    std::string_view name;
    bool present;
    std::string text;
  };
  std::vector<Input> inputs;
  LokiNameList names;

  Group* group = nullptr;
  loki::PushStream* stream = nullptr;
  std::vector<std::string_view> skip;  // the labels' names before they were made valid
  LokiNameList resource_names;
  bool show_level = false;
  bool has_resource_json = false;
  bool resource_ok = true;
  std::string resource_json;
  std::vector<Shape> shapes;
  size_t next_shape = 0;

  bool Skips(std::string_view key) const {
    if (IsLokiHint(key)) return true;
    for (std::string_view name : skip) {
      if (name == key) return true;
    }
    return false;
  }
};

}  // namespace otelpipe
