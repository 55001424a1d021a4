#include "inspect/test_file.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "config/yaml_reader.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::inspect {
namespace {

constexpr const char* kRecordKeys[] = {"body",       "attributes", "resource", "severity_number", "severity_text", "timestamp",
                                       "scope_name", "trace_id",   "span_id",  "trace_flags",     "event_name"};

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// A location of `config` seen from the folder of the test file.
std::string FromFolder(const std::string& folder, const std::string& location) {
  if (location.starts_with("/") || folder.empty()) return location;
  const size_t colon = location.find(':');
  if (colon == std::string::npos) return folder + location;
  if (location.starts_with("file:") && !location.starts_with("file:/")) return "file:" + folder + location.substr(5);
  return location;
}

// The lines of the block under the top-level key `config`, at their old places, so that mistakes in it show the places of the test file. Empty when it is not
// written as a block.
std::string BlockText(const std::string& text, const ConfigNode& config) {
  if (config.entries.empty()) return "";
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  const size_t first = static_cast<size_t>(config.entries[0].key_location.line) - 1;
  if (first == 0 || first >= lines.size()) return "";
  std::string out(first, '\n');
  for (size_t i = first; i < lines.size(); ++i) {
    const size_t indent = lines[i].find_first_not_of(" \r");
    const bool blank = indent == absl::string_view::npos || lines[i][indent] == '#';
    if (!blank && indent == 0) break;
    if (!blank && i == first && indent + 1 != static_cast<size_t>(config.entries[0].key_location.column)) return "";
    absl::StrAppend(&out, lines[i], "\n");
  }
  return out;
}

// Keys of an expected record that nobody knows, and values of the wrong kind.
void CheckExpect(const TestCase& test, std::vector<ConfigError>& errors) {
  auto wrong = [&](const Location& at, std::string path, std::string message, std::string hint = "") {
    errors.push_back({at, std::move(path), std::move(message), std::move(hint)});
  };
  if (test.expect.is_null()) return;
  if (!test.expect.is_list()) return wrong(test.expect.location, "expect", "expected a list of records", "write [] when nothing should come out");
  for (const ConfigNode& record : test.expect.items) {
    if (!record.is_map()) {
      wrong(record.location, "expect", "expected a record: a map with keys such as body, attributes, resource");
      continue;
    }
    for (const ConfigNode::Entry& entry : record.entries) {
      bool known = false;
      for (const char* key : kRecordKeys) known |= entry.key == key;
      std::string keys;
      for (const char* key : kRecordKeys) absl::StrAppend(&keys, " ", key);
      if (!known) wrong(entry.key_location, "expect", absl::StrCat("a record has no \"", entry.key, "\""), absl::StrCat("known keys:", keys));
      if ((entry.key == "attributes" || entry.key == "resource") && !entry.value.is_map() && !entry.value.is_null()) {
        wrong(entry.value.location, absl::StrCat("expect::", entry.key), "expected a map");
      }
    }
  }
}

}  // namespace

void DecodeField(const ConfigNode& node, Lines& out, DecodeContext& context) {
  if (node.is_null()) return;
  if (node.is_scalar()) {
    out.lines = absl::StrSplit(node.text, '\n');
    if (out.lines.back().empty()) out.lines.pop_back();
    return;
  }
  if (!node.is_list()) return context.Error(node, "expected a list of lines, or a text with one line each");
  for (const ConfigNode& item : node.items) {
    if (item.is_map() || item.is_list()) {
      context.Error(item, "expected a line", "put the line in single quotes");
    } else {
      out.lines.push_back(item.text);
    }
  }
}

void InputStep::Describe(Fields<InputStep>& f) {
  f.Optional("path", &InputStep::path, "Path of the file or address of the sender.");
  f.Optional("lines", &InputStep::lines, "Lines that arrive together.");
  f.Optional("text", &InputStep::text, "What arrives, byte by byte, without an end of line of its own.");
  f.Optional("wait", &InputStep::wait, "Time that passes, on a clock that costs none.");
}

