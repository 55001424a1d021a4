// Editors that replace parts of texts.
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/regex/pattern.h"
#include "shared/ottl/functions.h"
#include "shared/ottl/glob.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;
using regex::Pattern;
using regex::ReplaceTemplate;

// The value that the function named in a statement is given: a text that changes while it runs.
struct Input {
  Value value;
};

// A converter of one text, named as an argument: `SHA256`. Null when there is none.
struct Named {
  std::shared_ptr<Input> input = std::make_shared<Input>();
  Getter call;
  Getter format;  // of the result; may be empty

  static absl::StatusOr<std::shared_ptr<Named>> Make(Arg& function, Arg& format) {
    if (!function.present) return std::shared_ptr<Named>();
    auto out = std::make_shared<Named>();
    size_t required = 0;
    for (const Param& param : function.function->params) required += param.optional ? 0 : 1;
    if (required != 1 || function.function->params[0].kind != K::kAny) {
      return absl::InvalidArgumentError(
          absl::StrCat("incorrect number of arguments. Expected: ", function.function->params.size(), " Received: 1"));
    }
    Args args(function.function->params.size());
    args[0].present = true;
    args[0].get = [input = out->input](Item&, Arena&) -> absl::StatusOr<Value> { return input->value; };
    OTELPIPE_ASSIGN_OR_RETURN(out->call, function.function->make(std::move(args)));
    if (format.present) out->format = std::move(format.get);
    return out;
  }

  absl::StatusOr<std::string_view> Run(std::string_view text, Item& item, Arena& arena) const {
    input->value = Value::Str(text);
    OTELPIPE_ASSIGN_OR_RETURN(Value v, call(item, arena));
    if (!v.is_string()) return absl::InvalidArgumentError("the replacement value must be a string");
    if (!format) return v.string();
    OTELPIPE_ASSIGN_OR_RETURN(Value f, format(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view form, NeedText(f));
    const size_t at = form.find("%s");
    // One %s and no other; the reference takes more than one and prints %!s(MISSING).
    bool good = at != std::string_view::npos && form.find('%', at + 2) == std::string_view::npos && form.find('%') == at;
    if (!good) {
      return absl::InvalidArgumentError("replacementFormat must be format string containing a single %s and no other format specifiers");
    }
    return arena.Copy(absl::StrCat(A(form.substr(0, at)), A(v.string()), A(form.substr(at + 2))));
  }
};

// A pattern with what replaces its matches.
class Replacer {
 public:
  static absl::StatusOr<Replacer> Make(Arg& pattern, Arg& replacement, Arg& function, Arg& format, const char* name) {
    Replacer out;
    auto compiled = Pattern::Compile(pattern.text());
    if (!compiled.ok()) return Annotate(compiled.status(), absl::StrCat("the regex pattern supplied to ", name, " is not a valid pattern: "));
    out.pattern_ = *std::move(compiled);
    if (replacement.literal && replacement.literal->is_string()) {
      out.constant_ = std::make_shared<ReplaceTemplate>(ReplaceTemplate::Compile(*out.pattern_, replacement.literal->string()));
    }
    out.replacement_ = std::move(replacement.get);
    OTELPIPE_ASSIGN_OR_RETURN(out.function_, Named::Make(function, format));
    return out;
  }

  bool Matches(std::string_view text) const { return pattern_->PartialMatch(text); }
  // What replaces, once for all texts of a run.
  absl::StatusOr<std::string_view> Replacement(Item& item, Arena& arena) const {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, replacement_(item, arena));
    return NeedText(v);
  }
  bool has_function() const { return function_ != nullptr; }

  absl::StatusOr<std::string_view> Run(std::string_view text, std::string_view replacement, Item& item, Arena& arena) const {
    if (!function_) {
      return arena.Copy(constant_ ? pattern_->Replace(text, *constant_) : pattern_->Replace(text, replacement));
    }
    // As the reference: every occurrence of what matched is replaced, wherever it is.
    std::string updated(text);
    std::vector<std::string_view> captures(pattern_->capture_count());
    for (size_t from = 0; from <= text.size() && pattern_->MatchAt(text, from, captures.data());) {
      const std::string_view match = captures[0];
      OTELPIPE_ASSIGN_OR_RETURN(std::string_view with, function_->Run(arena.Copy(Expand(captures, replacement)), item, arena));
      ReplaceAll(updated, match, with);
      const auto end = static_cast<size_t>(match.data() - text.data()) + match.size();
      from = match.empty() ? end + 1 : end;
    }
    return arena.Copy(updated);
  }

