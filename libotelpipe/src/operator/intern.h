// InternTable: one lasting copy per distinct text. Batches keep the table alive, so keys taken from it may be stored in them.
#pragma once

#include <functional>
#include <string_view>
#include <unordered_set>

#include "otelpipe/pdata/arena.h"

namespace otelpipe::internal {

class InternTable {
 public:
  std::string_view Intern(std::string_view text) {
    auto found = texts_.find(text);
    if (found != texts_.end()) return *found;
    return *texts_.insert(arena_.Copy(text)).first;
  }

 private:
  Arena arena_;
  std::unordered_set<std::string_view> texts_;
};

}  // namespace otelpipe::internal
