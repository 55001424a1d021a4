#include "config/merge.h"

#include <algorithm>
#include <string>
#include <utility>

namespace otelpipe::internal {
namespace {

using Path = std::vector<std::string_view>;

bool Appends(const Path& path) {
  if (path.size() < 2 || path[0] != "service") return false;
  if (path.size() == 2 && path[1] == "extensions") return true;
  return path.size() > 1 && (path.back() == "receivers" || path.back() == "exporters");
}

void Merge(ConfigNode& base, ConfigNode later, bool append_lists, Path& path) {
  if (base.is_map() && later.is_map()) {
    for (ConfigNode::Entry& entry : later.entries) {
      auto found = std::find_if(base.entries.begin(), base.entries.end(),
                                [&](const ConfigNode::Entry& e) { return e.key == entry.key; });
      if (found == base.entries.end()) {
        base.entries.push_back(std::move(entry));
        continue;
      }
      // The place of the key follows the value: an unknown key is reported where it was last written.
      if (!(found->value.is_map() && entry.value.is_map())) found->key_location = entry.key_location;
      path.push_back(entry.key);
      Merge(found->value, std::move(entry.value), append_lists, path);
      path.pop_back();
    }
    return;
  }
  if (append_lists && base.is_list() && later.is_list() && Appends(path)) {
    for (ConfigNode& item : later.items) {
      const bool known = std::any_of(base.items.begin(), base.items.end(),
                                     [&](const ConfigNode& b) { return SameValue(b, item); });
      if (!known) base.items.push_back(std::move(item));
    }
    return;
  }
  base = std::move(later);
}

}  // namespace

bool SameValue(const ConfigNode& a, const ConfigNode& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!SameValue(a.items[i], b.items[i])) return false;
  }
  for (const ConfigNode::Entry& entry : a.entries) {
    const ConfigNode* other = b.Find(entry.key);
    if (other == nullptr || !SameValue(entry.value, *other)) return false;
  }
  return a.is_map() || a.is_list() || a.text == b.text;
}

void MergeInto(ConfigNode& base, ConfigNode later, bool append_lists) {
  Path path;
  Merge(base, std::move(later), append_lists, path);
}

void SplitKeys(ConfigNode& node) {
  for (ConfigNode& item : node.items) SplitKeys(item);
  bool split = false;
  for (ConfigNode::Entry& entry : node.entries) {
    SplitKeys(entry.value);
    split = split || entry.key.find("::") != std::string::npos;
  }
  if (!split) return;
  std::vector<ConfigNode::Entry> entries = std::move(node.entries);
  node.entries.clear();
  for (ConfigNode::Entry& entry : entries) {
    ConfigNode piece;
    piece.kind = ConfigNode::Kind::kMap;
    piece.location = entry.key_location;
    std::string_view rest = entry.key;
    ConfigNode* inner = &piece;
    for (size_t at; (at = rest.find("::")) != std::string_view::npos; rest.remove_prefix(at + 2)) {
      inner->entries.push_back({std::string(rest.substr(0, at)), entry.key_location, {}});
      inner = &inner->entries.back().value;
      inner->kind = ConfigNode::Kind::kMap;
      inner->location = entry.key_location;
    }
    inner->entries.push_back({std::string(rest), entry.key_location, std::move(entry.value)});
    MergeInto(node, std::move(piece));
  }
}

}  // namespace otelpipe::internal
