#include "otelpipe/operator/field_path.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

absl::Status SplitError(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("splitting field: ", A(what)));
}

// Splits `text` into keys: names separated by dots, and quoted keys in brackets.
absl::Status Split(std::string_view text, std::vector<std::string>& keys) {
  if (text.empty()) return SplitError("fields size is 0");
  size_t i = 0;
  bool expect_name = text[0] != '[';
  for (;;) {
    if (expect_name) {
      size_t end = text.find_first_of(".[", i);
      if (end == std::string_view::npos) end = text.size();
      keys.emplace_back(text.substr(i, end - i));
      i = end;
    } else {  // at a left bracket
      if (++i == text.size()) return SplitError("found unclosed left bracket");
      char quote = text[i];
      if (quote != '\'' && quote != '"') return SplitError("strings in brackets must be surrounded by quotes");
      size_t end = text.find(quote, i + 1);
      if (end == std::string_view::npos) {
        return SplitError(quote == '"' ? "found unclosed double quote" : "found unclosed single quote");
      }
      keys.emplace_back(text.substr(i + 1, end - i - 1));
      i = end + 1;
      if (i == text.size()) return SplitError("found unclosed left bracket");
      if (text[i] != ']') return SplitError("found characters between closed quote and closing bracket");
      if (++i < text.size() && text[i] != '.' && text[i] != '[') {
        return SplitError("bracketed access must be followed by a dot or another bracketed access");
      }
    }
    if (i == text.size()) return absl::OkStatus();
    expect_name = text[i] == '.';
    if (expect_name) ++i;
  }
}

std::string_view RootName(FieldPath::Root root) {
  switch (root) {
    case FieldPath::Root::kBody: return "body";
    case FieldPath::Root::kAttributes: return "attributes";
    case FieldPath::Root::kResource: return "resource";
  }
  return "body";
}

// The map inside `value`, which becomes an empty map when it is anything else.
Map& MakeMap(Value& value, Arena& arena) {
  if (!value.is_map()) value = Value::OfMap(arena.New<Map>());
  return value.map();
}

}  // namespace

absl::StatusOr<FieldPath> FieldPath::Parse(std::string_view text, bool rootable) {
  FieldPath path;
  path.set_ = true;
  absl::Status split = Split(text, path.keys_);
  if (!split.ok()) return split;
  const std::string& first = path.keys_.front();
  if (first == "body") {
    path.root_ = Root::kBody;
  } else if (first == "attributes" || first == "resource") {
    path.root_ = first == "attributes" ? Root::kAttributes : Root::kResource;
    if (!rootable && path.keys_.size() == 1) {
      return absl::InvalidArgumentError(absl::StrCat(first, " cannot be referenced without subfield"));
    }
  } else {
    return absl::InvalidArgumentError("unrecognized prefix");
  }
  path.keys_.erase(path.keys_.begin());
  return path;
}

FieldPath FieldPath::Body() {
  FieldPath path;
  path.set_ = true;
  return path;
}

FieldPath FieldPath::AttributesRoot() {
  FieldPath path;
  path.set_ = true;
  path.root_ = Root::kAttributes;
  return path;
}

FieldPath FieldPath::Parent() const {
  FieldPath parent = *this;
  parent.keys_.pop_back();
  if (!parent.interned_.empty()) parent.interned_.pop_back();
  return parent;
}

std::string FieldPath::ToString() const {
  bool dotted = false;
  for (const std::string& k : keys_) dotted |= k.find('.') != std::string::npos;
  std::string out(RootName(root_));
  for (const std::string& k : keys_) {
    if (dotted) {
      absl::StrAppend(&out, "['", k, "']");
    } else {
      absl::StrAppend(&out, ".", k);
    }
  }
  return out;
}

Value* FieldPath::GetMutable(Entry& entry) const {
  if (root_ != Root::kBody && keys_.size() == 1) {
    KeyValue* found = FindKey(root_ == Root::kAttributes ? entry.attributes : entry.resource, key(0), hint_);
    return found == nullptr ? nullptr : &found->value;
  }
  size_t i = 0;
  Value* value;
  if (root_ == Root::kBody) {
    value = &entry.body;
  } else {
    if (keys_.empty()) return nullptr;
    value = (root_ == Root::kAttributes ? entry.attributes : entry.resource).Find(key(0));
    i = 1;
  }
  for (; value != nullptr && i < keys_.size(); ++i) {
    if (!value->is_map()) return nullptr;
    value = value->map().Find(key(i));
  }
  return value;
}

Map* FieldPath::GetMap(Entry& entry) const {
  if (keys_.empty() && root_ != Root::kBody) {
    if (root_ == Root::kAttributes) return entry.has_attributes ? &entry.attributes : nullptr;
    return entry.has_resource ? &entry.resource : nullptr;
  }
  Value* value = GetMutable(entry);
  return value != nullptr && value->is_map() ? &value->map() : nullptr;
}

