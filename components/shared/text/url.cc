#include "shared/text/url.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe::uri {
namespace {

enum class Mode { kPath, kHost, kUser, kQuery, kFragment };

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
bool IsAlnum(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }
bool In(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool ShouldEscape(char c, Mode mode) {
  if (IsAlnum(c) || In(c, "-_.~")) return false;
  switch (mode) {
    case Mode::kHost: return !In(c, "!$&'()*+,;=:[]<>\"");
    case Mode::kPath: return !In(c, "$&+,/:;=@");
    case Mode::kUser: return !In(c, "$&+,;=");
    case Mode::kQuery: return true;
    case Mode::kFragment: return !In(c, "$&+,/:;=?@!()*");
  }
  return true;
}

std::string Escape(std::string_view text, Mode mode) {
  std::string out;
  for (char c : text) {
    if (!ShouldEscape(c, mode)) {
      out += c;
      continue;
    }
    auto b = static_cast<unsigned char>(c);
    out += '%';
    out += "0123456789ABCDEF"[b >> 4];
    out += "0123456789ABCDEF"[b & 15];
  }
  return out;
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text, false);
  return out;
}

absl::Status Unescape(std::string_view text, Mode mode, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || HexDigit(text[i + 1]) < 0 || HexDigit(text[i + 2]) < 0) {
        return absl::InvalidArgumentError(absl::StrCat("invalid URL escape ", Quoted(text.substr(i, 3))));
      }
      int byte = HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]);
      if (mode == Mode::kHost && byte < 0x80 && text.substr(i, 3) != "%25") {
        return absl::InvalidArgumentError(absl::StrCat("invalid URL escape ", Quoted(text.substr(i, 3))));
      }
      out += static_cast<char>(byte);
      i += 2;
    } else if (c == '+' && mode == Mode::kQuery) {
      out += ' ';
    } else {
      if (mode == Mode::kHost && static_cast<unsigned char>(c) < 0x80 && ShouldEscape(c, mode)) {
        return absl::InvalidArgumentError(absl::StrCat("invalid character ", Quoted(text.substr(i, 1)), " in host name"));
      }
      out += c;
    }
  }
  return absl::OkStatus();
}

bool IsOptionalPort(std::string_view port) {
  if (port.empty()) return true;
  return port[0] == ':' && std::all_of(port.begin() + 1, port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

absl::Status ParseHost(std::string_view host, Url& url) {
  std::string_view port;
  if (host.starts_with("[")) {
    size_t close = host.rfind(']');
    if (close == std::string_view::npos) return absl::InvalidArgumentError("missing ']' in host");
    port = host.substr(close + 1);
  } else if (size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
  }
  if (!IsOptionalPort(port)) {
    return absl::InvalidArgumentError(absl::StrCat("invalid port ", Quoted(port), " after host"));
  }
  return Unescape(host, Mode::kHost, url.host);
}

absl::Status ParseAuthority(std::string_view authority, Url& url) {
  size_t at = authority.rfind('@');
  OTELPIPE_RETURN_IF_ERROR(ParseHost(at == std::string_view::npos ? authority : authority.substr(at + 1), url));
  if (at == std::string_view::npos) return absl::OkStatus();
  std::string_view user = authority.substr(0, at);
  for (char c : user) {
    if (!IsAlnum(c) && !In(c, "-._:~!$&'()*+,;=%@")) return absl::InvalidArgumentError("net/url: invalid userinfo");
  }
  url.has_user = true;
  size_t colon = user.find(':');
  OTELPIPE_RETURN_IF_ERROR(Unescape(user.substr(0, colon), Mode::kUser, url.user));
  if (colon != std::string_view::npos) {
    url.has_password = true;
    OTELPIPE_RETURN_IF_ERROR(Unescape(user.substr(colon + 1), Mode::kUser, url.password));
  }
  return absl::OkStatus();
}

// Splits the scheme off; false for a text that begins with a colon.
bool TakeScheme(std::string_view& rest, std::string& scheme) {
  for (size_t i = 0; i < rest.size(); ++i) {
    char c = rest[i];
    if (c == ':') {
      if (i == 0) return false;
      for (char s : rest.substr(0, i)) scheme += static_cast<char>(s >= 'A' && s <= 'Z' ? s + 32 : s);
      rest.remove_prefix(i + 1);
      return true;
    }
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    if (!letter && (i == 0 || (!IsAlnum(c) && !In(c, "+-.")))) return true;
  }
  return true;
}

absl::Status ParseParts(std::string_view rest, bool request, Url& url) {
  for (char c : rest) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return absl::InvalidArgumentError("net/url: invalid control character in URL");
    }
  }
  if (rest.empty() && request) return absl::InvalidArgumentError("empty url");
  if (rest == "*") {
    url.path = "*";
    return absl::OkStatus();
  }
  if (!TakeScheme(rest, url.scheme)) return absl::InvalidArgumentError("missing protocol scheme");
  size_t mark = rest.find('?');
  if (mark != std::string_view::npos) {
    url.force_query = mark + 1 == rest.size();
    url.query = std::string(rest.substr(mark + 1));
    rest = rest.substr(0, mark);
  }
  if (!rest.starts_with("/")) {
    if (!url.scheme.empty()) {
      url.opaque = std::string(rest);
      return absl::OkStatus();
    }
    if (request) return absl::InvalidArgumentError("invalid URI for request");
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
      return absl::InvalidArgumentError("first path segment in URL cannot contain colon");
    }
  }
  if ((!url.scheme.empty() || (!request && !rest.starts_with("///"))) && rest.starts_with("//")) {
    rest.remove_prefix(2);
    size_t slash = rest.find('/');
    std::string_view authority = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    OTELPIPE_RETURN_IF_ERROR(ParseAuthority(authority, url));
  }
  OTELPIPE_RETURN_IF_ERROR(Unescape(rest, Mode::kPath, url.path));
  if (Escape(url.path, Mode::kPath) != rest) url.raw_path = std::string(rest);
  return absl::OkStatus();
}

