#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/operator/program.h"
#include "otelpipe/registry.h"

namespace otelpipe {
namespace {

void DecodeMember(const ConfigNode& node, OperatorList::Member& member, DecodeContext& context) {
  member.node = node;
  if (!node.is_map()) {
    context.Error(node, absl::StrCat("expected a map or struct, got \"", A(node.is_list() ? "slice" : node.TypeName()), "\""));
    return;
  }
  const ConfigNode* type = node.Find("type");
  if (type == nullptr) {
    context.Error(node, "missing required field 'type'");
    return;
  }
  if (type->kind != ConfigNode::Kind::kString) {
    context.Error(*type, absl::StrCat("non-string type ", A(type->TypeName()), " for field 'type'"));
    return;
  }
  member.type = type->text;
  member.factory = context.registry != nullptr ? context.registry->FindOperator(member.type) : nullptr;
  if (member.factory == nullptr) {
    context.Error(*type, absl::StrCat("unsupported type '", member.type, "'"));
    return;
  }
  // The messages of the operator's own table appear below the list's, as the reference nests them.
  std::vector<ConfigError> found;
  DecodeContext inner(&found, context.colon_path(), "");
  inner.registry = context.registry;
  inner.tolerate_unknown_keys = true;
  member.config = member.factory->Decode(node, inner);
  for (const ConfigError& e : found) {
    if (e.warning) {
      context.Warn(e.location, e.message, e.hint);
    } else {
      context.ErrorAt(e.location, absl::StrCat("unmarshal to ", member.type, ": ", e.message), e.hint);
    }
  }
  const ConfigNode* id = node.Find("id");
  if (id != nullptr && id->kind == ConfigNode::Kind::kString) member.id = id->text;
}

}  // namespace

void DecodeField(const ConfigNode& node, OperatorList& out, DecodeContext& context) {
  if (node.is_null()) return;
  if (!node.is_list()) {
    context.Error(node, absl::StrCat("source data must be an array or slice, got ", A(node.is_map() ? "map" : node.TypeName())));
    return;
  }
  out.members.clear();
  for (size_t i = 0; i < node.items.size(); ++i) {
    DecodeContext::In in(context, i);
    DecodeMember(node.items[i], out.members.emplace_back(), context);
  }
}

}  // namespace otelpipe
