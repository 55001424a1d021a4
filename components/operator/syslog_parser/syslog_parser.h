// syslog_parser: messages of RFC 3164 and RFC 5424 become fields, time and severity.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "otelpipe/operator/parser.h"

namespace otelpipe {

namespace syslog {
struct Message;
}

class SyslogParser final : public Parser {
 public:
  static constexpr std::string_view kType = "syslog_parser";
  struct Config : ParserConfig {
    std::string protocol;
    std::string location = "UTC";
    bool enable_octet_counting = false;
    std::string non_transparent_framing_trailer;
    int64_t max_octets = 8192;
    bool allow_skip_pri_header = false;
    static void Describe(Fields<Config>& f);
  };
  SyslogParser(const Config& config, OperatorContext context);
  ~SyslogParser() override;
  absl::Status Init();
  absl::Status Process(Entry& entry) override;

 protected:
  absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override;
  absl::Status AfterParse(Entry& entry) override;

 private:
  struct Layouts;
  absl::Status ParseText(std::string_view text, syslog::Message& out) const;
  absl::Status ParseOctets(std::string_view text, syslog::Message& out) const;
  absl::Status ParseTrailers(std::string_view text, char trailer, syslog::Message& out) const;
  absl::StatusOr<Value> ToMap(const syslog::Message& message, Arena& arena, size_t shift);

  Config config_;
  bool rfc5424_ = false;
  bool skipped_priority_ = false;  // of the entry at hand
  std::unique_ptr<Layouts> layouts_;
};

}  // namespace otelpipe
