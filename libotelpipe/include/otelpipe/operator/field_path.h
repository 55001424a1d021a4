// FieldPath: `body.a`, `attributes["k.v"]`, `resource.x`: where an operator reads or writes (stanza field syntax).
//
//   OTELPIPE_ASSIGN_OR_RETURN(FieldPath path, FieldPath::Parse("attributes[\"log.file.path\"]"));
//   if (const Value* v = path.Get(entry)) ...
//
// Parsed once per configuration; per entry it walks maps only. Setting a map merges it into what is there; see Set.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/operator/entry.h"

namespace otelpipe {

// The entry of `map` with this key, or null. `hint` is where it was the last time: lines of one kind have their keys at the same places.
inline KeyValue* FindKey(Map& map, std::string_view key, uint32_t& hint) {
  KeyValue* items = map.begin();
  uint32_t n = map.size();
  if (hint < n && items[hint].key.data() == key.data() && items[hint].key.size() == key.size()) return items + hint;
  for (uint32_t i = 0; i < n; ++i) {
    std::string_view other = items[i].key;
    if (other.size() != key.size()) continue;
    if (other.data() != key.data()) {
      if (key.empty() || other.front() == key.front()) {
        if (other != key) continue;
      } else {
        continue;
      }
    }
    hint = i;
    return items + i;
  }
  return nullptr;
}

class FieldPath {
 public:
  enum class Root { kBody, kAttributes, kResource };

  FieldPath() = default;  // unset
  // `rootable`: a bare `attributes` or `resource` is allowed. InvalidArgument with the reference's words: `unrecognized prefix`,
  // `splitting field: found unclosed left bracket`, `attributes cannot be referenced without subfield`.
  static absl::StatusOr<FieldPath> Parse(std::string_view text, bool rootable = false);
  static FieldPath Body();
  static FieldPath AttributesRoot();

  bool is_set() const { return set_; }
  bool is_root() const { return keys_.empty(); }
  Root root() const { return root_; }
  const std::vector<std::string>& keys() const { return keys_; }
  // The path without its last key; only for paths with keys.
  FieldPath Parent() const;
  // As messages show it: `body.a.b`, or `body['a.b']['c']` when a key has a dot.
  std::string ToString() const;

  // Null when absent. Valid until the entry changes. Bare attributes and resource have no Value; see GetMap.
  const Value* Get(const Entry& entry) const { return GetMutable(const_cast<Entry&>(entry)); }
  Value* GetMutable(Entry& entry) const;
  // The map at the path when there is one (roots included), else null.
  Map* GetMap(Entry& entry) const;
  // Sets `value`, creating maps on the way. A map value is merged key by key. Roots: the body is replaced, attributes and resource refuse
  // all but maps (`cannot set attributes root`).
  absl::Status Set(Entry& entry, Value value) const;
  // Removes and returns the value in `out` (may be null). False when there was none. At a root: takes the whole (true) and leaves nothing; an
  // absent attributes or resource map yields an empty value.
  bool Delete(Entry& entry, Value* out) const;

  // Replaces the keys by interned ones (OperatorContext::intern). An operator calls it in its constructor for each path it writes with:
  // the keys it sets must live as long as the batches, and lookups compare pointers first.
  void Intern(const InternFunction& intern);
  bool operator==(const FieldPath& o) const { return set_ == o.set_ && root_ == o.root_ && keys_ == o.keys_; }

 private:
  std::string_view key(size_t i) const { return interned_.empty() ? std::string_view(keys_[i]) : interned_[i]; }
  bool set_ = false;
  Root root_ = Root::kBody;
  std::vector<std::string> keys_;
  std::vector<std::string_view> interned_;  // same texts as keys_, or empty
  mutable uint32_t hint_ = 0;               // place of the last key at the last look
};

// A field that may also be a bare root.
struct RootableFieldPath : FieldPath {
  RootableFieldPath() = default;
  explicit RootableFieldPath(FieldPath p) : FieldPath(std::move(p)) {}
};

void DecodeField(const ConfigNode& node, FieldPath& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, RootableFieldPath& out, DecodeContext& context);

}  // namespace otelpipe
