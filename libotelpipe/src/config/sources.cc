#include "config/sources.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "config/text.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::internal {
namespace {

// A configuration beyond this is a mistake, such as a device given as file.
constexpr size_t kLargestFile = size_t{64} << 20;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The words of the reference's platform library, which has no capitals.
std::string ErrnoText(int code) {
  std::string text = std::strerror(code);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

absl::StatusOr<SourceText> ReadFile(const std::string& name) {
  const std::string path = std::filesystem::path(name.empty() ? "." : name).lexically_normal().string();
  auto failure = [&](std::string_view call, std::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("unable to read the file file:", name, ": ", A(call), " ", path, ": ", A(why)));
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure("open", ErrnoText(errno));
  SourceText out{"", path};
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int code = n < 0 ? errno : 0;
      ::close(fd);
      if (code != 0) return failure("read", ErrnoText(code));
      return out;
    }
    out.text.append(buffer, static_cast<size_t>(n));
    if (out.text.size() > kLargestFile) {
      ::close(fd);
      return failure("read", "larger than 64 MiB");
    }
  }
}

}  // namespace

absl::StatusOr<Uri> ParseUri(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && (IsLetter(text[n]) || (n > 0 && (IsDigit(text[n]) || text[n] == '+' || text[n] == '.' ||
                                                              text[n] == '-')))) {
    ++n;
  }
  if (n < 2 || n >= text.size() || text[n] != ':') {
    return absl::InvalidArgumentError(absl::StrCat("invalid uri: ", GoQuote(text)));
  }
  return Uri{std::string(text.substr(0, n)), std::string(text.substr(n + 1))};
}

absl::StatusOr<SourceText> Sources::Fetch(const Uri& uri) {
  if (uri.scheme == "file") return ReadFile(uri.opaque);
  if (uri.scheme == "env") return FetchVariable(uri.opaque);
  if (uri.scheme == "yaml") return SourceText{uri.opaque, ""};
  if (uri.scheme == "http" || uri.scheme == "https") {
    return absl::InvalidArgumentError(
        absl::StrCat("unable to download the file via HTTP GET for uri ", GoQuote(uri.ToString()),
                     ": configuration is not read from the network; save it as a file and name that"));
  }
  return absl::NotFoundError("unknown scheme");
}

absl::StatusOr<SourceText> Sources::FetchVariable(const std::string& text) {
  std::string name = text;
  std::optional<std::string> fallback;
  if (const size_t at = text.find(":-"); at != std::string::npos) {
    name = text.substr(0, at);
    fallback = text.substr(at + 2);
  }
  bool valid = !name.empty() && !IsDigit(name[0]);
  for (char c : name) valid = valid && (IsLetter(c) || IsDigit(c) || c == '_');
  if (!valid) {
    return absl::InvalidArgumentError(absl::StrCat("environment variable ", GoQuote(name),
                                                   " has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$"));
  }
  std::optional<std::string> value = environment_(name);
  if (!value.has_value()) {
    if (fallback.has_value()) return SourceText{*fallback, ""};
    if (noticed_.insert(name).second) {
      notices_.push_back({true, "Configuration references unset environment variable", name});
    }
    return SourceText{};
  }
  if (value->empty() && noticed_.insert(name).second) {
    notices_.push_back({false, "Configuration references empty environment variable", name});
  }
  return SourceText{*std::move(value), ""};
}

}  // namespace otelpipe::internal
