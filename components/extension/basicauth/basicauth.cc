#include "extension/basicauth/basicauth.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  std::string out;
  char block[4096];
  bool ok = file != nullptr;
  if (ok) {
    size_t n;
    while ((n = std::fread(block, 1, sizeof block, file)) > 0) out.append(block, n);
    ok = std::ferror(file) == 0;
  }
  const int error = errno;
  if (file != nullptr) std::fclose(file);
  if (!ok) {
    std::string words = std::strerror(error);
    words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
    return absl::FailedPreconditionError(absl::StrCat("open htpasswd file: open ", path, ": ", words));
  }
  return out;
}

}  // namespace

void BasicAuthConfig::Users::Describe(Fields<Users>& f) {
  f.Optional("file", &Users::file, "A file of entries user:password, one a line.");
  f.Optional("inline", &Users::inline_text, "Entries in the same form; they win over the file's.");
}

void BasicAuthConfig::Client::Describe(Fields<Client>& f) {
  f.Optional("username", &Client::username, "Name to send.");
  f.Optional("password", &Client::password, "Password to send.");
}

void BasicAuthConfig::Describe(Fields<BasicAuthConfig>& f) {
  f.Optional("htpasswd", &BasicAuthConfig::htpasswd, "Users that our servers let in.");
  f.Optional("client_auth", &BasicAuthConfig::client_auth, "What our clients send.");
  f.Validate([](const BasicAuthConfig& c) {
    if (!c.htpasswd && !c.client_auth) return absl::InvalidArgumentError("no credential source provided");
    if (c.htpasswd && c.client_auth) {
      return absl::InvalidArgumentError("only one of `htpasswd` or `client_auth` can be specified");
    }
    return absl::OkStatus();
  });
}

void BasicAuthServer::Add(std::string_view text, const std::string& source) {
  for (int line : users_.Add(text)) {
    context_.log.Warn("A line of htpasswd is no entry and is left out", {{"source", source}, {"line", line}});
  }
}

absl::Status BasicAuthServer::Start(Host&) {
  if (!config_.htpasswd->file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(config_.htpasswd->file);
    if (!text.ok()) return text.status();
    Add(*text, config_.htpasswd->file);
  }
  Add(config_.htpasswd->inline_text, "inline");
  return absl::OkStatus();
}

absl::Status BasicAuthServer::Authenticate(const Headers& headers, ClientInfo& client) {
  auto header = std::find_if(headers.begin(), headers.end(), [](const auto& h) { return h.first == "authorization"; });
  if (header == headers.end() || header->second.empty()) return absl::UnauthenticatedError("no basic auth provided");
  constexpr std::string_view kPrefix = "Basic ";
  if (!absl::StartsWithIgnoreCase(header->second, A(kPrefix))) {
    return absl::UnauthenticatedError("invalid authorization scheme prefix");
  }
  const std::string raw = header->second.substr(kPrefix.size());
  std::string pair;
  const size_t colon = DecodeBase64(raw, pair) ? pair.find(':') : pair.npos;
  if (colon == pair.npos) return absl::UnauthenticatedError("invalid authorization format");
  const std::string user = pair.substr(0, colon);
  if (!users_.Matches(user, pair.substr(colon + 1))) return absl::UnauthenticatedError("invalid credentials");
  client.auth["username"] = user;
  client.auth["raw"] = raw;
  return absl::OkStatus();
}

BasicAuthClient::BasicAuthClient(BasicAuthConfig config, Context) : client_(*config.client_auth) {
  std::string value = "Basic ";
  AppendBase64(value, absl::StrCat(client_.username, ":", client_.password));
  headers_.emplace_back("authorization", std::move(value));
}

absl::Status BasicAuthClient::Start(Host&) {
  if (client_.username.find(':') != client_.username.npos) {
    return absl::InvalidArgumentError("client_auth: the user name must not contain ':'");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Extension>> MakeBasicAuth(const BasicAuthConfig& config, Context context) {
  if (config.htpasswd) return std::make_unique<BasicAuthServer>(config, std::move(context));
  return std::make_unique<BasicAuthClient>(config, std::move(context));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, basicauth, registry) {
  using otelpipe::BasicAuthConfig;
  // Registered by hand: which class is made depends on the configuration.
  otelpipe::ComponentFactory factory;
  factory.kind = otelpipe::ComponentKind::kExtension;
  factory.type = "basicauth";
  factory.stability = "beta";
  factory.fields = otelpipe::DescribeFields<BasicAuthConfig>();
  factory.decode = [](const otelpipe::ConfigNode& node, otelpipe::DecodeContext& context) -> otelpipe::AnyConfig {
    auto config = std::make_shared<BasicAuthConfig>();
    otelpipe::DecodeField(node, *config, context);
    return config;
  };
  factory.make_extension = [](otelpipe::AnyConfig config, otelpipe::Context context) {
    return otelpipe::MakeBasicAuth(*static_cast<const BasicAuthConfig*>(config.get()), std::move(context));
  };
  return registry.Add(std::move(factory));
}
