#include "receiver/filelog/fed_files.h"

#include <utility>

namespace otelpipe::filelog {
namespace {

// What is read stays read: nothing will read these bytes again.
class NoToken final : public AckToken {
 private:
  void Release(bool) override { delete this; }
};

std::string_view Base(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

void FedFiles::BuildAttributes(File& file) {
  auto made = std::make_shared<tail::FileAttributes>();
  auto add = [&](bool wanted, std::string_view key, std::string_view text) {
    if (!wanted) return;
    Value value = Value::Str(*interned_.insert(std::string(text)).first);
    value.set_tag(kTagFileConstant);
    made->map.Append(made->arena, key, value);
  };
  add(options_->include_name, "log.file.name", Base(file.path));
  add(options_->include_path, "log.file.path", file.path);
  add(options_->include_name_resolved, "log.file.name_resolved", Base(file.path));
  add(options_->include_path_resolved, "log.file.path_resolved", file.path);
  if (file.header_attributes != nullptr) {
    for (const KeyValue& kv : file.header_attributes->map) {
      made->map.Set(made->arena, made->arena.Copy(kv.key), Clone(kv.value, made->arena, true));
    }
  }
  file.attributes = std::move(made);
}

size_t FedFiles::TakeHeader(File& file, std::string_view data) {
  const std::string& newline = options_->encoding.newline();
  size_t at = 0;
  auto collected = std::make_shared<tail::FileAttributes>();
  if (file.header_attributes != nullptr) Clone(file.header_attributes->map, collected->map, collected->arena, true);
  for (size_t end; (end = data.find(newline, at)) != std::string_view::npos; at = end + newline.size()) {
    std::string_view line = data.substr(at, end - at);
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    const std::string_view text = options_->encoding.Decode(line, collected->arena);
    if (!options_->is_header(text)) {
      file.header_done = true;
      break;
    }
    sink_->OnHeaderLine(text, collected->arena, collected->map);
  }
  file.header_attributes = std::move(collected);
  BuildAttributes(file);
  return at;
}

void FedFiles::Emit(File& file, std::shared_ptr<const std::string> data, size_t header, size_t consumed) {
  lines_.clear();
  const std::string_view content = std::string_view(*data).substr(header);
  for (const tail::Token& token : tokens_) {
    ++file.record_number;
    if (token.length == 0) continue;
    lines_.push_back({options_->encoding.Decode(content.substr(token.begin, token.length), sink_->arena()),
                      file.offset + static_cast<int64_t>(header) + token.start, file.record_number});
  }
  file.offset += static_cast<int64_t>(header + consumed);
  file.rest = data->substr(header + consumed);
  if (lines_.empty()) return;
  AckRef hold(new NoToken);
  sink_->OnSlice({lines_, file.attributes, std::move(data), hold.get(), static_cast<uint64_t>(absl::ToUnixNanos(loop_->Now())),
                  static_cast<int64_t>(header + consumed)});
  sink_->OnEndOfRead();
}

void FedFiles::Feed(const std::string& path, std::string_view bytes) {
  std::unique_ptr<File>& made = files_[path];
  if (made == nullptr) {
    made = std::make_unique<File>();
    made->path = path;
    made->header_done = options_->is_header == nullptr;
    BuildAttributes(*made);
  }
  File& file = *made;
  auto data = std::make_shared<std::string>(file.rest);
  data->append(bytes);
  const size_t header = file.header_done ? 0 : TakeHeader(file, *data);
  tokens_.clear();
  size_t consumed = 0;
  if (file.header_done) {
    const std::string_view content = std::string_view(*data).substr(header);
    consumed = content.empty() ? 0 : options_->splitter.Split(content, true, tokens_);
  }
  Emit(file, std::move(data), header, consumed);
  file.flush.Cancel();
  if (!file.rest.empty() && options_->force_flush_period > absl::ZeroDuration()) {
    file.flush = loop_->After(options_->force_flush_period, [this, &file] { FlushRest(file); });
  }
}

void FedFiles::Stop() {
  for (auto& [path, file] : files_) file->flush.Cancel();
}

void FedFiles::FlushRest(File& file) {
  if (!file.header_done) return;
  auto data = std::make_shared<std::string>(std::move(file.rest));
  tokens_.clear();
  options_->splitter.Flush(*data, tokens_);
  const size_t all = data->size();
  Emit(file, std::move(data), 0, all);
}

}  // namespace otelpipe::filelog
