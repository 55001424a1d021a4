// KeyShape: remembers the keys of the map an operator writes to, so that the next entry of the same shape needs no search.
//
//   if (shape.Has(attributes)) { ...append all keys... }              // they were not there last time, so they are not there now
//   else if (none of my keys is in attributes) shape.Learn(attributes, intern);
//
// It keeps interned copies: a key at the same address is the same text for as long as the program lives, others are compared. One thread.
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "otelpipe/operator/entry.h"

namespace otelpipe {

class KeyShape {
 public:
  // Whether `map` has exactly the remembered keys in the remembered order.
  bool Has(const Map& map) const {
    if (!known_ || map.size() != keys_.size()) return false;
    const std::string_view* key = keys_.data();
    for (const KeyValue& kv : map) {
      if (kv.key.size() != key->size()) return false;
      if (kv.key.data() != key->data() && kv.key != *key) return false;
      ++key;
    }
    return true;
  }

  // Remembers the keys of `map`. That interns them, and foreign keys are without end, so only the first shapes are looked at.
  void Learn(const Map& map, const InternFunction& intern) {
    known_ = false;
    if (looks_left_ <= 0 || !intern) return;
    --looks_left_;
    keys_.clear();
    for (const KeyValue& kv : map) keys_.push_back(intern(kv.key));
    known_ = true;
  }

 private:
  std::vector<std::string_view> keys_;
  bool known_ = false;
  int looks_left_ = 64;
};

}  // namespace otelpipe
