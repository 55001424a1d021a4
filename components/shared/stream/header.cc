#include "shared/stream/header.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace otelpipe::stream {

HeaderProgram::HeaderProgram(std::unique_ptr<OperatorProgram> program, Logger log)
    : program_(std::move(program)), log_(std::move(log)) {
  program_->SetOutput([this](Batch batch, std::vector<AckRef>) { Take(std::move(batch)); });
}

absl::StatusOr<std::unique_ptr<HeaderProgram>> HeaderProgram::Build(const HeaderConfig& config, const ConfigNode& block,
                                                                    const Context& context) {
  const OperatorList& list = config.metadata_operators;
  for (size_t i = 0; i < list.members.size(); ++i) {
    const OperatorList::Member& member = list.members[i];
    const std::string& id = member.id.empty() ? member.type : member.id;
    std::string text;
    if (member.type == "filter") {
      text = "operator of type filter is not allowed in `metadata_operators`";
    } else if (member.type == "stdout" || member.type == "file_output") {
      text = absl::StrCat("operator '", id, "' in `metadata_operators` does not propagate entries");
    } else {
      continue;
    }
    return ErrorAt(block, absl::StrCat("header::metadata_operators::", i),
                   absl::InvalidArgumentError("invalid config for 'header': " + text));
  }
  absl::StatusOr<std::unique_ptr<OperatorProgram>> built = OperatorProgram::Build(list, "header", context);
  if (!built.ok()) {
    std::vector<ConfigError> errors = ConfigErrorsFromStatus(built.status());
    for (ConfigError& e : errors) {
      e.path = e.path.rfind("operators", 0) == 0 ? "header::metadata_" + e.path : "header";
      e.message = "invalid config for 'header': failed to build pipelines: " + e.message;
    }
    return ConfigErrorsToStatus(errors);
  }
  return std::unique_ptr<HeaderProgram>(new HeaderProgram(*std::move(built), context.log));
}

void HeaderProgram::Take(Batch batch) {
  absl::StatusOr<const LogsData*> logs = batch.ReadLogs();
  if (!logs.ok() || attributes_ == nullptr) return;
  for (const ResourceLogs& r : (*logs)->resources) {
    for (const ScopeLogs& s : r.scopes) {
      for (const LogRecord& record : s.records) {
        for (const KeyValue& kv : record.attributes) attributes_->Set(*arena_, arena_->Copy(kv.key), Clone(kv.value, *arena_, true));
      }
    }
  }
}

void HeaderProgram::Add(std::string_view line, Arena& arena, Map& attributes) {
  arena_ = &arena;
  attributes_ = &attributes;
  Entry entry = program_->NewEntry();
  entry.body = Value::Str(line);
  absl::Status status = program_->Process(entry);
  if (!status.ok()) log_.Error("process header entry", {{"error", status}});
  program_->Flush();
  attributes_ = nullptr;
}

}  // namespace otelpipe::stream
