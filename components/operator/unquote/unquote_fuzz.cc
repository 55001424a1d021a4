// Go literals. Any bytes, written as a literal in each kind of quotes, give the bytes back; what is accepted as it came gives a text that, written again,
// gives itself.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "operator/unquote/unquote.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char buffer[8];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      std::snprintf(buffer, sizeof(buffer), "\\%03o", byte);
      out += buffer;
    } else if (byte >= 0x7F) {
      std::snprintf(buffer, sizeof(buffer), "\\x%02X", byte);
      out += buffer;
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using otelpipe::UnquoteGo;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string out;
  Require(UnquoteGo(Quote(text), out) && out == text);
  Require(!UnquoteGo(" " + Quote(text), out) && !UnquoteGo(Quote(text) + " ", out));
  if (text.find('`') == std::string_view::npos) {
    std::string wanted;
    for (char c : text) {
      if (c != '\r') wanted += c;
    }
    Require(UnquoteGo("`" + std::string(text) + "`", out) && out == wanted);
  }
  if (!UnquoteGo(text, out)) return 0;
  Require(text.size() >= 2 && text.front() == text.back() && (text[0] == '"' || text[0] == '`' || text[0] == '\''));
  std::string again;
  Require(UnquoteGo(Quote(out), again) && again == out);
  return 0;
}
