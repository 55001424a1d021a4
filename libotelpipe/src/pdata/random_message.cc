#include "pdata/random_message.h"

#include <limits>
#include <set>

namespace otelpipe::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Filler {
 public:
  explicit Filler(std::mt19937_64& random) : random_(random) {}

  void Fill(Message& message, int depth) {
    static const std::set<std::string> kAlwaysThere = {"resource", "scope", "body", "status", "value", "positive", "negative"};
    const auto* descriptor = message.GetDescriptor();
    const auto* reflection = message.GetReflection();
    // One member of each oneof, or none. Optional scalars are oneofs of one member, too.
    std::set<const FieldDescriptor*> chosen;
    for (int i = 0; i < descriptor->oneof_decl_count(); ++i) {
      const auto* oneof = descriptor->oneof_decl(i);
      uint64_t pick = Below(static_cast<uint64_t>(oneof->field_count()) + 1);
      if (pick > 0) chosen.insert(oneof->field(static_cast<int>(pick) - 1));
    }
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      if (field->number() == 1000) continue;
      if (field->containing_oneof() != nullptr && !chosen.count(field)) continue;
      bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      if (field->is_repeated()) {
        uint64_t n = Below(depth > 6 ? 2 : 4);
        for (uint64_t k = 0; k < n; ++k) {
          if (is_message) {
            if (depth < 12) Fill(*reflection->AddMessage(&message, field), depth + 1);
          } else {
            AddScalar(message, field);
          }
        }
      } else if (is_message) {
        bool always = field->containing_oneof() == nullptr && kAlwaysThere.count(field->name());
        if (always || depth < 12) Fill(*reflection->MutableMessage(&message, field), depth + 1);
      } else if (field->containing_oneof() != nullptr || Below(4) != 0) {
        SetScalar(message, field);
      }
    }
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  uint64_t Integer() {
    switch (Below(5)) {
      case 0: return Below(3);
      case 1: return std::numeric_limits<uint64_t>::max() - Below(2);
      case 2: return uint64_t{1} << Below(64);
      case 3: return 1700000000000000000 + Below(1000000000);
      default: return random_() >> Below(64);
    }
  }
  double Number() {
    switch (Below(5)) {
      case 0: return 0;
      case 1: return static_cast<double>(Below(1000)) / 8;
      case 2: return -1e300;
      case 3: return 1e-7 * static_cast<double>(Below(100));
      default: return static_cast<double>(static_cast<int64_t>(random_())) / 3;
    }
  }
  std::string Text() {
    static const char* const kParts[] = {"a", "http.route", "\xC3\xA9", "<&>", "\n\t\"\\", "\xE2\x80\xA8", "0123456789", " ", "\x01"};
    std::string text;
    for (uint64_t n = Below(5); n > 0; --n) text += kParts[Below(std::size(kParts))];
    if (Below(200) == 0) text.append(70000, 'x');  // more than one piece of the encoder
    return text;
  }
  std::string Bytes(const FieldDescriptor* field) {
    size_t size = field->name() == "trace_id" ? 16 : field->name() == "bytes_value" ? Below(20) : 8;
    if (field->name() != "bytes_value" && Below(3) == 0) return "";
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(i == 0 ? 1 + Below(200) : Below(256));
    return bytes;
  }

  void SetScalar(Message& m, const FieldDescriptor* f) {
    const auto* r = m.GetReflection();
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        r->SetString(&m, f, f->type() == FieldDescriptor::TYPE_BYTES ? Bytes(f) : Text());
        return;
      case FieldDescriptor::CPPTYPE_INT32: r->SetInt32(&m, f, static_cast<int32_t>(Integer())); return;
      case FieldDescriptor::CPPTYPE_UINT32: r->SetUInt32(&m, f, static_cast<uint32_t>(Integer())); return;
      case FieldDescriptor::CPPTYPE_INT64: r->SetInt64(&m, f, static_cast<int64_t>(Integer())); return;
      case FieldDescriptor::CPPTYPE_UINT64: r->SetUInt64(&m, f, Integer()); return;
      case FieldDescriptor::CPPTYPE_DOUBLE: r->SetDouble(&m, f, Number()); return;
      case FieldDescriptor::CPPTYPE_BOOL: r->SetBool(&m, f, Below(2) == 1); return;
      case FieldDescriptor::CPPTYPE_ENUM: r->SetEnumValue(&m, f, static_cast<int>(Below(30)) - 2); return;
      default: return;
    }
  }
  void AddScalar(Message& m, const FieldDescriptor* f) {
    const auto* r = m.GetReflection();
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: r->AddString(&m, f, Text()); return;
      case FieldDescriptor::CPPTYPE_UINT64: r->AddUInt64(&m, f, Integer()); return;
      case FieldDescriptor::CPPTYPE_DOUBLE: r->AddDouble(&m, f, Number()); return;
      default: return;
    }
  }

  std::mt19937_64& random_;
};

}  // namespace

void FillRandom(Message& message, std::mt19937_64& random, int depth) { Filler(random).Fill(message, depth); }

}  // namespace otelpipe::testing
