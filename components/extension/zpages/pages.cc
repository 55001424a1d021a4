#include "extension/zpages/pages.h"

#include <sys/utsname.h>

#include "otelpipe/pdata/text.h"

namespace otelpipe::zpages {
namespace {

std::string Join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& p : parts) out += (out.empty() ? "" : ", ") + p;
  return out;
}

std::string YesNo(bool b) { return b ? "true" : "false"; }

}  // namespace

std::string Escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Html::Html(std::string_view title) {
  out_ = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + Escape(title) +
         "</title><style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}"
         "td,th{border:1px solid #ccc;padding:.3em .8em;text-align:left}</style></head>\n<body><h1>" +
         Escape(title) + "</h1>\n";
}

Html& Html::Heading(std::string_view text) {
  out_ += "<h2>" + Escape(text) + "</h2>\n";
  return *this;
}

Html& Html::Text(std::string_view text) {
  out_ += "<p>" + Escape(text) + "</p>\n";
  return *this;
}

Html& Html::Table(const std::vector<std::string>& header, const Rows& rows) {
  out_ += "<table>\n";
  if (!header.empty()) {
    out_ += "<tr>";
    for (const std::string& cell : header) out_ += "<th>" + Escape(cell) + "</th>";
    out_ += "</tr>\n";
  }
  for (const std::vector<std::string>& row : rows) {
    out_ += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      const char* tag = header.empty() && i == 0 ? "th" : "td";
      out_ += std::string("<") + tag + ">" + Escape(row[i]) + "</" + tag + ">";
    }
    out_ += "</tr>\n";
  }
  out_ += "</table>\n";
  return *this;
}

Html& Html::Link(std::string_view path, std::string_view text) {
  out_ += "<p><a href=\"" + Escape(path) + "\">" + Escape(text) + "</a></p>\n";
  return *this;
}

std::string Html::Finish() {
  out_ += "</body></html>\n";
  return std::move(out_);
}

std::string ServicePage(const ServiceFacts& facts) {
  utsname system{};
  uname(&system);
  return Html("Service")
      .Heading("Build")
      .Table({}, {{"Command", facts.name}, {"Version", facts.version}})
      .Heading("Runtime")
      .Table({}, {{"Started", facts.started},
                  {"Uptime", facts.uptime},
                  {"OS", system.sysname},
                  {"Architecture", system.machine}})
      .Heading("More")
      .Link("/debug/pipelinez", "Pipelines")
      .Link("/debug/extensionz", "Extensions")
      .Link("/debug/featurez", "Features")
      .Link("/debug/tracez", "Traces")
      .Finish();
}

std::string PipelinePage(const std::vector<PipelineInfo>& pipelines) {
  Rows rows;
  for (const PipelineInfo& p : pipelines) {
    rows.push_back({p.name, p.name.substr(0, p.name.find('/')), YesNo(p.mutates), Join(p.receivers), Join(p.processors),
                    Join(p.exporters)});
  }
  return Html("Pipelines")
      .Table({"FullName", "InputType", "MutatesData", "Receivers", "Processors", "Exporters"}, rows)
      .Finish();
}

std::string ExtensionPage(const std::vector<std::string>& ids) {
  Rows rows;
  for (const std::string& id : ids) rows.push_back({id});
  return Html("Extensions").Table({"FullName"}, rows).Finish();
}

std::string FeaturePage(const std::vector<GateRow>& gates) {
  Rows rows;
  for (const GateRow& g : gates) rows.push_back({g.id, YesNo(g.enabled), g.description, g.stage});
  return Html("Features").Table({"ID", "Enabled", "Description", "Stage"}, rows).Finish();
}

std::string TracePage() {
  return Html("Traces")
      .Text("The service records no spans of its own work; its metrics and log lines tell what it does.")
      .Finish();
}

std::string VariablesJson(const std::vector<std::string>& command, const std::vector<MetricSample>& samples) {
  std::string out = "{\n\"cmdline\": [";
  for (size_t i = 0; i < command.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, command[i]);
  }
  out += "],\n\"metrics\": {";
  bool first = true;
  for (const MetricSample& s : samples) {
    if (s.type == MetricSample::Type::kHistogram) continue;
    std::string name = s.name;
    for (const auto& [key, value] : s.labels) name += (&key == &s.labels[0].first ? "{" : ",") + key + "=" + value;
    if (!s.labels.empty()) name += "}";
    out += first ? "\n" : ",\n";
    first = false;
    AppendJsonString(out, name);
    out += ": ";
    AppendInt(out, s.value);
  }
  out += "}\n}\n";
  return out;
}

}  // namespace otelpipe::zpages