void TestCase::Describe(Fields<TestCase>& f) {
  f.Required("name", &TestCase::name, "What the test shows.");
  f.Optional("receiver", &TestCase::receiver, "Id of the receiver; that of the file when unset.");
  f.Optional("path", &TestCase::path, "Path of the file or address of the sender; that of the file of tests when unset.");
  f.Optional("lines", &TestCase::lines, "The input, when it is one step.");
  f.Optional("input", &TestCase::input, "The input in steps.");
  f.Optional("at", &TestCase::at, "Where records are looked at: receiver, or the id of an exporter.");
  f.Optional("exact", &TestCase::exact, "Records have what is expected and nothing else.");
  f.Optional("expect", &TestCase::expect, "The records, in order.");
  f.Optional("errors", &TestCase::errors, "Parts of the errors that operators report, in order.");
}

void DecodeField(const ConfigNode& node, TestCase& out, DecodeContext& context) {
  out.node = node;
  internal::DecodeTable(node, TableOf<TestCase>(), &out, context);
}

void TestFile::Describe(Fields<TestFile>& f) {
  f.Optional("config", &TestFile::config, "Path of the configuration, a list of paths, or the configuration itself.");
  f.Optional("set", &TestFile::set, "Settings over the configuration, as --set has them.");
  f.Optional("env", &TestFile::env, "Variables for ${env:NAME}, before those of the process.");
  f.Optional("receiver", &TestFile::receiver, "Id of the receiver; may be left out when only one has operators.");
  f.Optional("path", &TestFile::path, "Path of the file or address of the sender.");
  f.Optional("at", &TestFile::at, "Where records are looked at: receiver, or the id of an exporter.");
  f.Optional("now", &TestFile::now, "The time at the start of each test, such as 2026-01-02T00:00:00Z.");
  f.Optional("tests", &TestFile::tests, "The tests.");
}

absl::StatusOr<TestFile> ReadTestFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::stringstream buffer;
  buffer << in.rdbuf();
  TestFile file;
  file.name = path;
  file.text = buffer.str();
  OTELPIPE_ASSIGN_OR_RETURN(ConfigNode root, internal::ReadYaml(file.text, path));
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "", "");
  if (!root.is_map()) {
    errors.push_back({root.location, "", "expected a map with the keys config and tests", ""});
    return ConfigErrorsToStatus(errors);
  }
  DecodeField(root, file, context);
  if (root.Find("config") == nullptr) errors.push_back({root.location, "", "missing required field 'config'", ""});
  if (file.tests.empty() && errors.empty()) errors.push_back({root.location, "tests", "there is no test", ""});
  if (!file.now.is_null()) {
    std::string problem;
    if (!absl::ParseTime(absl::RFC3339_full, file.now.text, &file.start, &problem)) {
      errors.push_back({file.now.location, "now", "expected a time such as 2026-01-02T00:00:00Z", ""});
    }
  }
  std::set<std::string> names;
  for (const TestCase& test : file.tests) {
    CheckExpect(test, errors);
    if (!test.lines.lines.empty() && !test.input.empty()) {
      errors.push_back({test.node.location, "tests", "has both lines and input", "write the lines as a step of input"});
    }
    if (test.expect.is_null() && test.errors.is_null()) {
      errors.push_back({test.node.location, "tests", "expects nothing", "add expect: [...], or expect: [] when nothing should come out"});
    }
    if (!test.name.empty() && !names.insert(test.name).second) {
      errors.push_back({test.node.location, "tests", absl::StrCat("another test is named \"", test.name, "\" too"), ""});
    }
  }
  if (!errors.empty()) return ConfigErrorsToStatus(errors);
  return file;
}

absl::StatusOr<Config> ConfigOf(const TestFile& file) {
  LoadOptions options;
  options.sets = file.set;
  options.environment = [env = file.env](const std::string& name) -> std::optional<std::string> {
    auto it = env.find(name);
    if (it != env.end()) return it->second;
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  if (file.config.is_map()) {
    const std::string block = BlockText(file.text, file.config);
    return Config::Parse(block.empty() ? file.config.ToYaml() : block, file.name, options);
  }
  std::vector<std::string> locations;
  if (file.config.is_list()) {
    for (const ConfigNode& item : file.config.items) locations.push_back(FromFolder(FolderOf(file.name), item.text));
  } else {
    locations.push_back(FromFolder(FolderOf(file.name), file.config.text));
  }
  return Config::Load(locations, options);
}

}  // namespace otelpipe::inspect
