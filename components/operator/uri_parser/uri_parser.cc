#include "operator/uri_parser/uri_parser.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

Value QueryMap(const uri::QueryPairs& pairs, Arena& arena) {
  Map* map = arena.New<Map>();
  for (const auto& [key, value] : pairs) {
    Value* list = map->Find(key);
    if (list == nullptr) {
      map->Append(arena, arena.Copy(key), Value::OfList(arena.New<List>()));
      list = &map->items().back().value;
    }
    list->list().Add(arena) = Value::Str(arena.Copy(value));
  }
  return Value::OfMap(map);
}

}  // namespace

UriParser::UriParser(const Config& config, OperatorContext context) : Parser(config, std::move(context)) {
  ecs_ = this->context().gate_enabled && this->context().gate_enabled("parser.uri.ecscompliant");
}

void UriParser::Put(Map& map, Arena& arena, std::string_view key, std::string_view text) const {
  if (!text.empty()) map.Set(arena, context().intern(key), Value::Str(arena.Copy(text)));
}

void UriParser::PutEcs(Map& map, Arena& arena, const uri::Url& url) const {
  auto always = [&](std::string_view key, std::string_view text) {
    map.Set(arena, context().intern(key), Value::Str(arena.Copy(text)));
  };
  always("url.original", url.ToString());
  always("url.domain", url.HostName());
  always("url.scheme", url.scheme);
  always("url.path", url.path);
  std::string port = url.Port();
  int64_t number = 0;
  if (!port.empty() && std::from_chars(port.data(), port.data() + port.size(), number).ec == std::errc()) {
    map.Set(arena, context().intern("url.port"), Value::Int(number));
  }
  Put(map, arena, "url.fragment", url.fragment);
  if (url.has_user) {
    Put(map, arena, "url.user_info", url.has_password ? absl::StrCat(url.user, ":", url.password) : url.user);
    Put(map, arena, "url.username", url.user);
    Put(map, arena, "url.password", url.password);
  }
  Put(map, arena, "url.query", url.query);
  size_t dot = url.path.rfind('.');
  if (dot != std::string::npos) Put(map, arena, "url.extension", std::string_view(url.path).substr(dot + 1));
}

absl::StatusOr<Value> UriParser::Parse(const Value& in, Entry& entry) {
  if (!in.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("type '", A(GoTypeName(in)), "' cannot be parsed as URI"));
  }
  Arena& arena = *entry.arena;
  std::string_view text = in.string();
  Map* map = arena.New<Map>();
  uri::QueryPairs pairs;
  if (text.starts_with("?")) {
    OTELPIPE_RETURN_IF_ERROR(uri::ParseQuery(text.substr(1), pairs));
    if (!pairs.empty()) map->Set(arena, context().intern("query"), QueryMap(pairs, arena));
    return Value::OfMap(map);
  }
  OTELPIPE_ASSIGN_OR_RETURN(uri::Url url, uri::ParseUrl(text, !ecs_));
  if (ecs_) {
    PutEcs(*map, arena, url);
    return Value::OfMap(map);
  }
  Put(*map, arena, "scheme", url.scheme);
  Put(*map, arena, "user", url.user);
  Put(*map, arena, "host", url.HostName());
  Put(*map, arena, "port", url.Port());
  Put(*map, arena, "path", url.EscapedPath());
  (void)uri::ParseQuery(url.query, pairs);  // what cannot be decoded is left out
  if (!pairs.empty()) map->Set(arena, context().intern("query"), QueryMap(pairs, arena));
  return Value::OfMap(map);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, uri_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::UriParser>());
}
