#include "shared/http/url.h"

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// The scheme as Go's parser sees it: letters up to the first colon, when no slash comes before.
std::string SchemeOf(std::string_view url) {
  for (size_t i = 0; i < url.size(); ++i) {
    const char c = url[i];
    if (c == ':') return Lower(url.substr(0, i));
    const bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
    if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) return "";
  }
  return "";
}

const char* Variable(const char* upper, const char* lower) {
  const char* value = std::getenv(upper);
  return value != nullptr && *value != '\0' ? value : std::getenv(lower);
}

}  // namespace

absl::Status CheckUrl(std::string_view url) {
  const auto fail = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("parse \"", A(url), "\": ", A(why)));
  };
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return fail("net/url: invalid control character in URL");
  }
  std::string_view rest = url.substr(0, url.find('#'));
  if (rest.starts_with(':')) return fail("missing protocol scheme");
  const std::string scheme = SchemeOf(rest);
  if (!scheme.empty()) rest.remove_prefix(scheme.size() + 1);
  rest = rest.substr(0, rest.find('?'));
  if (!rest.starts_with('/')) {
    if (!scheme.empty()) return absl::OkStatus();  // opaque, as `localhost:4318`
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) return fail("first path segment in URL cannot contain colon");
  }
  const auto bad_escape = [](std::string_view text) {
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f'); };
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%' && (i + 2 >= text.size() || !hex(text[i + 1]) || !hex(text[i + 2]))) return true;
    }
    return false;
  };
  if (rest.starts_with("//") && (!scheme.empty() || !rest.starts_with("///"))) {
    rest.remove_prefix(2);
    std::string_view host = rest.substr(0, rest.find('/'));
    rest.remove_prefix(host.size());
    if (const size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    std::string_view port;
    if (host.starts_with('[')) {
      const size_t close = host.rfind(']');
      if (close == std::string_view::npos) return fail("missing ']' in host");
      port = host.substr(close + 1);
      host = host.substr(1, close - 1);
    } else if (const size_t colon = host.rfind(':'); colon != std::string_view::npos) {
      port = host.substr(colon);
      host = host.substr(0, colon);
    }
    if (!port.empty() && (port[0] != ':' || port.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
      return fail(absl::StrCat("invalid port \"", A(port), "\" after host"));
    }
    if (const size_t at = host.find_first_of(" \"<>\\^`{|}%"); at != std::string_view::npos) {
      return fail(absl::StrCat("invalid character \"", A(host.substr(at, 1)), "\" in host name"));
    }
  }
  return bad_escape(rest) ? fail("invalid URL escape") : absl::OkStatus();
}

absl::StatusOr<HttpUrl> HttpUrl::Parse(std::string_view url) {
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
      return absl::InvalidArgumentError(absl::StrCat("parse \"", A(url), "\": net/url: invalid character in URL"));
    }
  }
  const std::string scheme = SchemeOf(url);
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError(absl::StrCat("unsupported protocol scheme \"", scheme, "\""));
  }
  HttpUrl out;
  out.tls = scheme == "https";
  url.remove_prefix(scheme.size() + 1);
  if (url.substr(0, 2) != "//") return absl::InvalidArgumentError("no Host in request URL");
  url.remove_prefix(2);
  const size_t end = url.find_first_of("/?#");
  std::string_view authority = url.substr(0, end);
  std::string_view rest = end == std::string_view::npos ? std::string_view() : url.substr(end);
  rest = rest.substr(0, rest.find('#'));
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    out.basic = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  out.authority = authority;
  if (!authority.empty() && authority[0] == '[') {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return absl::InvalidArgumentError("missing ']' in host");
    out.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
    if (!authority.empty()) {
      if (authority[0] != ':') return absl::InvalidArgumentError(absl::StrCat("invalid port \"", A(authority), "\" after host"));
      out.port = authority.substr(1);
    }
  } else {
    const size_t colon = authority.find(':');
    out.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) out.port = authority.substr(colon + 1);
  }
  if (out.host.empty()) return absl::InvalidArgumentError("no Host in request URL");
  uint32_t number = 0;
  if (!out.port.empty() && (!absl::SimpleAtoi(out.port, &number) || number > 65535)) {
    return absl::InvalidArgumentError(absl::StrCat("invalid port \":", out.port, "\" after host"));
  }
  if (out.port.empty()) out.port = out.tls ? "443" : "80";
  out.target = rest.empty() || rest[0] != '/' ? absl::StrCat("/", A(rest)) : std::string(rest);
  return out;
}

absl::StatusOr<HttpUrl> HttpUrl::Resolve(std::string_view location) const {
  if (location.empty()) return absl::InvalidArgumentError("a redirect without Location header");
  if (!SchemeOf(location).empty()) return Parse(location);
  if (location.starts_with("//")) return Parse(absl::StrCat(tls ? "https:" : "http:", A(location)));
  if (location[0] == '/') return Parse(absl::StrCat(Origin(), A(location)));
  const std::string_view path = std::string_view(target).substr(0, target.find('?'));
  return Parse(absl::StrCat(Origin(), A(path.substr(0, path.rfind('/') + 1)), A(location)));
}

ProxyRules ProxyRules::FromEnvironment() {
  ProxyRules out;
  const auto take = [](const char* value, std::vector<HttpUrl>& to) {
    if (value == nullptr || *value == '\0') return;
    absl::StatusOr<HttpUrl> url = HttpUrl::Parse(value);
    if (!url.ok()) url = HttpUrl::Parse(std::string("http://") + value);
    if (url.ok()) to.push_back(*std::move(url));
  };
  // CGI programs get a header "Proxy" as HTTP_PROXY; Go ignores the variable there, and so do we.
  if (std::getenv("REQUEST_METHOD") == nullptr) take(Variable("HTTP_PROXY", "http_proxy"), out.http_);
  take(Variable("HTTPS_PROXY", "https_proxy"), out.https_);
  if (const char* none = Variable("NO_PROXY", "no_proxy"); none != nullptr) {
    std::string_view list = none;
    while (true) {
      const size_t comma = list.find(',');
      std::string_view entry = list.substr(0, comma);
      while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
      while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
      if (!entry.empty()) out.exempt_.push_back(Lower(entry));
      if (comma == std::string_view::npos) break;
      list.remove_prefix(comma + 1);
    }
  }
  return out;
}

ProxyRules ProxyRules::Fixed(HttpUrl proxy) {
  ProxyRules out;
  out.fixed_ = true;
  out.http_.push_back(proxy);
  out.https_.push_back(std::move(proxy));
  return out;
}

const HttpUrl* ProxyRules::For(const HttpUrl& url) const {
  const std::vector<HttpUrl>& which = url.tls ? https_ : http_;
  if (which.empty()) return nullptr;
  if (fixed_) return &which[0];
  const std::string host = Lower(url.host);
  if (host == "localhost" || host == "::1" || host.starts_with("127.")) return nullptr;
  for (const std::string& entry : exempt_) {
    std::string_view name = entry;
    if (name == "*") return nullptr;
    if (const size_t colon = name.rfind(':'); colon != std::string_view::npos && name.find(':') == colon) {
      if (name.substr(colon + 1) != url.port) continue;
      name = name.substr(0, colon);
    }
    if (name.starts_with("*.")) name.remove_prefix(1);
    if (name.starts_with(".")) {
      if (host.ends_with(name)) return nullptr;
    } else if (host == name || (host.size() > name.size() && host.ends_with(name) &&
                                host[host.size() - name.size() - 1] == '.')) {
      return nullptr;
    }
  }
  return &which[0];
}

}  // namespace otelpipe