size_t PortAt(std::string_view host) {
  size_t colon = host.rfind(':');
  return colon != std::string_view::npos && IsOptionalPort(host.substr(colon)) ? colon : host.size();
}

}  // namespace

std::string Url::HostName() const {
  std::string_view name = std::string_view(host).substr(0, PortAt(host));
  if (name.starts_with("[") && name.ends_with("]")) name = name.substr(1, name.size() - 2);
  return std::string(name);
}

std::string Url::Port() const {
  size_t at = PortAt(host);
  return at < host.size() ? host.substr(at + 1) : "";
}

std::string Url::EscapedPath() const {
  bool valid = !raw_path.empty();
  for (char c : raw_path) valid = valid && (In(c, "!$&'()*+,;=:@[]%") || !ShouldEscape(c, Mode::kPath));
  if (valid) return raw_path;
  return path == "*" ? path : Escape(path, Mode::kPath);
}

std::string Url::ToString() const {
  std::string out;
  if (!scheme.empty()) absl::StrAppend(&out, scheme, ":");
  if (!opaque.empty()) {
    out += opaque;
  } else {
    if (!scheme.empty() || !host.empty() || has_user) {
      if (!host.empty() || !path.empty() || has_user) out += "//";
      if (has_user) {
        out += Escape(user, Mode::kUser);
        if (has_password) absl::StrAppend(&out, ":", Escape(password, Mode::kUser));
        out += '@';
      }
      out += Escape(host, Mode::kHost);
    }
    std::string escaped = EscapedPath();
    if (!escaped.empty() && escaped[0] != '/' && !host.empty()) out += '/';
    out += escaped;
  }
  if (force_query || !query.empty()) absl::StrAppend(&out, "?", query);
  if (!fragment.empty()) absl::StrAppend(&out, "#", Escape(fragment, Mode::kFragment));
  return out;
}

absl::StatusOr<Url> ParseUrl(std::string_view text, bool request) {
  Url url;
  std::string_view rest = text;
  absl::Status status;
  size_t hash = request ? std::string_view::npos : text.find('#');
  if (hash != std::string_view::npos) {
    rest = text.substr(0, hash);
    status = Unescape(text.substr(hash + 1), Mode::kFragment, url.fragment);
  }
  if (status.ok()) status = ParseParts(rest, request, url);
  if (!status.ok()) return Annotate(status, absl::StrCat("parse ", Quoted(text), ": "));
  return url;
}

absl::Status ParseQuery(std::string_view query, QueryPairs& pairs) {
  absl::Status first;
  while (!query.empty()) {
    size_t end = query.find('&');
    std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.find(';') != std::string_view::npos) {
      if (first.ok()) first = absl::InvalidArgumentError("invalid semicolon separator in query");
      continue;
    }
    if (pair.empty()) continue;
    size_t equal = pair.find('=');
    std::string key, value;
    absl::Status status = Unescape(pair.substr(0, equal), Mode::kQuery, key);
    if (status.ok() && equal != std::string_view::npos) status = Unescape(pair.substr(equal + 1), Mode::kQuery, value);
    if (!status.ok()) {
      if (first.ok()) first = status;
      continue;
    }
    pairs.emplace_back(std::move(key), std::move(value));
  }
  return first;
}

}  // namespace otelpipe::uri
