#include "extension/bearertokenauth/bearertokenauth.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(1);

// What changes when a file is written anew, or a link to it turned to another.
using Mark = std::tuple<dev_t, ino_t, off_t, time_t, long, time_t, long>;

std::string Words(int error) {
  std::string words = std::strerror(error);
  words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return words;
}

absl::StatusOr<Mark> MarkOf(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0)
    return absl::FailedPreconditionError(absl::StrCat("open ", path, ": ", Words(errno)));
  return Mark{st.st_dev,          st.st_ino,         st.st_size,        st.st_mtim.tv_sec,
              st.st_mtim.tv_nsec, st.st_ctim.tv_sec, st.st_ctim.tv_nsec};
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return absl::FailedPreconditionError(absl::StrCat("open ", path, ": ", Words(errno)));
  std::string out;
  char block[4096];
  size_t n;
  while ((n = std::fread(block, 1, sizeof block, file)) > 0) out.append(block, n);
  const bool ok = std::ferror(file) == 0;
  const int error = errno;
  std::fclose(file);
  if (!ok) return absl::FailedPreconditionError(absl::StrCat("read ", path, ": ", Words(error)));
  return out;
}

std::vector<std::string> TokensOf(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = S(absl::StripAsciiWhitespace(A(text.substr(0, end))));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (!line.empty()) out.emplace_back(line);
  }
  return out;
}

bool SameSecret(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

// Outlives the extension while a look at the file is under way on the blocking pool.
struct BearerTokenAuth::Shared {
  std::string scheme;
  std::string filename;
  Logger log;
  std::mutex mutex;
  std::vector<std::string> values;  // whole header values
  Mark mark{};
  bool failed = false;
  bool stopped = false;  // loop

  void SetTokens(const std::vector<std::string>& tokens) {
    std::vector<std::string> made;
    for (const std::string& token : tokens) made.push_back(scheme.empty() ? token : scheme + " " + token);
    std::lock_guard<std::mutex> lock(mutex);
    values = std::move(made);
  }
  // Reads the file when it has changed.
  absl::Status Look() {
    absl::StatusOr<Mark> now = MarkOf(filename);
    if (!now.ok()) return now.status();
    if (*now == mark) return absl::OkStatus();
    absl::StatusOr<std::string> text = ReadFile(filename);
    if (!text.ok()) return text.status();
    mark = *now;
    const std::vector<std::string> tokens = TokensOf(*text);
    // A file that is just being written may be empty for a moment: what was valid stays so.
    if (tokens.empty()) return absl::FailedPreconditionError(absl::StrCat("there is no token in ", filename));
    SetTokens(tokens);
    return absl::OkStatus();
  }
};

void BearerTokenAuth::Config::Describe(Fields<Config>& f) {
  f.Optional("header", &Config::header, "The header that carries the token.");
  f.Optional("scheme", &Config::scheme, "The word before the token; empty for the token alone.");
  f.Optional("token", &Config::token, "The token.");
  f.Optional("tokens", &Config::tokens, "Several tokens: any of them is taken, the first is sent.");
  f.Optional("filename", &Config::filename, "A file of tokens, one a line, read again when it changes.");
  f.Validate([](const Config& c) {
    if (c.token.empty() && c.tokens.empty() && c.filename.empty()) {
      return absl::InvalidArgumentError("no bearer token provided");
    }
    if (!c.token.empty() && !c.tokens.empty()) {
      return absl::InvalidArgumentError("either tokens or token should be provided, not both");
    }
    return absl::OkStatus();
  });
}

BearerTokenAuth::BearerTokenAuth(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      header_(absl::AsciiStrToLower(config_.header)),
      shared_(std::make_shared<Shared>()) {
  shared_->scheme = config_.scheme;
  shared_->filename = config_.filename;
  shared_->log = context_.log;
  if (config_.filename.empty()) {
    shared_->SetTokens(config_.token.empty() ? config_.tokens : std::vector<std::string>{config_.token});
  }
}

BearerTokenAuth::~BearerTokenAuth() { shared_->stopped = true; }

absl::Status BearerTokenAuth::Start(Host&) {
  if (config_.filename.empty()) return absl::OkStatus();
  if (!config_.token.empty() || !config_.tokens.empty()) {
    context_.log.Warn("a filename is specified. Configured token(s) is ignored!");
  }
  absl::Status status = shared_->Look();
  if (!status.ok()) return status;
  Watch();
  return absl::OkStatus();
}

void BearerTokenAuth::Watch() {
  timer_ = context_.loop->After(kLookEvery, [this] {
    auto status = std::make_shared<absl::Status>();
    context_.loop->RunBlocking([shared = shared_, status] { *status = shared->Look(); },
                               [this, shared = shared_, status] {
                                 if (shared->stopped) return;
                                 if (!status->ok() && !shared->failed) {
                                   shared->log.Error("unable to read tokens from file", {{"error", *status}});
                                 }
                                 shared->failed = !status->ok();
                                 Watch();
                               });
  });
}

void BearerTokenAuth::Shutdown(ShutdownDone done) {
  shared_->stopped = true;
  timer_.Cancel();
  done();
}

absl::Status BearerTokenAuth::Authenticate(const Headers& headers, ClientInfo&) {
  auto header = std::find_if(headers.begin(), headers.end(), [this](const auto& h) { return h.first == header_; });
  if (header == headers.end() || header->second.empty()) {
    return absl::UnauthenticatedError(absl::StrCat("missing or empty authorization header: ", config_.header));
  }
  bool match = false;
  {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    for (const std::string& value : shared_->values) match |= SameSecret(value, header->second);
  }
  // The value goes back to the one who sent it and nowhere else.
  if (!match) return absl::UnauthenticatedError(absl::StrCat("scheme or token does not match: ", header->second));
  return absl::OkStatus();
}

absl::StatusOr<Headers> BearerTokenAuth::RequestHeaders(const ClientInfo*) {
  std::lock_guard<std::mutex> lock(shared_->mutex);
  if (shared_->values.empty()) return absl::UnavailableError("there is no bearer token to send");
  return Headers{{header_, shared_->values.front()}};
}

}  // namespace otelpipe

OTELPIPE_REGISTER(extension, bearertokenauth, registry) { return registry.AddExtension<otelpipe::BearerTokenAuth>(); }