absl::Status FieldPath::Set(Entry& entry, Value value) const {
  Arena& arena = *entry.arena;
  Map* parent = nullptr;
  bool is_map = value.is_map();
  if (root_ != Root::kBody && keys_.size() == 1 && !is_map) {  // the usual case
    const bool attributes = root_ == Root::kAttributes;
    Map& map = attributes ? entry.attributes : entry.resource;
    (attributes ? entry.has_attributes : entry.has_resource) = true;
    if (KeyValue* found = FindKey(map, key(0), hint_)) {
      found->value = value;
    } else {
      map.Append(arena, key(0), value);
    }
    return absl::OkStatus();
  }
  if (root_ == Root::kBody) {
    if (keys_.empty() && !is_map) {
      entry.body = value;
      return absl::OkStatus();
    }
    // A map that comes from the body itself is merged into a fresh one, so it is never its own part.
    parent = &MakeMap(entry.body, arena);
  } else {
    if (keys_.empty() && !is_map) {
      return absl::InvalidArgumentError(root_ == Root::kAttributes ? "cannot set attributes root"
                                                                   : "cannot set resource root");
    }
    if (root_ == Root::kAttributes) {
      parent = &entry.attributes;
      entry.has_attributes = true;
    } else {
      parent = &entry.resource;
      entry.has_resource = true;
    }
  }
  size_t walk = is_map ? keys_.size() : keys_.size() - 1;
  for (size_t i = 0; i < walk; ++i) {
    Value* next = parent->Find(key(i));
    if (next == nullptr) {
      parent->Append(arena, key(i), Value());
      next = &parent->items().back().value;
    }
    parent = &MakeMap(*next, arena);
  }
  if (!is_map) {
    KeyValue* found = FindKey(*parent, key(walk), hint_);
    if (found != nullptr) {
      found->value = value;
    } else {
      parent->Append(arena, key(walk), value);
    }
    return absl::OkStatus();
  }
  if (parent == &value.map()) return absl::OkStatus();
  for (const KeyValue& kv : value.map()) parent->Set(arena, kv.key, kv.value);
  return absl::OkStatus();
}

bool FieldPath::Delete(Entry& entry, Value* out) const {
  if (keys_.empty()) {
    if (root_ == Root::kBody) {
      if (out != nullptr) *out = entry.body;
      entry.body = Value();
      return true;
    }
    Map& map = root_ == Root::kAttributes ? entry.attributes : entry.resource;
    bool& has = root_ == Root::kAttributes ? entry.has_attributes : entry.has_resource;
    if (out != nullptr) {
      *out = Value();
      if (has) {
        Map* taken = entry.arena->New<Map>();
        *taken = std::move(map);
        *out = Value::OfMap(taken);
      }
    }
    map.Clear();
    has = false;
    return true;
  }
  Map* parent;
  size_t i = 0;
  if (root_ == Root::kBody) {
    if (!entry.body.is_map()) return false;
    parent = &entry.body.map();
  } else {
    parent = root_ == Root::kAttributes ? &entry.attributes : &entry.resource;
  }
  for (; i + 1 < keys_.size(); ++i) {
    Value* next = parent->Find(key(i));
    if (next == nullptr || !next->is_map()) return false;
    parent = &next->map();
  }
  KeyValue* found = FindKey(*parent, key(i), hint_);
  if (found == nullptr) return false;
  if (out != nullptr) *out = found->value;
  // A few elements are moved faster here than by a call.
  for (KeyValue* last = parent->end() - 1; found != last; ++found) *found = found[1];
  parent->items().Erase(parent->size() - 1);
  return true;
}

void FieldPath::Intern(const InternFunction& intern) {
  if (!intern) return;
  interned_.clear();
  for (const std::string& k : keys_) interned_.push_back(intern(k));
}

namespace {

void Decode(const ConfigNode& node, FieldPath& out, DecodeContext& context, bool rootable) {
  if (node.is_null()) return;
  if (node.kind != ConfigNode::Kind::kString && !node.from_expansion) {
    context.Error(node, absl::StrCat("expected a map or struct, got \"", A(node.is_map() ? "map" : node.TypeName()), "\""));
    return;
  }
  absl::StatusOr<FieldPath> path = FieldPath::Parse(node.text, rootable);
  if (!path.ok()) {
    context.Error(node, S(path.status().message()));
    return;
  }
  out = *std::move(path);
}

}  // namespace

void DecodeField(const ConfigNode& node, FieldPath& out, DecodeContext& context) { Decode(node, out, context, false); }
void DecodeField(const ConfigNode& node, RootableFieldPath& out, DecodeContext& context) {
  Decode(node, out, context, true);
}

}  // namespace otelpipe
