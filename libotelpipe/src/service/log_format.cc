#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/log_sink.h"
#include "service/log_sampler.h"

namespace otelpipe {
namespace {

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (unsigned char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (c < 0x20) {
          char buffer[8];
          std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
          out += buffer;
        } else {
          out += static_cast<char>(c);
        }
    }
  }
  out += '"';
}

void AppendValue(std::string& out, const LogField& f) {
  if (f.json) {
    out += std::get<std::string>(f.data);
  } else if (const auto* s = std::get_if<std::string>(&f.data)) {
    AppendQuoted(out, *s);
  } else if (const auto* i = std::get_if<int64_t>(&f.data)) {
    absl::StrAppend(&out, *i);
  } else if (const auto* d = std::get_if<double>(&f.data)) {
    if (std::isfinite(*d)) {
      absl::StrAppend(&out, *d);
    } else {
      AppendQuoted(out, std::isnan(*d) ? "NaN" : *d > 0 ? "+Inf" : "-Inf");
    }
  } else {
    out += std::get<bool>(f.data) ? "true" : "false";
  }
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warn";
    case LogLevel::kError: return "error";
  }
  return "";
}

class FormattingSink final : public LogSink {
 public:
  FormattingSink(const LogSettings& settings, std::function<void(std::string_view)> write)
      : settings_(settings), write_(std::move(write)), sampler_(settings.sampling) {
    if (!settings_.resource.empty()) {
      std::string& text = resource_;
      for (const auto& [key, value] : settings_.resource) {
        text += text.empty() ? "{" : separator();
        AppendQuoted(text, key);
        text += colon();
        AppendQuoted(text, value);
      }
      text += "}";
    }
  }
  bool Enabled(LogLevel level) const override { return level >= settings_.level; }

  void Write(const LogLine& line) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!sampler_.Pass(line.level, line.message, line.unix_nanos)) return;
    std::string& out = buffer_;
    out.clear();
    const std::string time =
        absl::FormatTime("%Y-%m-%dT%H:%M:%E3S", absl::FromUnixNanos(line.unix_nanos), absl::UTCTimeZone()) + "Z";
    // Some lines have no source place (the debug exporter's text).
    const bool with_caller = !settings_.disable_caller && line.file != nullptr;
    std::string caller;
    if (with_caller) {
      const char* slash = std::strrchr(line.file, '/');
      caller = absl::StrCat(slash != nullptr ? slash + 1 : line.file, ":", line.line);
    }
    if (settings_.json) {
      out += "{\"level\":";
      AppendQuoted(out, LevelName(line.level));
      out += ",\"ts\":";
      AppendQuoted(out, time);
      if (with_caller) {
        out += ",\"caller\":";
        AppendQuoted(out, caller);
      }
      out += ",\"msg\":";
      AppendQuoted(out, line.message);
      first_ = false;
      AppendFields(line);
      out += "}\n";
    } else {
      absl::StrAppend(&out, time, "\t", A(LevelName(line.level)), "\t");
      if (with_caller) absl::StrAppend(&out, caller, "\t");
      out += line.message;
      const size_t before = out.size();
      out += "\t{";
      first_ = true;
      AppendFields(line);
      if (first_) {
        out.resize(before);
      } else {
        out += '}';
      }
      out += '\n';
    }
    write_(out);
  }

 private:
  std::string_view separator() const { return settings_.json ? "," : ", "; }
  std::string_view colon() const { return settings_.json ? ":" : ": "; }
  void Key(std::string_view key) {
    if (!first_) buffer_ += separator();
    first_ = false;
    AppendQuoted(buffer_, key);
    buffer_ += colon();
  }
  void AppendFields(const LogLine& line) {
    for (const auto& [key, json] : settings_.initial_fields) {
      Key(key);
      buffer_ += json;
    }
    if (!resource_.empty()) {
      Key("resource");
      buffer_ += resource_;
    }
    for (const auto* fields : {&line.component, &line.fields}) {
      for (const LogField& f : *fields) {
        Key(f.key);
        AppendValue(buffer_, f);
      }
    }
  }

  const LogSettings settings_;
  const std::function<void(std::string_view)> write_;
  std::string resource_;
  std::mutex mutex_;
  Sampler sampler_;
  std::string buffer_;
  bool first_ = true;
};

// A file descriptor that is closed with the last copy of the sink.
struct Output {
  int fd = -1;
  bool owned = false;
  ~Output() {
    if (owned) ::close(fd);
  }
};

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return;  // nobody is left to be told
    }
    text.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

std::shared_ptr<LogSink> MakeFormattingSink(const LogSettings& settings, std::function<void(std::string_view)> write) {
  return std::make_shared<FormattingSink>(settings, std::move(write));
}

absl::StatusOr<std::shared_ptr<LogSink>> MakeFileSink(const LogSettings& settings) {
  auto outputs = std::make_shared<std::vector<std::unique_ptr<Output>>>();
  for (const std::string& path : settings.output_paths) {
    auto output = std::make_unique<Output>();
    if (path == "stderr" || path == "stdout") {
      output->fd = path == "stderr" ? STDERR_FILENO : STDOUT_FILENO;
    } else {
      std::string_view file = path;
      if (file.substr(0, 7) == "file://") file.remove_prefix(7);
      output->fd = ::open(std::string(file).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
      if (output->fd < 0) {
        std::string why = std::strerror(errno);
        for (char& c : why) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        return absl::InvalidArgumentError(
            absl::StrCat("failed to create logger: open sink \"", path, "\": open ", A(file), ": ", why));
      }
      output->owned = true;
    }
    outputs->push_back(std::move(output));
  }
  return MakeFormattingSink(settings, [outputs](std::string_view line) {
    for (const auto& o : *outputs) WriteAll(o->fd, line);
  });
}

}  // namespace otelpipe
