#include "operator/stdout/stdout.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/entry_json.h"

namespace otelpipe {
namespace {

absl::Status WriteToStandardOutput(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return absl::UnavailableError(absl::StrCat("write /dev/stdout: ", std::strerror(errno)));
    }
    text.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

}  // namespace

void StdoutOperator::Config::Describe(Fields<Config>& f) {
  f.Optional("type", &Config::type, "Type of the operator.");
  f.Optional("id", &Config::id, "Name of this operator for `output` and for log lines.");
}

absl::Status StdoutOperator::Process(Entry& entry) {
  line_.clear();
  AppendEntryJson(line_, entry, true);
  line_ += '\n';
  return write_ ? write_(line_) : WriteToStandardOutput(line_);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, stdout, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::StdoutOperator>());
}
