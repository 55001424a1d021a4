// Template bodies of fields.h; include that one.
#pragma once

#include "otelpipe/component/fields.h"

namespace otelpipe {

template <typename T>
void DecodeField(const ConfigNode& node, std::optional<T>& out, DecodeContext& context) {
  // Null keeps what is there for blocks (as the reference's pointers do), and clears scalars.
  if (node.is_null()) {
    if constexpr (!Described<T>) out.reset();
    return;
  }
  if (!out.has_value()) out.emplace();
  DecodeField(node, *out, context);
}

template <typename T>
void DecodeField(const ConfigNode& node, std::unique_ptr<T>& out, DecodeContext& context) {
  if (node.is_null()) return;
  if (!out) out = std::make_unique<T>();
  DecodeField(node, *out, context);
}

template <typename T>
void DecodeField(const ConfigNode& node, std::vector<T>& out, DecodeContext& context) {
  if (node.is_null()) return;
  if (!node.is_list()) {
    context.Error(node, "source data must be an array or slice, got " +
                            std::string(node.is_map() ? "map" : node.TypeName()));
    return;
  }
  out.clear();
  for (size_t i = 0; i < node.items.size(); ++i) {
    DecodeContext::In in(context, i);
    out.emplace_back();
    DecodeField(node.items[i], out.back(), context);
  }
}

template <typename T>
void DecodeField(const ConfigNode& node, std::map<std::string, T>& out, DecodeContext& context) {
  if (node.is_null()) return;
  if (!node.is_map()) {
    internal::ReportWrongType(node, "a map", context);
    return;
  }
  for (const ConfigNode::Entry& entry : node.entries) {
    auto in = DecodeContext::In::MapKey(context, entry.key);
    DecodeField(entry.value, out[entry.key], context);
  }
}

template <Described C>
void DecodeField(const ConfigNode& node, C& out, DecodeContext& context) {
  internal::DecodeTable(node, TableOf<C>(), &out, context);
}

template <typename C>
template <typename T, typename B>
Fields<C>& Fields<C>::Add(std::string_view key, T B::*member, std::string_view doc, bool required) {
  internal::FieldRow row;
  row.info.key = std::string(key);
  row.info.doc = std::string(doc);
  row.info.required = required;
  row.info.type = internal::TypeText<T>::Name();
  if constexpr (std::is_default_constructible_v<C>) {
    if (!required) {
      static const C defaults{};
      if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> || std::is_same_v<T, std::string> ||
                    std::is_same_v<T, absl::Duration>) {
        row.info.default_value = internal::DescribeValue(defaults.*member);
      } else if constexpr (std::is_integral_v<T>) {
        row.info.default_value = internal::DescribeValue(static_cast<int64_t>(defaults.*member));
      } else if constexpr (std::is_same_v<T, ByteSize>) {
        row.info.default_value = internal::DescribeValue((defaults.*member).bytes);
      }
    }
  }
  using Block = typename internal::BlockOf<T>::type;
  if constexpr (!std::is_void_v<Block> && !std::is_same_v<Block, C>) row.info.children = DescribeFields<Block>();
  row.decode = [member](const ConfigNode& node, void* out, DecodeContext& context) {
    DecodeField(node, static_cast<C*>(out)->*member, context);
  };
  table_.rows.push_back(std::move(row));
  return *this;
}

template <typename C>
Fields<C>& Fields<C>::OneOf(std::string_view key, std::string C::*member, std::vector<std::string> values,
                            std::string message_prefix, std::string_view doc, bool any_case) {
  Add(key, member, doc, false);
  auto& info = table_.rows.back().info;
  info.type = "one of";
  for (const std::string& v : values) info.type += " " + v;
  table_.rows.back().decode = [member, values, message_prefix, any_case](const ConfigNode& node, void* out,
                                                                        DecodeContext& context) {
    std::string text;
    size_t errors = context.error_count();
    DecodeField(node, text, context);
    if (context.error_count() != errors) return;
    std::string folded = text;
    if (any_case) {
      for (char& c : folded) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    for (const std::string& v : values) {
      if (v == folded) {
        static_cast<C*>(out)->*member = v;
        return;
      }
    }
    std::string hint = "use one of";
    for (const std::string& v : values) hint += " " + (v.empty() ? std::string("\"\"") : v);
    context.Error(node, message_prefix + "\"" + text + "\"", hint);
  };
  return *this;
}

template <typename C>
template <Described B>
Fields<C>& Fields<C>::Inline(B C::*member) {
  const internal::FieldTable& inner = TableOf<B>();
  for (const internal::FieldRow& row : inner.rows) {
    internal::FieldRow copy = row;
    if (row.decode) {
      copy.decode = [member, decode = row.decode](const ConfigNode& node, void* out, DecodeContext& context) {
        decode(node, &(static_cast<C*>(out)->*member), context);
      };
    }
    table_.rows.push_back(std::move(copy));
  }
  for (const auto& validator : inner.validators) {
    table_.validators.push_back(
        [member, validator](const void* c) { return validator(&(static_cast<const C*>(c)->*member)); });
  }
  return *this;
}

template <typename C>
template <Described B>
  requires std::is_base_of_v<B, C>
Fields<C>& Fields<C>::InlineBase() {
  const internal::FieldTable& inner = TableOf<B>();
  for (const internal::FieldRow& row : inner.rows) {
    internal::FieldRow copy = row;
    if (row.decode) {
      copy.decode = [decode = row.decode](const ConfigNode& node, void* out, DecodeContext& context) {
        decode(node, static_cast<B*>(static_cast<C*>(out)), context);
      };
    }
    table_.rows.push_back(std::move(copy));
  }
  for (const auto& validator : inner.validators) {
    table_.validators.push_back(
        [validator](const void* c) { return validator(static_cast<const B*>(static_cast<const C*>(c))); });
  }
  return *this;
}

template <typename C>
Fields<C>& Fields<C>::Alias(std::string_view old_key, std::string_view key) {
  for (const internal::FieldRow& row : table_.rows) {
    if (row.info.key != key) continue;
    internal::FieldRow alias = row;
    alias.info.key = std::string(old_key);
    alias.info.replaced_by = std::string(key);
    alias.info.required = false;
    table_.rows.push_back(std::move(alias));
    break;
  }
  return *this;
}

template <typename C>
Fields<C>& Fields<C>::Unsupported(std::string_view key, std::string_view why) {
  internal::FieldRow row;
  row.info.key = std::string(key);
  row.info.unsupported = std::string(why);
  table_.rows.push_back(std::move(row));
  return *this;
}

template <typename C>
Fields<C>& Fields<C>::Ignored(std::string_view key, std::string_view why) {
  internal::FieldRow row;
  row.info.key = std::string(key);
  row.info.type = "any";
  row.info.doc = "Accepted, no effect: " + std::string(why);
  row.decode = [](const ConfigNode&, void*, DecodeContext&) {};
  table_.rows.push_back(std::move(row));
  return *this;
}

template <typename C>
Fields<C>& Fields<C>::Validate(std::function<absl::Status(const C&)> check) {
  table_.validators.push_back([check = std::move(check)](const void* c) { return check(*static_cast<const C*>(c)); });
  return *this;
}

}  // namespace otelpipe