 private:
  // The template for one match, by the rules of ReplaceTemplate.
  std::string Expand(const std::vector<std::string_view>& captures, std::string_view replacement) const {
    const std::vector<std::string>& names = pattern_->group_names();
    auto word = [](char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    std::string out;
    for (size_t i = 0; i < replacement.size(); ++i) {
      if (replacement[i] != '$') {
        out += replacement[i];
        continue;
      }
      if (i + 1 < replacement.size() && replacement[i + 1] == '$') {
        out += replacement[i++];
        continue;
      }
      const bool braces = i + 1 < replacement.size() && replacement[i + 1] == '{';
      const size_t begin = i + 1 + (braces ? 1 : 0);
      size_t end = begin;
      while (end < replacement.size() && word(replacement[end])) ++end;
      if (end == begin || (braces && (end == replacement.size() || replacement[end] != '}'))) {
        out += '$';
        continue;
      }
      const std::string_view name = replacement.substr(begin, end - begin);
      size_t index = 0;
      if (absl::SimpleAtoi(A(name), &index)) {
        if (index < captures.size()) out += captures[index];
      } else {
        for (size_t g = 1; g < names.size(); ++g) {
          if (names[g] != name || captures[g].data() == nullptr) continue;
          out += captures[g];
          break;
        }
      }
      i = end - 1 + (braces ? 1 : 0);
    }
    return out;
  }
  static void ReplaceAll(std::string& text, std::string_view what, std::string_view with) {
    if (what.empty()) return;
    std::string out;
    size_t from = 0;
    for (size_t at; (at = text.find(what, from)) != std::string::npos; from = at + what.size()) {
      out.append(text, from, at - from);
      out += with;
    }
    out.append(text, from, std::string::npos);
    text = std::move(out);
  }

  std::shared_ptr<const Pattern> pattern_;
  std::shared_ptr<const ReplaceTemplate> constant_;
  Getter replacement_;
  std::shared_ptr<Named> function_;
};

Result ReplacePattern(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(Replacer replacer, Replacer::Make(a[1], a[2], a[3], a[4], "replace_pattern"));
  return Getter([get = std::move(a[0].get), set = std::move(a[0].set), replacer = std::move(replacer)](Item& item,
                                                                                                       Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, get(item, arena));
    if (v.is_empty()) return Value();
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view replacement, replacer.Replacement(item, arena));
    if (!v.is_string() || !replacer.Matches(v.string())) return Value();
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, replacer.Run(v.string(), replacement, item, arena));
    OTELPIPE_RETURN_IF_ERROR(set(item, arena, Value::Str(text)));
    return Value();
  });
}

Result ReplaceAllPatterns(Args a) {
  const std::string_view mode = a[1].text();
  const bool keys = mode == "key";
  OTELPIPE_ASSIGN_OR_RETURN(Replacer replacer, Replacer::Make(a[2], a[3], a[4], a[5], "replace_all_patterns"));
  if (!keys && mode != "value") return absl::InvalidArgumentError(absl::StrCat("invalid mode ", A(mode), ", must be either 'key' or 'value'"));
  return Getter([get = std::move(a[0].get), replacer = std::move(replacer), keys](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, get(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(Map * map, NeedMap(v));
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view replacement, replacer.Replacement(item, arena));
    if (!keys) {
      for (KeyValue& kv : *map) {
        if (!kv.value.is_string() || !replacer.Matches(kv.value.string())) continue;
        OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, replacer.Run(kv.value.string(), replacement, item, arena));
        kv.value = Value::Str(text);
      }
      return Value();
    }
    Map renamed;
    for (const KeyValue& kv : *map) {
      std::string_view key = kv.key;
      if (replacer.Matches(key)) {
        OTELPIPE_ASSIGN_OR_RETURN(key, replacer.Run(key, replacement, item, arena));
      }
      renamed.Set(arena, key, kv.value);
    }
    *map = std::move(renamed);
    return Value();
  });
}

// The text that replaces what a glob matches.
class MatchReplacer {
 public:
  static absl::StatusOr<MatchReplacer> Make(Arg& pattern, Arg& replacement, Arg& function, Arg& format) {
    MatchReplacer out;
    auto glob = Glob::Compile(pattern.text());
    if (!glob.ok()) return Annotate(glob.status(), "the pattern supplied to replace_match is not a valid pattern: ");
    out.glob_ = std::make_shared<Glob>(*std::move(glob));
    out.replacement_ = std::move(replacement.get);
    OTELPIPE_ASSIGN_OR_RETURN(out.function_, Named::Make(function, format));
    return out;
  }
  bool Matches(std::string_view text) const { return glob_->Matches(text); }
  absl::StatusOr<std::string_view> Replacement(Item& item, Arena& arena) const {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, replacement_(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, NeedText(v));
    if (!function_) return text;
    return function_->Run(text, item, arena);
  }

 private:
  std::shared_ptr<const Glob> glob_;
  Getter replacement_;
  std::shared_ptr<Named> function_;
};

Result ReplaceMatch(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(MatchReplacer replacer, MatchReplacer::Make(a[1], a[2], a[3], a[4]));
  return Getter([get = std::move(a[0].get), set = std::move(a[0].set), replacer = std::move(replacer)](Item& item,
                                                                                                       Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, get(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, replacer.Replacement(item, arena));
    if (v.is_string() && replacer.Matches(v.string())) {
      OTELPIPE_RETURN_IF_ERROR(set(item, arena, Value::Str(text)));
    }
    return Value();
  });
}

Result ReplaceAllMatches(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(MatchReplacer replacer, MatchReplacer::Make(a[1], a[2], a[3], a[4]));
  return Getter([get = std::move(a[0].get), replacer = std::move(replacer)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, get(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(Map * map, NeedMap(v));
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view text, replacer.Replacement(item, arena));
    for (KeyValue& kv : *map) {
      if (kv.value.is_string() && replacer.Matches(kv.value.string())) kv.value = Value::Str(text);
    }
    return Value();
  });
}

}  // namespace

const std::vector<Function>& ReplaceEditors() {
  const Param function{"function", K::kFunction, true}, format{"replacement_format", K::kAny, true};
  static const auto* const table = new std::vector<Function>{
      {"replace_pattern", {{"target", K::kPath}, {"regex_pattern", K::kText}, {"replacement"}, function, format}, ReplacePattern},
      {"replace_all_patterns",
       {{"target", K::kPath}, {"mode", K::kText}, {"regex_pattern", K::kText}, {"replacement"}, function, format},
       ReplaceAllPatterns},
      {"replace_match", {{"target", K::kPath}, {"pattern", K::kText}, {"replacement"}, function, format}, ReplaceMatch},
      {"replace_all_matches", {{"target", K::kPath}, {"pattern", K::kText}, {"replacement"}, function, format}, ReplaceAllMatches},
  };
  return *table;
}

}  // namespace otelpipe::ottl
