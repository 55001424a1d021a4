#include "shared/tail/encoding_names.h"

#include <unordered_map>

namespace otelpipe::tail {
namespace {

struct Row {
  const char* charset;
  bool single_byte;
  const char* names;  // in lower case, separated by blanks
};

// The charset is the superset that web encodings mean (UHC for EUC-KR, CP932 for Shift_JIS), as in the reference.
constexpr Row kRows[] = {
    {"BIG5-HKSCS", false, "big5 csbig5"},
    {"UHC", false, "euc-kr cseuckr"},
    {"EUC-JP", false, "euc-jp extended_unix_code_packed_format_for_japanese cseucpkdfmtjapanese"},
    {"ISO-2022-JP", false, "iso-2022-jp csiso2022jp"},
    {"CP932", false, "shift_jis ms_kanji csshiftjis"},
    {"GB18030", false, "gb18030 csgb18030"},
    {"GBK", false, "gbk cp936 ms936 windows-936 csgbk"},
    {"ASCII", true, "ansi_x3.4-1968 ansi_x3.4-1986 iso_646.irv:1991 iso646-us iso-ir-6 ibm367 cp367 us csascii"},
    {"ISO-8859-1", true, "iso-8859-1 iso_8859-1:1987 iso-ir-100 iso_8859-1 latin1 l1 ibm819 cp819 csisolatin1"},
    {"ISO-8859-2", true, "iso-8859-2 iso_8859-2:1987 iso-ir-101 iso_8859-2 latin2 l2 csisolatin2"},
    {"ISO-8859-3", true, "iso-8859-3 iso_8859-3:1988 iso-ir-109 iso_8859-3 latin3 l3 csisolatin3"},
    {"ISO-8859-4", true, "iso-8859-4 iso_8859-4:1988 iso-ir-110 iso_8859-4 latin4 l4 csisolatin4"},
    {"ISO-8859-5", true, "iso-8859-5 iso_8859-5:1988 iso-ir-144 iso_8859-5 cyrillic csisolatincyrillic"},
    {"ISO-8859-6", true,
     "iso-8859-6 iso_8859-6:1987 iso-ir-127 iso_8859-6 ecma-114 asmo-708 arabic csisolatinarabic iso-8859-6-e "
     "iso_8859-6-e csiso88596e iso-8859-6-i iso_8859-6-i csiso88596i"},
    {"ISO-8859-7", true, "iso-8859-7 iso_8859-7:1987 iso-ir-126 iso_8859-7 elot_928 ecma-118 greek greek8 csisolatingreek"},
    {"ISO-8859-8", true,
     "iso-8859-8 iso_8859-8:1988 iso-ir-138 iso_8859-8 hebrew csisolatinhebrew iso-8859-8-e iso_8859-8-e csiso88598e "
     "iso-8859-8-i iso_8859-8-i csiso88598i"},
    {"ISO-8859-9", true, "iso-8859-9 iso_8859-9:1989 iso-ir-148 iso_8859-9 latin5 l5 csisolatin5"},
    {"ISO-8859-10", true, "iso-8859-10 iso-ir-157 l6 iso_8859-10:1992 csisolatin6 latin6"},
    {"ISO-8859-13", true, "iso-8859-13 csiso885913"},
    {"ISO-8859-14", true, "iso-8859-14 iso-ir-199 iso_8859-14:1998 iso_8859-14 latin8 iso-celtic l8 csiso885914"},
    {"ISO-8859-15", true, "iso-8859-15 iso_8859-15 latin-9 csiso885915"},
    {"ISO-8859-16", true, "iso-8859-16 iso-ir-226 iso_8859-16:2001 iso_8859-16 latin10 l10 csiso885916"},
    {"KOI8-R", true, "koi8-r cskoi8r"},
    {"KOI8-U", true, "koi8-u cskoi8u"},
    {"MACINTOSH", true, "macintosh mac csmacintosh"},
    {"CP874", true, "windows-874 cswindows874"},
    {"CP1250", true, "windows-1250 cswindows1250"},
    {"CP1251", true, "windows-1251 cswindows1251"},
    {"CP1252", true, "windows-1252 cswindows1252"},
    {"CP1253", true, "windows-1253 cswindows1253"},
    {"CP1254", true, "windows-1254 cswindows1254"},
    {"CP1255", true, "windows-1255 cswindows1255"},
    {"CP1256", true, "windows-1256 cswindows1256"},
    {"CP1257", true, "windows-1257 cswindows1257"},
    {"CP1258", true, "windows-1258 cswindows1258"},
    {"IBM437", true, "ibm437 cp437 437 cspc8codepage437"},
    {"IBM850", true, "ibm850 cp850 850 cspc850multilingual"},
    {"IBM852", true, "ibm852 cp852 852 cspcp852"},
    {"IBM855", true, "ibm855 cp855 855 csibm855"},
    {"IBM860", true, "ibm860 cp860 860 csibm860"},
    {"IBM862", true, "ibm862 cp862 862 cspc862latinhebrew"},
    {"IBM863", true, "ibm863 cp863 863 csibm863"},
    {"IBM865", true, "ibm865 cp865 865 csibm865"},
    {"IBM866", true, "ibm866 cp866 866 csibm866"},
    {"IBM858", true, "ibm00858 ccsid00858 cp00858 pc-multilingual-850+euro csibm00858"},
    {"IBM037", true, "ibm037 cp037 ebcdic-cp-us ebcdic-cp-ca ebcdic-cp-wt ebcdic-cp-nl csibm037"},
    {"IBM1047", true, "ibm1047 ibm-1047 csibm1047"},
    {"IBM1140", true, "ibm01140 ccsid01140 cp01140 ebcdic-us-37+euro csibm01140"},
};

// Registered names without a decoder in the reference; the message differs from that for names nobody knows.
constexpr const char* kNoDecoder =
    "utf-7 csutf7 utf-32 csutf32 utf-32be csutf32be utf-32le csutf32le cesu-8 cscesu8 cscesu-8 scsu csscsu bocu-1 csbocu1 "
    "csbocu-1 iso-10646-ucs-2 csunicode iso-10646-ucs-4 csucs4 iso-10646-utf-1 csiso10646utf1 unicode-1-1 unicode-1-1-utf-7 "
    "hz-gb-2312 iso-2022-kr csiso2022kr iso-2022-cn iso-2022-cn-ext iso-2022-jp-2 csiso2022jp2 big5-hkscs csbig5hkscs "
    "tis-620 cstis620 iso-8859-11 gb2312 csgb2312 gb_2312-80 iso-ir-58 chinese viscii csviscii vnrp koi7-switched "
    "osd_ebcdic_df04_1 osd_ebcdic_df04_15 osd_ebcdic_df03_irv ebcdic-uk ebcdic-us ebcdic-es ebcdic-it ebcdic-fr ebcdic-dk-no "
    "ebcdic-fi-se ebcdic-pt ebcdic-at-de ibm038 ibm273 ibm274 ibm275 ibm277 ibm278 ibm280 ibm281 ibm284 ibm285 ibm290 ibm297 "
    "ibm420 ibm423 ibm424 ibm500 ibm851 ibm857 ibm861 ibm864 ibm868 ibm869 ibm870 ibm871 ibm880 ibm891 ibm903 ibm904 ibm905 "
    "ibm918 ibm1026 ibm775 ibm00924 ibm01141 ibm01142 ibm01143 ibm01144 ibm01145 ibm01146 ibm01147 ibm01148 ibm01149 "
    "windows-31j cswindows31j hp-roman8 roman8 r8 dec-mcs dec ptcp154 kz-1048 tscii armscii-8 amiga-1251 us-dk dk-us jus_i.b1.002";

using Names = std::unordered_map<std::string, NamedEncoding>;

void AddAll(Names& names, std::string_view list, const NamedEncoding& encoding) {
  for (size_t i = 0; i < list.size();) {
    size_t end = list.find(' ', i);
    if (end == std::string_view::npos) end = list.size();
    names.emplace(std::string(list.substr(i, end - i)), encoding);
    i = end + 1;
  }
}

const Names& AllNames() {
  static const Names* names = [] {
    auto* n = new Names;
    n->emplace("", NamedEncoding{NamedEncoding::kUtf8, ""});
    AddAll(*n, "utf-8 utf8 ascii us-ascii csutf8", {NamedEncoding::kUtf8, ""});
    AddAll(*n, "utf-8-raw utf8-raw", {NamedEncoding::kRaw, ""});
    AddAll(*n, "nop", {NamedEncoding::kNop, ""});
    // The reference reads a bare utf-16 as little-endian.
    AddAll(*n, "utf-16 utf16 utf-16le csutf16le csutf16", {NamedEncoding::kUtf16Le, ""});
    AddAll(*n, "utf-16be csutf16be", {NamedEncoding::kUtf16Be, ""});
    for (const Row& row : kRows) AddAll(*n, row.names, {NamedEncoding::kCharset, row.charset});
    AddAll(*n, kNoDecoder, {NamedEncoding::kNoDecoder, ""});
    return n;
  }();
  return *names;
}

}  // namespace

NamedEncoding FindEncodingName(std::string_view name) {
  std::string key;
  for (char c : name) key += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const Names& names = AllNames();
  if (auto it = names.find(key); it != names.end()) return it->second;
  size_t from = key.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return {};
  key = key.substr(from, key.find_last_not_of(" \t\r\n") - from + 1);
  auto it = names.find(key);
  return it == names.end() ? NamedEncoding{} : it->second;
}

bool IsSingleByte(std::string_view charset) {
  for (const Row& row : kRows) {
    if (row.charset == charset) return row.single_byte;
  }
  return false;
}

}  // namespace otelpipe::tail
