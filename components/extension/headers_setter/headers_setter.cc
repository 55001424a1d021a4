#include "extension/headers_setter/headers_setter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

Headers::iterator Find(Headers& headers, const std::string& key) {
  return std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == key; });
}

void Remove(Headers& headers, const std::string& key) {
  headers.erase(std::remove_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == key; }),
                headers.end());
}

absl::StatusOr<std::string> ValueOf(const HeadersSetter::Header& header, const ClientInfo* client) {
  if (header.value) return *header.value;
  const std::string otherwise = header.default_value.value_or("");
  if (client == nullptr) return otherwise;
  if (header.from_context) {
    auto it = client->metadata.find(*header.from_context);
    if (it == client->metadata.end() || it->second.empty()) return otherwise;
    if (it->second.size() > 1) {
      return absl::InvalidArgumentError(absl::StrCat("failed to determine the source: ", it->second.size(),
                                                     " source keys found in the context, can't determine which one to use"));
    }
    return it->second[0];
  }
  auto it = client->auth.find(header.from_attribute.value_or(""));
  return it == client->auth.end() ? otherwise : it->second;
}

}  // namespace

void HeadersSetter::Header::Describe(Fields<Header>& f) {
  f.OneOf("action", &Header::action, {"", "insert", "update", "upsert", "delete"}, "unknown action ",
          "insert: unless it is there; update: only when it is there; upsert: always; delete: remove it.");
  f.Optional("key", &Header::key, "Name of the header.");
  f.Optional("value", &Header::value, "The value itself.");
  f.Optional("from_context", &Header::from_context, "Metadata key of the client whose value is taken.");
  f.Optional("from_attribute", &Header::from_attribute, "Attribute of the client's authentication whose value is taken.");
  f.Optional("default_value", &Header::default_value, "Taken when the client has no such value.");
  f.Validate([](const Header& h) -> absl::Status {
    if (h.key.empty()) return absl::InvalidArgumentError("missing header name");
    if (h.action == "delete") return absl::OkStatus();
    const int sources = (h.value ? 1 : 0) + (h.from_context ? 1 : 0) + (h.from_attribute ? 1 : 0);
    if (sources == 0) {
      return absl::InvalidArgumentError("missing header source, must be 'from_context', 'from_attribute' or 'value'");
    }
    if (sources > 1) {
      return absl::InvalidArgumentError("invalid header source, must either 'from_context', 'from_attribute' or 'value'");
    }
    return absl::OkStatus();
  });
}

void HeadersSetter::Config::Describe(Fields<Config>& f) {
  f.Optional("headers", &Config::headers, "What to do, in this order.");
  f.Optional("additional_auth", &Config::additional_auth, "Another authenticator of clients, whose headers are added last.");
  f.Validate([](const Config& c) -> absl::Status {
    if (c.headers.empty()) return absl::InvalidArgumentError("missing headers configuration");
    return absl::OkStatus();
  });
}

HeadersSetter::HeadersSetter(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {
  for (Header& header : config_.headers) {
    header.key = absl::AsciiStrToLower(header.key);
    if (header.from_context) *header.from_context = absl::AsciiStrToLower(*header.from_context);
  }
}

absl::Status HeadersSetter::Start(Host& host) {
  for (const Header& header : config_.headers) {
    if (!header.action.empty()) continue;
    context_.log.Warn("The action was not provided, using 'upsert'. In future versions, we'll require this to be explicitly set");
  }
  if (!config_.additional_auth) return absl::OkStatus();
  Extension* extension = host.FindExtension(*config_.additional_auth);
  if (extension == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("failed to find additional auth extension \"", config_.additional_auth->ToString(), "\""));
  }
  additional_ = dynamic_cast<ClientAuth*>(extension);
  if (additional_ == nullptr || extension == this) {
    additional_ = nullptr;
    return absl::FailedPreconditionError(
        absl::StrCat("additional auth extension \"", config_.additional_auth->ToString(), "\" is not a client authenticator"));
  }
  return absl::OkStatus();
}

bool HeadersSetter::requires_tls() const { return additional_ != nullptr && additional_->requires_tls(); }

absl::Status HeadersSetter::Apply(const ClientInfo* client, Headers& headers) const {
  for (const Header& header : config_.headers) {
    if (header.action == "delete") {
      Remove(headers, header.key);
      continue;
    }
    OTELPIPE_ASSIGN_OR_RETURN(std::string value, ValueOf(header, client));
    const bool there = Find(headers, header.key) != headers.end();
    if ((header.action == "insert" && there) || (header.action == "update" && !there)) continue;
    Remove(headers, header.key);
    headers.emplace_back(header.key, std::move(value));
  }
  return absl::OkStatus();
}

absl::StatusOr<Headers> HeadersSetter::RequestHeaders(const ClientInfo* client) {
  Headers headers;
  OTELPIPE_RETURN_IF_ERROR(EditHeaders(client, headers));
  return headers;
}

absl::Status HeadersSetter::EditHeaders(const ClientInfo* client, Headers& headers) {
  OTELPIPE_RETURN_IF_ERROR(Apply(client, headers));
  if (additional_ == nullptr) return absl::OkStatus();
  if (auto* editor = dynamic_cast<HeaderEditor*>(additional_); editor != nullptr) return editor->EditHeaders(client, headers);
  OTELPIPE_ASSIGN_OR_RETURN(Headers more, additional_->RequestHeaders(client));
  for (auto& [name, value] : more) {
    std::string key = absl::AsciiStrToLower(name);
    Remove(headers, key);
    headers.emplace_back(std::move(key), std::move(value));
  }
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, headers_setter, registry) { return registry.AddExtension<otelpipe::HeadersSetter>(); }
