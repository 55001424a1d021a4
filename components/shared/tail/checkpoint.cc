#include "shared/tail/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/tail/encoding.h"
#include "shared/tail/gzip_reader.h"
#include "simdjson.h"

namespace otelpipe::tail {
namespace {

namespace dom = simdjson::dom;

void AppendJsonString(std::string& out, std::string_view text) {
  std::string repaired;
  if (!ValidUtf8(text)) text = repaired = RepairUtf8(text);
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[(c >> 4) & 15];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string Base64(std::string_view bytes) { return absl::Base64Escape(A(bytes)); }

std::string_view Text(dom::element e) {
  std::string_view s;
  return e.get_string().get(s) == simdjson::SUCCESS ? s : std::string_view();
}
std::string FromBase64(dom::element object, const char* key) {
  dom::element e;
  std::string out;
  if (object[key].get(e) == simdjson::SUCCESS && !absl::Base64Unescape(A(Text(e)), &out)) out.clear();
  return out;
}
int64_t Int(dom::element object, const char* key) {
  int64_t v = 0;
  double d = 0;
  if (object[key].get_int64().get(v) == simdjson::SUCCESS) return v;
  return object[key].get_double().get(d) == simdjson::SUCCESS ? static_cast<int64_t>(d) : 0;
}
bool Bool(dom::element object, const char* key) {
  bool v = false;
  return object[key].get_bool().get(v) == simdjson::SUCCESS && v;
}

Value ToValue(dom::element e, Arena& arena) {
  switch (e.type()) {
    case dom::element_type::STRING:
      return Value::Str(arena.Copy(Text(e)));
    case dom::element_type::INT64:
    case dom::element_type::UINT64: {
      int64_t v = 0;
      if (e.get_int64().get(v) != simdjson::SUCCESS) return Value();
      return Value::Int(v);
    }
    case dom::element_type::DOUBLE: {
      double v = 0;
      if (e.get_double().get(v) != simdjson::SUCCESS) return Value();
      return Value::Double(v);
    }
    case dom::element_type::BOOL: {
      bool v = false;
      if (e.get_bool().get(v) != simdjson::SUCCESS) return Value();
      return Value::Bool(v);
    }
    case dom::element_type::ARRAY: {
      List* list = arena.New<List>();
      for (dom::element item : dom::array(e)) list->Add(arena) = ToValue(item, arena);
      return Value::OfList(list);
    }
    case dom::element_type::OBJECT: {
      Map* map = arena.New<Map>();
      for (auto field : dom::object(e)) map->Set(arena, arena.Copy(field.key), ToValue(field.value, arena));
      return Value::OfMap(map);
    }
    default:
      return Value();
  }
}

std::string IdentityJson(const TailFile& f) {
  std::string out = "{\"path\":";
  AppendJsonString(out, f.path);
  absl::StrAppend(&out, ",\"device\":", static_cast<int64_t>(f.key.device), ",\"inode\":", static_cast<int64_t>(f.key.inode),
                  ",\"fingerprint\":\"", Base64(f.fingerprint), "\"");
  if (f.compressed) out += ",\"file_type\":\".gz\"";
  if (f.header_done) out += ",\"header_finalized\":true";
  if (f.header_attributes != nullptr && !f.header_attributes->map.empty()) {
    out += ",\"header\":";
    Value::OfMap(const_cast<Map*>(&f.header_attributes->map)).AppendString(out);
  }
  out += "}";
  return out;
}

std::string PositionJson(const TailFile& f) {
  std::string out = absl::StrCat("{\"offset\":", f.acked, ",\"records\":", f.acked_records, ",\"check\":\"",
                                 Base64(f.acked_check.view()), "\"");
  if (f.tail_length > 0 && !f.in_flight()) {
    absl::StrAppend(&out, ",\"tail_length\":", f.tail_length, ",\"tail_since\":", f.tail_since_ns);
  }
  if (f.compressed) {
    absl::StrAppend(&out, ",\"base_compressed\":", f.acked_base.compressed, ",\"base_decompressed\":",
                    f.acked_base.decompressed);
  }
  out += "}";
  return out;
}

bool ReadIdentity(dom::element e, TailFile& f) {
  if (!e.is_object()) return false;
  dom::element path;
  if (e["path"].get(path) == simdjson::SUCCESS) f.path = std::string(Text(path));
  f.key.device = static_cast<dev_t>(Int(e, "device"));
  f.key.inode = static_cast<ino_t>(Int(e, "inode"));
  f.fingerprint = FromBase64(e, "fingerprint");
  dom::element type;
  f.compressed = e["file_type"].get(type) == simdjson::SUCCESS && Text(type) == ".gz";
  f.header_done = Bool(e, "header_finalized");
  dom::element header;
  if (e["header"].get(header) == simdjson::SUCCESS && header.is_object()) {
    auto attributes = std::make_shared<FileAttributes>();
    for (auto field : dom::object(header)) {
      attributes->map.Set(attributes->arena, attributes->arena.Copy(field.key), ToValue(field.value, attributes->arena));
    }
    f.header_attributes = std::move(attributes);
  }
  return !f.fingerprint.empty();
}

bool ReadPosition(dom::element e, TailFile& f) {
  if (!e.is_object()) return false;
  f.offset = f.acked = Int(e, "offset");
  f.record_number = f.acked_records = Int(e, "records");
  f.check.Set(FromBase64(e, "check"));
  f.acked_check = f.check;
  f.tail_length = Int(e, "tail_length");
  f.tail_since_ns = Int(e, "tail_since");
  f.base = f.acked_base = {Int(e, "base_compressed"), Int(e, "base_decompressed")};
  return f.offset >= 0 && f.tail_length >= 0 && f.base.compressed >= 0 && f.base.decompressed >= 0 && f.base.decompressed <= f.offset &&
         static_cast<int64_t>(f.check.length) <= f.offset;
}

}  // namespace

Checkpoint::Checkpoint(std::unique_ptr<StorageClient> client, std::string prefix)
    : client_(std::move(client)), prefix_(std::move(prefix)) {}

absl::StatusOr<Checkpoint::Loaded> Checkpoint::Load() {
  Loaded loaded;
  const std::string file_prefix = prefix_ + ".file.";
  dom::parser parser;
  std::vector<std::string> keys = client_->Keys();
  for (const std::string& key : keys) {
    if (key.compare(0, file_prefix.size(), file_prefix) != 0) continue;
    uint64_t id = 0;
    const char* digits = key.data() + file_prefix.size();
    std::from_chars(digits, key.data() + key.size(), id);
    const std::string position_key = prefix_ + ".pos." + std::string(digits);
    OTELPIPE_ASSIGN_OR_RETURN(std::string identity, client_->Get(key));
    absl::StatusOr<std::string> position = client_->Get(position_key);
    auto file = std::make_shared<TailFile>();
    dom::element element;
    bool ok = id != 0 && parser.parse(identity).get(element) == simdjson::SUCCESS && ReadIdentity(element, *file) &&
              position.ok() && parser.parse(*position).get(element) == simdjson::SUCCESS && ReadPosition(element, *file);
    loaded.next_id = std::max(loaded.next_id, id + 1);
    if (!ok) {
      loaded.problems.push_back(key);
      writes_.push_back({key, "", true});
      writes_.push_back({position_key, "", true});
      continue;
    }
    file->id = id;
    file->saved = true;
    file->save_fingerprint = false;
    loaded.files.push_back(std::move(file));
  }
  // Files the reference knew, when this store was its.
  const std::string known_key = prefix_ + ".knownFiles";
  absl::StatusOr<std::string> known = client_->Get(known_key);
  if (known.status().code() == absl::StatusCode::kNotFound) return loaded;
  if (!known.ok()) return known.status();
  OTELPIPE_ASSIGN_OR_RETURN(std::vector<std::shared_ptr<TailFile>> theirs, ParseKnownFiles(*known));
  const size_t own = loaded.files.size();
  for (std::shared_ptr<TailFile>& file : theirs) {
    TailFile* same = nullptr;
    for (size_t i = 0; i < own && same == nullptr; ++i) {
      TailFile& ours = *loaded.files[i];
      if (ours.compressed == file->compressed && (ours.has_fingerprint_of(file->fingerprint) || file->has_fingerprint_of(ours.fingerprint))) {
        same = &ours;
      }
    }
    if (same == nullptr) {
      loaded.files.push_back(std::move(file));
    } else if (file->compressed ? file->base.compressed > same->base.compressed : file->offset > same->offset) {
      same->offset = same->acked = file->offset;
      same->record_number = same->acked_records = file->record_number;
      same->check = same->acked_check = TailCheck();
      same->base = same->acked_base = file->base;
      same->tail_length = file->tail_length;
      same->tail_since_ns = file->tail_since_ns;
      if (file->fingerprint.size() > same->fingerprint.size()) same->fingerprint = file->fingerprint;
      same->save_fingerprint = true;
    }
  }
  writes_.push_back({known_key, "", true});
  return loaded;
}

void Checkpoint::Put(const TailFile& file, bool with_identity) {
  if (file.fingerprint.empty()) return;  // nothing to know it by yet
  std::string id = std::to_string(file.id);
  if (with_identity) writes_.push_back({prefix_ + ".file." + id, IdentityJson(file), false});
  writes_.push_back({prefix_ + ".pos." + id, PositionJson(file), false});
}

void Checkpoint::Remove(uint64_t id) {
  std::string text = std::to_string(id);
  writes_.push_back({prefix_ + ".file." + text, "", true});
  writes_.push_back({prefix_ + ".pos." + text, "", true});
}

absl::Status Checkpoint::Commit() {
  if (writes_.empty()) return absl::OkStatus();
  OTELPIPE_RETURN_IF_ERROR(client_->Apply(writes_));
  writes_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::shared_ptr<TailFile>>> ParseKnownFiles(std::string_view text) {
  std::vector<std::shared_ptr<TailFile>> files;
  size_t at = text.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos) return files;
  size_t count = 0;
  auto [end, ec] = std::from_chars(text.data() + at, text.data() + text.size(), count);
  if (ec != std::errc()) {
    return absl::InvalidArgumentError(
        absl::StrCat("decoding file count: invalid character '", A(text.substr(at, 1)), "' looking for beginning of value"));
  }
  at = static_cast<size_t>(end - text.data());
  dom::parser parser;
  for (size_t i = 0; i < count; ++i) {
    at = text.find_first_not_of(" \t\r\n", at);
    if (at == std::string_view::npos) return absl::InvalidArgumentError("EOF");
    // The extent of one object: braces outside of texts.
    size_t stop = at;
    int depth = 0;
    bool in_text = false;
    for (; stop < text.size(); ++stop) {
      char c = text[stop];
      if (in_text) {
        if (c == '\\') ++stop;
        else if (c == '"') in_text = false;
      } else if (c == '"') {
        in_text = true;
      } else if (c == '{') {
        ++depth;
      } else if (c == '}' && --depth == 0) {
        ++stop;
        break;
      }
    }
    dom::element e;
    std::string object(text.substr(at, std::min(stop, text.size()) - at));
    if (depth != 0) return absl::InvalidArgumentError("unexpected EOF");
    if (parser.parse(object).get(e) != simdjson::SUCCESS || !e.is_object()) {
      return absl::InvalidArgumentError("invalid character in a known file");
    }
    at = stop;
    auto file = std::make_shared<TailFile>();
    dom::element part;
    if (e["Fingerprint"].get(part) == simdjson::SUCCESS) file->fingerprint = FromBase64(part, "first_bytes");
    const int64_t offset = std::max<int64_t>(0, Int(e, "Offset"));
    file->record_number = file->acked_records = Int(e, "RecordNum");
    file->header_done = Bool(e, "HeaderFinalized");
    if (e["FileType"].get(part) == simdjson::SUCCESS && Text(part) == ".gz") {
      // Its offsets count compressed bytes; they stand at the end of a pass.
      file->compressed = true;
      file->base = file->acked_base = {offset, 0};
    } else {
      file->offset = file->acked = offset;
    }
    if (e["FlushState"].get(part) == simdjson::SUCCESS) {
      file->tail_length = std::max<int64_t>(0, Int(part, "LastDataLength"));
      dom::element change;
      absl::Time time;
      std::string ignored;
      if (part["LastDataChange"].get(change) == simdjson::SUCCESS &&
          absl::ParseTime(absl::RFC3339_full, A(Text(change)), &time, &ignored)) {
        file->tail_since_ns = absl::ToUnixNanos(time);
      }
    }
    if (e["FileAttributes"].get(part) == simdjson::SUCCESS && part.is_object()) {
      auto attributes = std::make_shared<FileAttributes>();
      for (auto field : dom::object(part)) {
        // Those that start so are found anew for each file.
        if (field.key.substr(0, 9) == "log.file.") continue;
        if (field.key == "HeaderAttributes" && field.value.is_object()) {
          for (auto inner : dom::object(field.value)) {
            attributes->map.Set(attributes->arena, attributes->arena.Copy(inner.key), ToValue(inner.value, attributes->arena));
          }
          continue;
        }
        attributes->map.Set(attributes->arena, attributes->arena.Copy(field.key), ToValue(field.value, attributes->arena));
      }
      if (!attributes->map.empty()) file->header_attributes = std::move(attributes);
    }
    if (!file->fingerprint.empty()) files.push_back(std::move(file));
  }
  return files;
}

}  // namespace otelpipe::tail
