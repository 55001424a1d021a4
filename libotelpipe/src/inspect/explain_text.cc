// An explanation as text for people and as JSON for programs.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "inspect/flat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/inspect.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe {
namespace {

constexpr size_t kLongest = 140;   // of a value on a line
constexpr size_t kPathWidth = 34;

std::string Short(std::string_view text) {
  if (text.size() <= kLongest) return std::string(text);
  size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(A(text.substr(0, end)), "... (", text.size(), " bytes)");
}

std::string FirstLine(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

std::string TimeText(int64_t nanos) {
  if (nanos < 10000) return absl::StrFormat("%.2f us", static_cast<double>(nanos) / 1000);
  return absl::StrFormat("%.0f us", static_cast<double>(nanos) / 1000);
}

void AppendField(std::string& out, std::string_view sign, std::string_view path, std::string_view value) {
  absl::StrAppend(&out, "      ", A(sign), A(path), std::string(path.size() < kPathWidth ? kPathWidth - path.size() : 0, ' '), " ",
                  Short(value), "\n");
}

void AppendChanges(std::string& out, const std::vector<Change>& changes) {
  for (const Change& c : changes) {
    if (c.before.empty()) {
      AppendField(out, "+ ", c.path, c.after);
    } else if (c.after.empty()) {
      AppendField(out, "- ", c.path, c.before);
    } else {
      AppendField(out, "~ ", c.path, absl::StrCat(Short(c.before), " -> ", Short(c.after)));
    }
  }
}

void AppendCondition(std::string& out, const ExplainedStep::Condition& condition) {
  const ExpressionPart& whole = condition.parts[0];
  absl::StrAppend(&out, "      ", condition.key, ": ", whole.text, " is ", whole.failed ? "an error: " : "", FirstLine(whole.value), "\n");
  if (!whole.failed && whole.value == "true") return;
  for (size_t i = 1; i < condition.parts.size(); ++i) {
    const ExpressionPart& part = condition.parts[i];
    absl::StrAppend(&out, std::string(6 + 2 * static_cast<size_t>(part.depth), ' '), part.text);
    if (!part.evaluated) {
      out += " is not asked\n";
    } else {
      absl::StrAppend(&out, " is ", part.failed ? "an error: " : "", Short(FirstLine(part.value)), "\n");
    }
  }
}

void AppendStep(std::string& out, const ExplainedStep& step, const ExplainedStep* next, int self) {
  absl::StrAppend(&out, "  ", step.id);
  if (step.id != step.type) absl::StrAppend(&out, " (", step.type, ")");
  if (step.location.line > 0) absl::StrAppend(&out, "  ", step.location.ToString());
  if (step.nanos >= 0) absl::StrAppend(&out, "  ", TimeText(step.nanos));
  out += "\n";
  for (const ExplainedStep::Condition& c : step.conditions) AppendCondition(out, c);
  if (!step.error.empty()) {
    absl::StrAppend(&out, "      error: ", step.error, "\n");
    if (!step.on_error.empty()) absl::StrAppend(&out, "      on_error: ", step.on_error, "\n");
  }
  if (step.sent_held) {
    out += "      holds this entry, and sends what it held before\n";
  } else if (step.skipped) {
    out += "      passes it on as it is\n";
  } else if (!step.sent_to.empty() && step.changes.empty() && step.error.empty() && step.conditions.empty()) {
    out += "      no change\n";
  }
  AppendChanges(out, step.changes);
  switch (step.outcome) {
    case ExplainedStep::Outcome::kHeld: out += "      holds the entry\n"; break;
    case ExplainedStep::Outcome::kDropped: out += "      drops the entry\n"; break;
    case ExplainedStep::Outcome::kMuted: out += "      would write the entry out; it ends here\n"; break;
    case ExplainedStep::Outcome::kSent: {
      // Going on to what is shown next needs no word.
      const bool goes_on = next != nullptr && next->parent == self && step.type != "router";
      const bool plain = step.sent_to.size() == 1 && (step.sent_to[0].empty() || goes_on);
      if (!plain) {
        std::vector<std::string> names;
        for (const std::string& id : step.sent_to) names.push_back(id.empty() ? "the end" : id);
        absl::StrAppend(&out, "      sends it to ", absl::StrJoin(names, ", "), "\n");
      }
    }
  }
}

void AppendRecord(std::string& out, const ExplainedRecord& record) {
  if (record.was_held) {
    out += "  an operator sends what it held\n";
    for (const auto& [path, value] : record.fields) AppendField(out, "  ", path, value);
  }
  for (size_t i = 0; i < record.steps.size(); ++i) {
    AppendStep(out, record.steps[i], i + 1 < record.steps.size() ? &record.steps[i + 1] : nullptr, static_cast<int>(i));
  }
}

// --- JSON

class Json {
 public:
  void Open(char c) {
    Comma();
    text += c;
    first_ = true;
  }
  void Close(char c) {
    text += c;
    first_ = false;
  }
  void Key(std::string_view key) {
    Comma();
    AppendJsonString(text, key, false);
    text += ':';
    first_ = true;
  }
  void Raw(std::string_view value) {
    Comma();
    text += value;
    first_ = false;
  }
  void Text(std::string_view value) {
    Comma();
    AppendJsonString(text, value, false);
    first_ = false;
  }
  void Member(std::string_view key, std::string_view value) {
    Key(key);
    Text(value);
  }
  void RawMember(std::string_view key, std::string_view value) {
    Key(key);
    Raw(value);
  }
  std::string text;

 private:
  void Comma() {
    if (!first_) text += ',';
    first_ = false;
  }
  bool first_ = true;
};

void WriteFields(Json& json, const std::vector<std::pair<std::string, std::string>>& fields) {
  json.Open('{');
  for (const auto& [path, value] : fields) json.RawMember(path, value);
  json.Close('}');
}

void WriteStep(Json& json, const ExplainedStep& step) {
  constexpr const char* kOutcomes[] = {"sent", "held", "dropped", "muted"};
  json.Open('{');
  json.Member("id", step.id);
  json.Member("type", step.type);
  json.Member("location", step.location.ToString());
  json.RawMember("parent", absl::StrCat(step.parent));
  json.Member("outcome", kOutcomes[static_cast<size_t>(step.outcome)]);
  if (step.skipped) json.RawMember("skipped", "true");
  if (step.sent_held) json.RawMember("sent_held", "true");
  if (!step.conditions.empty()) {
    json.Key("conditions");
    json.Open('[');
    for (const ExplainedStep::Condition& c : step.conditions) {
      json.Open('{');
      json.Member("key", c.key);
      json.Key("parts");
      json.Open('[');
      for (const ExpressionPart& p : c.parts) {
        json.Open('{');
        json.RawMember("depth", absl::StrCat(p.depth));
        json.Member("text", p.text);
        if (p.failed) {
          json.Member("error", p.value);
        } else if (p.evaluated) {
          // The kinds only expressions have are shown as text.
          const bool is_json = !p.value.empty() && p.value.find_first_of("\"[{-0123456789tfn") == 0 && p.value.substr(0, 4) != "map[";
          is_json ? json.RawMember("value", p.value) : json.Member("value", p.value);
        }
        json.Close('}');
      }
      json.Close(']');
      json.Close('}');
    }
    json.Close(']');
  }
  json.Key("changes");
  json.Open('[');
  for (const Change& c : step.changes) {
    json.Open('{');
    json.Member("path", c.path);
    if (!c.before.empty()) json.RawMember("before", c.before);
    if (!c.after.empty()) json.RawMember("after", c.after);
    json.Close('}');
  }
  json.Close(']');
  json.Key("sent_to");
  json.Open('[');
  for (const std::string& id : step.sent_to) json.Text(id);
  json.Close(']');
  if (!step.error.empty()) json.Member("error", step.error);
  if (!step.on_error.empty()) json.Member("on_error", step.on_error);
  if (step.nanos >= 0) json.RawMember("nanos", absl::StrCat(step.nanos));
  json.Close('}');
}

}  // namespace

std::string ToText(const Explanation& explanation) {
  std::string out = absl::StrCat("receiver ", explanation.receiver, ", input from ",
                                 explanation.source.empty() ? "a local address" : explanation.source, "\n");
  for (const ExplainedStage& stage : explanation.stages) {
    absl::StrAppend(&out, "\n", stage.when, stage.input.empty() ? "" : ": ", Short(stage.input), "\n");
    if (stage.records.empty() && stage.outputs.empty()) out += "  no record yet\n";
    for (const ExplainedRecord& record : stage.records) AppendRecord(out, record);
    for (const std::string& line : stage.log) absl::StrAppend(&out, "  log: ", line, "\n");
    const ExplainedOutput* before = nullptr;
    for (const ExplainedOutput& output : stage.outputs) {
      absl::StrAppend(&out, "=> ", output.place, ": ", output.records.size(), output.records.size() == 1 ? " record" : " records", "\n");
      const bool comparable = before != nullptr && before->records.size() == output.records.size();
      for (size_t i = 0; i < output.records.size(); ++i) {
        if (!comparable) {
          for (const auto& [path, value] : output.records[i]) AppendField(out, "", path, value);
          continue;
        }
        AppendChanges(out, inspect::Compare(before->records[i], output.records[i]));
      }
      before = &output;
    }
    if (before != nullptr) {
      for (const std::string& json : before->otlp) absl::StrAppend(&out, "   otlp: ", json, "\n");
    }
  }
  return out;
}

std::string ToJson(const Explanation& explanation) {
  Json json;
  json.Open('{');
  json.Member("receiver", explanation.receiver);
  json.Member("source", explanation.source);
  json.Key("stages");
  json.Open('[');
  for (const ExplainedStage& stage : explanation.stages) {
    json.Open('{');
    json.Member("when", stage.when);
    if (!stage.input.empty()) json.Member("input", stage.input);
    json.Key("records");
    json.Open('[');
    for (const ExplainedRecord& record : stage.records) {
      json.Open('{');
      json.RawMember("was_held", record.was_held ? "true" : "false");
      json.Key("fields");
      WriteFields(json, record.fields);
      json.Key("steps");
      json.Open('[');
      for (const ExplainedStep& step : record.steps) WriteStep(json, step);
      json.Close(']');
      json.Close('}');
    }
    json.Close(']');
    json.Key("outputs");
    json.Open('[');
    for (const ExplainedOutput& output : stage.outputs) {
      json.Open('{');
      json.Member("place", output.place);
      json.Key("records");
      json.Open('[');
      for (const auto& record : output.records) WriteFields(json, record);
      json.Close(']');
      json.Key("otlp");
      json.Open('[');
      for (const std::string& batch : output.otlp) json.Raw(batch);
      json.Close(']');
      json.Close('}');
    }
    json.Close(']');
    json.Key("log");
    json.Open('[');
    for (const std::string& line : stage.log) json.Text(line);
    json.Close(']');
    json.Close('}');
  }
  json.Close(']');
  json.Close('}');
  return json.text + "\n";
}

}  // namespace otelpipe
