#include "service/old_spellings.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "service/old_operators.h"

namespace otelpipe {
namespace {

// One component with its path and the list of findings.
class Rewriter {
 public:
  Rewriter(std::string path, std::vector<ConfigError>& errors) : path_(std::move(path)), errors_(errors) {}
  bool changed() const { return changed_; }

  void Notice(const Location& at, std::string_view below, std::string_view old, std::string_view now) {
    changed_ = true;
    errors_.push_back({at, absl::StrCat(path_, below.empty() ? "" : "::", A(below)), absl::StrCat("'", A(old), "' is a form of earlier versions"),
                       absl::StrCat("write ", A(now)), true});
  }

  // Takes `key` out of `map`, or nothing when it is not there or the new one is.
  static std::optional<ConfigNode::Entry> Take(ConfigNode& map, std::string_view key) {
    for (auto at = map.entries.begin(); at != map.entries.end(); ++at) {
      if (at->key != key) continue;
      ConfigNode::Entry entry = std::move(*at);
      map.entries.erase(at);
      return entry;
    }
    return std::nullopt;
  }

  // The map below `key`, made when there is none; null when something else is there.
  static ConfigNode* Block(ConfigNode& map, const std::string& key, const Location& at) {
    ConfigNode* found = map.Find(key);
    if (found == nullptr) {
      ConfigNode fresh;
      fresh.kind = ConfigNode::Kind::kMap;
      fresh.location = at;
      map.entries.push_back({key, at, std::move(fresh)});
      return &map.entries.back().value;
    }
    if (found->is_null()) {
      found->kind = ConfigNode::Kind::kMap;
      found->text.clear();
    }
    return found->is_map() ? found : nullptr;
  }

  // `old` becomes `now` in the same block.
  void Rename(ConfigNode& map, std::string_view below, std::string_view old, const std::string& now) {
    if (!map.is_map() || map.Find(now) != nullptr) return;
    for (ConfigNode::Entry& entry : map.entries) {
      if (entry.key != old) continue;
      entry.key = now;
      Notice(entry.key_location, below, old, now);
    }
  }

  // `old` moves into `block`, as `now`.
  void Move(ConfigNode& map, std::string_view below, std::string_view old, const std::string& block, const std::string& now) {
    if (!map.is_map() || map.Find(old) == nullptr) return;
    const ConfigNode* there = map.Find(block);
    if (there != nullptr && (there->Find(now) != nullptr || there->is_scalar() || there->is_list())) return;
    std::optional<ConfigNode::Entry> entry = Take(map, old);
    Notice(entry->key_location, below, old, absl::StrCat(block, ": {", now, ": ...}"));
    ConfigNode* target = Block(map, block, entry->key_location);
    entry->key = now;
    target->entries.push_back(*std::move(entry));
  }

  // `old` has no effect any more.
  void Drop(ConfigNode& map, std::string_view below, std::string_view old, std::string_view why) {
    if (!map.is_map()) return;
    if (std::optional<ConfigNode::Entry> entry = Take(map, old)) {
      changed_ = true;
      errors_.push_back({entry->key_location, absl::StrCat(path_, below.empty() ? "" : "::", A(below)),
                         absl::StrCat("'", A(old), "' of earlier versions has no effect"), absl::StrCat("remove it; ", A(why)), true});
    }
  }

  const std::string& path() const { return path_; }
  std::vector<ConfigError>& errors() { return errors_; }
  void set_changed() { changed_ = true; }

