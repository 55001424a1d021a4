// FieldPath: `body.a`, `attributes["k.v"]`, `resource.x`: where an operator reads or writes (stanza field syntax).
//
//   OTELPIPE_ASSIGN_OR_RETURN(FieldPath path, FieldPath::Parse("attributes[\"log.file.path\"]"));
//   if (const Value* v = path.Get(entry)) ...
//
// Parsed once per configuration; per entry it walks maps only. Setting a map merges it into what is there; see Set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/operator/entry.h"

namespace otelpipe {

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
  // As messages show it: `body.a.b`, or `body['a.b']['c']` when a key has a dot.
  std::string ToString() const;

  // Null when absent. Valid until the entry changes.
  const Value* Get(const Entry& entry) const { return const_cast<FieldPath*>(this)->GetMutable(const_cast<Entry&>(entry)); }
  Value* GetMutable(Entry& entry) const;
  // Root attributes/resource as a whole are returned as a map value by copy of the handle; see GetMap.
  Map* GetMap(Entry& entry) const;  // the map at the path when there is one (roots included), else null
  // Sets `value`, creating maps on the way. A map value is merged key by key. Roots: the body is replaced, attributes and resource refuse
  // all but maps (`cannot set attributes root`).
  absl::Status Set(Entry& entry, Value value) const;
  // Removes and returns the value in `out` (may be null). False when there was none.
  bool Delete(Entry& entry, Value* out) const;

  // Interned copies of the keys so that lookups compare pointers first; called by the program compiler.
  void Intern(const std::function<std::string_view(std::string_view)>& intern);
  bool operator==(const FieldPath&) const = default;

 private:
  bool set_ = false;
  Root root_ = Root::kBody;
  std::vector<std::string> keys_;
  std::vector<std::string_view> interned_;  // same texts as keys_, or empty
};

// A field that may also be a bare root.
struct RootableFieldPath : FieldPath {
  RootableFieldPath() = default;
  explicit RootableFieldPath(FieldPath p) : FieldPath(std::move(p)) {}
};

void DecodeField(const ConfigNode& node, FieldPath& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, RootableFieldPath& out, DecodeContext& context);

}  // namespace otelpipe
