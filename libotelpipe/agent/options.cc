#include "options.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "otelpipe/gates.h"

namespace otelpipe::agent {
namespace {

// Flags with a value that is kept as it is.
constexpr std::pair<const char*, std::string Options::*> kTexts[] = {
    {"schema", &Options::schema}, {"receiver", &Options::receiver}, {"file", &Options::file},     {"path", &Options::path},
    {"limit", &Options::limit},   {"filter", &Options::filter},     {"junit", &Options::junit},
};
const std::pair<const char*, std::string Options::*>* FindText(std::string_view name) {
  auto it = std::find_if(std::begin(kTexts), std::end(kTexts), [&](const auto& t) { return t.first == name; });
  return it == std::end(kTexts) ? nullptr : it;
}

constexpr const char* kCommands[] = {"validate", "components", "featuregate", "print-config", "print-initial-config", "explain", "test", "help"};

absl::Status ApplyFlag(Options& options, const std::string& name, const std::string& value) {
  if (name == "config") {
    options.configs.push_back(value);
  } else if (name == "set") {
    if (value.find('=') == std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid argument \"", value, "\" for \"--set\" flag: missing equal sign"));
    }
    options.sets.push_back(value);
  } else if (name == "plugin") {
    options.plugins.push_back(value);
  } else if (const auto* text = FindText(name)) {
    options.*(text->second) = value;
  } else if (name == "feature-gates") {
    absl::Status status = ParseFeatureGates(value, options.gates);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid argument \"", value, "\" for \"--feature-gates\" flag: ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view arg = arguments[i];
    if (!absl::StartsWith(arg, "-")) {
      if (options.command.empty()) {
        options.command = std::string(arg);
        if (std::find(std::begin(kCommands), std::end(kCommands), options.command) == std::end(kCommands)) {
          return absl::InvalidArgumentError(absl::StrCat("unknown command \"", arg, "\" for \"otelpipe\""));
        }
      } else {
        options.arguments.emplace_back(arg);
      }
      continue;
    }
    if (arg == "-h" || arg == "--help") {
      options.help = true;
    } else if (arg == "-v" || arg == "--version") {
      options.version = true;
    } else if (arg == "--strict") {
      options.strict = true;
    } else if (arg == "--json") {
      options.json = true;
    } else if (arg == "--no-time") {
      options.no_time = true;
    } else {
      if (!absl::ConsumePrefix(&arg, "--")) {
        return absl::InvalidArgumentError(absl::StrCat("unknown shorthand flag: '", arg.substr(1, 1), "' in ", arg));
      }
      const size_t equals = arg.find('=');
      const std::string name(arg.substr(0, equals));
      if (name != "config" && name != "set" && name != "feature-gates" && name != "plugin" && FindText(name) == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat("unknown flag: --", name));
      }
      std::string value;
      if (equals != absl::string_view::npos) {
        value = std::string(arg.substr(equals + 1));
      } else if (i + 1 < arguments.size()) {
        value = arguments[++i];
      } else {
        return absl::InvalidArgumentError(absl::StrCat("flag needs an argument: --", name));
      }
      absl::Status status = ApplyFlag(options, name, value);
      if (!status.ok()) return status;
    }
  }
  return options;
}

std::string HelpText() {
  return R"(Runs collector configurations.

Usage:
  otelpipe --config FILE [--config FILE ...]     run until SIGTERM
  otelpipe validate --config FILE [--strict]     check everything, start nothing; --strict: warnings are errors
  otelpipe print-config --config FILE            the configuration after merging and expansion
  otelpipe print-initial-config --config FILE    the same, as the reference has it: needs --feature-gates otelcol.printInitialConfig
  otelpipe explain --config FILE [LINE]          what each operator and processor does with lines: arguments, --file or standard input
  otelpipe test FILE ...                         run the tests of configurations (docs/testing-a-config.md)
  otelpipe components                            what this binary has
  otelpipe featuregate [ID]                      feature gates and their state

Flags:
      --config LOCATION       a path, file:PATH, env:NAME or yaml:TEXT; several are merged, later over earlier
      --set KEY.SUBKEY=VALUE  one setting over all files
      --feature-gates LIST    a,-b,+c
      --plugin FILE           load components from a shared library
      --schema WHAT           with components: JSON Schema of the settings, WHAT is KIND/TYPE (receiver/otlp) or all
      --receiver ID           explain: the receiver that gets the lines
      --file FILE             explain: take the lines from FILE, which is also their path
      --path PATH             explain: the path or the sender the lines are said to come from
      --limit N               explain: at most so many lines (10)
      --json                  explain: as JSON
      --no-time               explain: do not measure
      --filter TEXT           test: only tests whose name contains TEXT
      --junit FILE            test: write the results in the form build servers read
  -h, --help
  -v, --version
)";
}

}  // namespace otelpipe::agent