 private:
  const std::string path_;
  std::vector<ConfigError>& errors_;
  bool changed_ = false;
};

ConfigNode TextAt(const Location& at, std::string text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kString;
  node.location = at;
  node.text = std::move(text);
  return node;
}

// Settings of TLS stood beside the endpoint before there was the block `tls`.
void FlatTls(Rewriter& r, ConfigNode& node) {
  for (const char* key : {"insecure", "insecure_skip_verify", "ca_file", "cert_file", "key_file", "min_version", "max_version", "reload_interval"}) {
    r.Move(node, "", key, "tls", key);
  }
  r.Move(node, "", "server_name_override", "tls", "server_name_override");
}

// The block `batcher` of versions 0.110 to 0.125.
void Batcher(Rewriter& r, ConfigNode& node) {
  ConfigNode* batcher = node.Find("batcher");
  if (batcher == nullptr || !batcher->is_map()) return;
  const ConfigNode* enabled = batcher->Find("enabled");
  if (enabled == nullptr || enabled->kind != ConfigNode::Kind::kBool || !enabled->boolean) {
    r.Drop(node, "", "batcher", "it was off");
    return;
  }
  const ConfigNode* queue = node.Find("sending_queue");
  if (queue != nullptr && (queue->Find("batch") != nullptr || queue->is_scalar() || queue->is_list())) return;
  std::optional<ConfigNode::Entry> entry = Rewriter::Take(node, "batcher");
  r.Notice(entry->key_location, "", "batcher", "sending_queue: {batch: {flush_timeout: ..., min_size: ..., max_size: ...}}");
  Rewriter::Take(entry->value, "enabled");
  for (ConfigNode::Entry& e : entry->value.entries) {
    if (e.key == "min_size_items") e.key = "min_size";
    if (e.key == "max_size_items") e.key = "max_size";
  }
  const Location at = entry->key_location;
  entry->key = "batch";
  ConfigNode* target = Rewriter::Block(node, "sending_queue", at);
  // It counted records, whatever the queue counted, and had defaults.
  auto fill = [&](const char* key, const char* value, ConfigNode::Kind kind) {
    if (entry->value.Find(key) != nullptr) return;
    ConfigNode node = TextAt(at, value);
    node.kind = kind;
    if (kind == ConfigNode::Kind::kInt) node.integer = std::atoll(value);
    entry->value.entries.push_back({key, at, std::move(node)});
  };
  fill("sizer", "items", ConfigNode::Kind::kString);
  fill("flush_timeout", "200ms", ConfigNode::Kind::kString);
  fill("min_size", "8192", ConfigNode::Kind::kInt);
  target->entries.push_back(*std::move(entry));
}

void NetworkExporter(Rewriter& r, ConfigNode& node) {
  FlatTls(r, node);
  r.Rename(node, "", "tls_settings", "tls");
  r.Rename(node, "", "queue_settings", "sending_queue");
  r.Rename(node, "", "retry_settings", "retry_on_failure");
  if (ConfigNode* queue = node.Find("sending_queue")) r.Rename(*queue, "sending_queue", "blocking", "block_on_overflow");
  Batcher(r, node);
}

void LokiExporter(Rewriter& r, ConfigNode& node) {
  r.Move(node, "", "tenant_id", "headers", "X-Scope-OrgID");
  const ConfigNode* tenant = node.Find("tenant");
  const ConfigNode* source = tenant != nullptr ? tenant->Find("source") : nullptr;
  const ConfigNode* value = tenant != nullptr ? tenant->Find("value") : nullptr;
  if (source == nullptr || value == nullptr || source->text != "static" || !value->is_scalar()) return;
  const ConfigNode* headers = node.Find("headers");
  if (headers != nullptr && (!headers->is_map() || headers->Find("X-Scope-OrgID") != nullptr)) return;
  std::optional<ConfigNode::Entry> entry = Rewriter::Take(node, "tenant");
  const ConfigNode text = *entry->value.Find("value");
  r.Notice(entry->key_location, "", "tenant", "headers: {X-Scope-OrgID: ...}");
  Rewriter::Block(node, "headers", entry->key_location)->entries.push_back({"X-Scope-OrgID", entry->key_location, text});
}

void OtlpReceiver(Rewriter& r, ConfigNode& node) {
  if (const ConfigNode* endpoint = node.Find("endpoint"); endpoint != nullptr && node.Find("protocols") == nullptr) {
    std::optional<ConfigNode::Entry> entry = Rewriter::Take(node, "endpoint");
    const Location at = entry->key_location;
    r.Notice(at, "", "endpoint", "protocols: {grpc: {endpoint: ...}}");
    ConfigNode* grpc = Rewriter::Block(*Rewriter::Block(node, "protocols", at), "grpc", at);
    grpc->entries.push_back(*std::move(entry));
  }
  ConfigNode* protocols = node.Find("protocols");
  if (protocols == nullptr || !protocols->is_map()) return;
  for (const char* name : {"grpc", "http"}) {
    ConfigNode* protocol = protocols->Find(name);
    if (protocol == nullptr || !protocol->is_map()) continue;
    const std::string below = absl::StrCat("protocols::", name);
    r.Rename(*protocol, below, "tls_settings", "tls");
    if (std::string_view(name) == "grpc") continue;
    r.Move(*protocol, below, "cors_allowed_origins", "cors", "allowed_origins");
    r.Move(*protocol, below, "cors_allowed_headers", "cors", "allowed_headers");
  }
}

// `labels: {a: b}` of the first versions.
void ResourceProcessor(Rewriter& r, ConfigNode& node) {
  const ConfigNode* labels = node.Find("labels");
  if (labels == nullptr || !labels->is_map() || node.Find("attributes") != nullptr) return;
  std::optional<ConfigNode::Entry> entry = Rewriter::Take(node, "labels");
  r.Notice(entry->key_location, "", "labels", "attributes: [{key: ..., value: ..., action: upsert}]");
  ConfigNode list;
  list.kind = ConfigNode::Kind::kList;
  list.location = entry->value.location;
  for (ConfigNode::Entry& label : entry->value.entries) {
    ConfigNode action;
    action.kind = ConfigNode::Kind::kMap;
    action.location = label.key_location;
    action.entries.push_back({"key", label.key_location, TextAt(label.key_location, label.key)});
    action.entries.push_back({"value", label.value.location, std::move(label.value)});
    action.entries.push_back({"action", label.key_location, TextAt(label.key_location, "upsert")});
    list.items.push_back(std::move(action));
  }
  node.entries.push_back({"attributes", entry->key_location, std::move(list)});
}

void HealthCheck(Rewriter& r, ConfigNode& node) {
  const ConfigNode* port = node.Find("port");
  if (port == nullptr || port->kind != ConfigNode::Kind::kInt || node.Find("endpoint") != nullptr) return;
  std::optional<ConfigNode::Entry> entry = Rewriter::Take(node, "port");
  const std::string endpoint = absl::StrCat("0.0.0.0:", entry->value.text);
  r.Notice(entry->key_location, "", "port", absl::StrCat("endpoint: ", endpoint));
  node.entries.push_back({"endpoint", entry->key_location, TextAt(entry->value.location, endpoint)});
}

void DebugExporter(Rewriter& r, ConfigNode& node) {
  const ConfigNode* level = node.Find("loglevel");
  if (level == nullptr || !level->is_scalar() || node.Find("verbosity") != nullptr) return;
  std::optional<ConfigNode::Entry> entry = Rewriter::Take(node, "loglevel");
  const std::string verbosity = entry->value.text == "debug" ? "detailed" : entry->value.text == "info" ? "normal" : "basic";
  r.Notice(entry->key_location, "", "loglevel", absl::StrCat("verbosity: ", verbosity));
  node.entries.push_back({"verbosity", entry->key_location, TextAt(entry->value.location, verbosity)});
}

void LogReceiver(Rewriter& r, ConfigNode& node) {
  r.Rename(node, "", "labels", "attributes");
  r.Drop(node, "", "converter", "nothing is converted here");
  bool changed = false;
  if (ConfigNode* operators = node.Find("operators"); operators != nullptr && operators->is_list()) {
    changed |= RewriteOldOperators(absl::StrCat(r.path(), "::operators"), *operators, r.errors());
  }
  if (ConfigNode* header = node.Find("header"); header != nullptr && header->is_map()) {
    r.Rename(*header, "header", "multiline_pattern", "pattern");
    ConfigNode* operators = header->Find("metadata_operators");
    if (operators != nullptr && operators->is_list()) {
      changed |= RewriteOldOperators(absl::StrCat(r.path(), "::header::metadata_operators"), *operators, r.errors());
    }
  }
  if (changed) r.set_changed();
}

std::string Plain(std::string_view type) {
  std::string out(type);
  std::erase(out, '_');
  return out;
}

struct Advice {
  ComponentKind kind;
  std::string_view type;  // without underscores; empty: all
  std::string_view key;
  std::string_view text;
};
constexpr Advice kAdvice[] = {
    {ComponentKind::kExporter, "loki", "labels",
     "since 0.58 the attributes loki.attribute.labels and loki.resource.labels name the labels: set them by the processors attributes and resource"},
    {ComponentKind::kExporter, "loki", "format", "since 0.58 the attribute loki.format says it: set it by the resource processor"},
    {ComponentKind::kExporter, "loki", "tenant",
     "since 0.58 the attribute loki.tenant names the attribute that holds it; a fixed one is headers: {X-Scope-OrgID: ...}"},
    {ComponentKind::kExporter, "", "persistent_storage_enabled", "write storage: file_storage, and that extension under extensions and service::extensions"},
    {ComponentKind::kExporter, "", "per_rpc_auth", "write headers: {authorization: Bearer ...}, or auth: {authenticator: bearertokenauth}"},
    {ComponentKind::kExporter, "", "batcher", "write sending_queue: {batch: ...}"},
    {ComponentKind::kProcessor, "resource", "type", "write attributes: [{key: ..., value: ..., action: upsert}]"},
    {ComponentKind::kProcessor, "resource", "labels", "write attributes: [{key: ..., value: ..., action: upsert}]"},
    {ComponentKind::kReceiver, "", "write_to", "put an operator first: {type: move, from: body, to: ...}"},
    {ComponentKind::kReceiver, "otlp", "endpoint", "write it below protocols: grpc or http"},
    {ComponentKind::kExtension, "healthcheck", "port", "write endpoint: 0.0.0.0:PORT"},
};

}  // namespace

bool RewriteOldSpellings(ComponentKind kind, const std::string& type, const std::string& path, ConfigNode& node, std::vector<ConfigError>& errors) {
  if (!node.is_map()) return false;
  Rewriter r(path, errors);
  const std::string name = Plain(type);
  switch (kind) {
    case ComponentKind::kReceiver:
      if (name == "otlp") OtlpReceiver(r, node);
      if (name == "filelog" || name == "tcplog" || name == "udplog" || name == "syslog") LogReceiver(r, node);
      break;
    case ComponentKind::kExporter:
      if (name == "otlp" || name == "otlpgrpc" || name == "otlphttp" || name == "loki") NetworkExporter(r, node);
      if (name == "loki") LokiExporter(r, node);
      if (name == "debug") DebugExporter(r, node);
      break;
    case ComponentKind::kProcessor:
      if (name == "memorylimiter") r.Drop(node, "", "ballast_size_mib", "there is no ballast");
      if (name == "resource") ResourceProcessor(r, node);
      if (name == "batch") {
        for (const char* key : {"num_tickers", "tick_time", "remove_after_ticks"}) r.Drop(node, "", key, "timeout alone says when a batch is sent");
      }
      break;
    case ComponentKind::kExtension:
      if (name == "healthcheck") HealthCheck(r, node);
      break;
    default: break;
  }
  return r.changed();
}

void AdviseOldSpellings(ComponentKind kind, const std::string& type, size_t first, std::vector<ConfigError>& errors) {
  const std::string name = Plain(type);
  for (size_t i = first; i < errors.size(); ++i) {
    ConfigError& e = errors[i];
    if (e.warning) continue;
    constexpr std::string_view kUnknownKey = "has invalid keys: ";
    const size_t at = e.message.find(kUnknownKey);
    if (at == std::string::npos) continue;
    const std::string_view key = std::string_view(e.message).substr(at + kUnknownKey.size());
    for (const Advice& a : kAdvice) {
      if (a.kind == kind && (a.type.empty() || a.type == name) && a.key == key) e.hint = a.text;
    }
  }
}

}  // namespace otelpipe
