#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "regex/program.h"
#include "otelpipe/regex/utf8.h"

namespace otelpipe::regex {
namespace {

using Kind = SyntaxNode::Kind;
using Op = Node::Op;

constexpr size_t kMaxNodes = 512;

// What is known about everything from a node to the end of the pattern.
struct Tail {
  enum class Accepts {
    kOther,
    kAlways,   // matches whatever comes, perhaps using nothing
    kToEnd,    // matches exactly the rests of the text made of members of `members`
  };

  NextSet first;
  Accepts accepts = Accepts::kOther;
  std::bitset<256> members;  // by byte; all or none of 0x80 to 0xFF
};

bool IsPlainLiteral(const SyntaxNode& node) {
  if (node.kind != Kind::kClass || !node.chars.is_single()) return false;
  const uint32_t rune = node.chars.ranges()[0].low;
  // U+FFFD also stands for bad bytes, and no text holds a surrogate.
  return rune != kRuneError && (rune < 0xD800 || rune > 0xDFFF);
}

// The text of a node that is nothing but literals.
bool LiteralText(const SyntaxNode& node, std::string& text) {
  if (IsPlainLiteral(node)) {
    AppendRune(node.chars.ranges()[0].low, text);
    return true;
  }
  if (node.kind != Kind::kConcat) return false;
  return std::all_of(node.subs.begin(), node.subs.end(),
                     [&](const auto& sub) { return LiteralText(*sub, text); });
}

// No two of the texts such that one begins the other.
bool PrefixFree(const std::vector<std::string>& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    for (size_t k = 0; k < texts.size(); ++k) {
      if (i != k && texts[k].compare(0, texts[i].size(), texts[i]) == 0) return false;
    }
  }
  return true;
}

CharSet MakeCharSet(const CharClass& chars) {
  CharSet set;
  bool all_wide = false;
  bool any_wide = false;
  for (const CharClass::Range& range : chars.ranges()) {
    for (uint32_t c = range.low; c <= range.high && c < 0x80; ++c) set.table[c] = 1;
    any_wide = any_wide || range.high >= 0x80;
    all_wide = all_wide || (range.low <= 0x80 && range.high == kMaxRune);
  }
  if (all_wide) {
    set.wide = CharSet::Wide::kAll;
    std::fill(set.table.begin() + 0x80, set.table.end(), uint8_t{1});
    size_t stops = 0;
    for (size_t c = 0; c < 0x80; ++c) {
      if (set.table[c] != 0) continue;
      if (stops < CharSet::kMaxStops) set.stops[stops].fill(static_cast<uint8_t>(c));
      ++stops;
    }
    if (stops == 0) {
      set.scan = CharSet::Scan::kEverything;
    } else if (stops <= CharSet::kMaxStops) {
      set.scan = CharSet::Scan::kStops;
      set.stop_count = static_cast<uint8_t>(stops);
    }
  } else if (any_wide) {
    set.wide = CharSet::Wide::kSome;
    set.scan = CharSet::Scan::kRanges;
    set.wide_ranges = chars;
  }
  return set;
}

// Bytes that can begin a member. Too many rather than too few beyond ASCII.
NextSet FirstBytes(const CharSet& set) {
  NextSet first;
  for (size_t c = 0; c < 256; ++c) {
    first[c] = set.table[c] != 0 || (c >= 0x80 && set.wide != CharSet::Wide::kNone);
  }
  return first;
}

std::array<uint8_t, 257> ToTable(const NextSet& set) {
  std::array<uint8_t, 257> table{};
  for (size_t i = 0; i < table.size(); ++i) table[i] = set[i] ? 1 : 0;
  return table;
}

int32_t OnlyByte(const NextSet& set) {
  if (set.count() != 1 || set[kTextEnd]) return -1;
  for (size_t c = 0; c < 256; ++c) {
    if (set[c]) return static_cast<int32_t>(c);
  }
  return -1;
}

// First bytes of a node that cannot be empty.
NextSet FirstOf(const SyntaxNode& node, const NextSet& follow) {
  switch (node.kind) {
    case Kind::kClass: {
      if (IsPlainLiteral(node)) {
        std::string text;
        LiteralText(node, text);
        NextSet first;
        first.set(static_cast<unsigned char>(text[0]));
        return first;
      }
      return FirstBytes(MakeCharSet(node.chars));
    }
    case Kind::kCapture:
      return FirstOf(*node.subs[0], follow);
    case Kind::kRepeat: {
      if (node.max == 0) return follow;
      const NextSet first = FirstOf(*node.subs[0], follow);
      return node.min == 0 ? first | follow : first;
    }
    case Kind::kConcat: {
      NextSet first = follow;
      for (auto sub = node.subs.rbegin(); sub != node.subs.rend(); ++sub) {
        first = FirstOf(**sub, first);
      }
      return first;
    }
    case Kind::kAlternate: {
      NextSet first;
      for (const auto& sub : node.subs) first |= FirstOf(*sub, follow);
      return first;
    }
    default:
      return follow;
  }
}

// Widens a range of capture slots to hold those of the groups inside a node.
void SlotRange(const SyntaxNode& node, uint32_t& first, uint32_t& end) {
  if (node.kind == Kind::kCapture) {
    const auto slot = static_cast<uint32_t>(node.group) * 2;
    if (first == end) {
      first = slot;
      end = slot + 2;
    }
    first = std::min(first, slot);
    end = std::max(end, slot + 2);
  }
  for (const auto& sub : node.subs) SlotRange(*sub, first, end);
}

// Whether every match begins at the beginning of the text.
bool BeginsWithText(const SyntaxNode& node) {
  switch (node.kind) {
    case Kind::kBeginText:
      return true;
    case Kind::kCapture:
      return BeginsWithText(*node.subs[0]);
    case Kind::kRepeat:
      return node.min > 0 && BeginsWithText(*node.subs[0]);
    case Kind::kConcat:
      return !node.subs.empty() && BeginsWithText(*node.subs[0]);
    case Kind::kAlternate:
      return std::all_of(node.subs.begin(), node.subs.end(),
                         [](const auto& sub) { return BeginsWithText(*sub); });
    default:
      return false;
  }
}

// Builds nodes back to front: each function gets the node to go on with and returns the one to enter.
// kNone means that the pattern is not for the scanner.
class Compiler {
 public:
  std::unique_ptr<const Program> Run(const ParsedPattern& pattern) {
    if (pattern.group_names.size() > kMaxScannedGroups) return nullptr;
    program_->scratch_slot = static_cast<uint8_t>(2 * pattern.group_names.size());
    Tail end;
    end.first.set();
    end.accepts = Tail::Accepts::kAlways;
    const uint32_t match = Add(Op::kMatch, 0, end);
    const uint32_t start = Compile(*pattern.root, match);
    if (start == kNone || program_->nodes.size() > kMaxNodes ||
        program_->conditional_end - program_->conditional_first > Program::kMaxConditionalSlots) {
      return nullptr;
    }
    const NextSet& first = tails_[start].first;
    program_->anchored = BeginsWithText(*pattern.root);
    // An anchored search begins at the beginning, so it need not look.
    const Node& entry = program_->nodes[start];
    const bool skip = program_->anchored && entry.op == Op::kBeginText &&
                      entry.captures[0] == program_->scratch_slot;
    program_->start = skip ? entry.next : static_cast<uint16_t>(start);
    program_->first = ToTable(first);
    program_->first_byte = OnlyByte(first);
    program_->first_is_ascii = true;
    for (size_t c = 0x80; c < 256; ++c) {
      if (first[c]) program_->first_is_ascii = false;
    }
    return std::move(program_);
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t Add(Node node, Tail tail) {
    program_->nodes.push_back(node);
    tails_.push_back(std::move(tail));
    return static_cast<uint32_t>(program_->nodes.size() - 1);
  }

  uint32_t Add(Op op, uint32_t next, Tail tail) { return Add(NewNode(op, next), std::move(tail)); }

  Node NewNode(Op op, uint32_t next) const {
    Node node;
    node.op = op;
    node.next = static_cast<uint16_t>(next);
    for (uint8_t& slot : node.captures) slot = program_->scratch_slot;
    return node;
  }

  static LiteralWord WordOf(const std::string& text) {
    LiteralWord literal;
    if (text.size() > sizeof(literal.word)) return literal;
    std::memcpy(&literal.word, text.data(), text.size());
    std::memset(&literal.mask, 0xFF, text.size());
    return literal;
  }

  const CharSet* AddSet(CharSet set) {
    program_->sets.push_back(std::move(set));
    return &program_->sets.back();
  }

  uint32_t Compile(const SyntaxNode& node, uint32_t next) {
    if (program_->nodes.size() > kMaxNodes) return kNone;
    switch (node.kind) {
      case Kind::kEmpty:
        return next;
      case Kind::kClass:
        return CompileClass(node, next);
      case Kind::kOpaque:
        return kNone;
      case Kind::kBeginText:
        return Assertion(Op::kBeginText, next, tails_[next].first);
      case Kind::kEndText: {
        NextSet first;
        first.set(kTextEnd);
        return Assertion(Op::kEndText, next, first & tails_[next].first);
      }
      case Kind::kBeginLine:
        return Assertion(Op::kBeginLine, next, tails_[next].first);
      case Kind::kEndLine: {
        NextSet first;
        first.set(kTextEnd);
        first.set('\n');
        return Assertion(Op::kEndLine, next, first & tails_[next].first);
      }
      case Kind::kWordBoundary:
        return Assertion(Op::kWordBoundary, next, tails_[next].first);
      case Kind::kNoWordBoundary:
        return Assertion(Op::kNoWordBoundary, next, tails_[next].first);
      case Kind::kCapture: {
        const auto slot = static_cast<uint32_t>(node.group) * 2;
        const uint32_t end = Capture(slot + 1, next);
        const uint32_t body = Compile(*node.subs[0], end);
        return body == kNone ? kNone : Capture(slot, body);
      }
      case Kind::kRepeat:
        return CompileRepeat(node, next);
      case Kind::kConcat:
        return CompileConcat(node, next);
      case Kind::kAlternate:
        return CompileAlternate(node, next);
    }
    return kNone;
  }

  uint32_t Assertion(Op op, uint32_t next, const NextSet& first) {
    Tail tail;
    tail.first = first;
    if (op == Op::kEndText && tails_[next].accepts == Tail::Accepts::kAlways) {
      tail.accepts = Tail::Accepts::kToEnd;
    }
    return Add(op, next, std::move(tail));
  }

  // A copy of the next node that writes a slot as well: the node itself may be entered on other ways, too. A
  // full node gets a step of its own before it.
  uint32_t Capture(uint32_t slot, uint32_t next) {
    Node node = program_->nodes[next];
    uint8_t* free = std::find(std::begin(node.captures), std::end(node.captures),
                              program_->scratch_slot);
    if (free == std::end(node.captures)) {
      node = NewNode(Op::kShortLiteral, next);
      free = node.captures;
    }
    *free = static_cast<uint8_t>(slot);
    return Add(node, tails_[next]);
  }

  uint32_t CompileLiteral(std::string text, uint32_t next) {
    Tail tail;
    tail.first.set(static_cast<unsigned char>(text[0]));
    if (text.size() > sizeof(uint64_t)) {
      Node node = NewNode(Op::kLongLiteral, next);
      program_->texts.push_back(std::move(text));
      node.text = &program_->texts.back();
      return Add(node, std::move(tail));
    }
    Node node = NewNode(text.size() == 1 ? Op::kByte : Op::kShortLiteral, next);
    node.literal = WordOf(text);
    node.length = static_cast<uint8_t>(text.size() == 1 ? text[0] : text.size());
    return Add(node, std::move(tail));
  }

  uint32_t CompileClass(const SyntaxNode& syntax, uint32_t next) {
    if (IsPlainLiteral(syntax)) {
      std::string text;
      LiteralText(syntax, text);
      return CompileLiteral(std::move(text), next);
    }
    Node node = NewNode(Op::kOne, next);
    node.set = AddSet(MakeCharSet(syntax.chars));
    Tail tail;
    tail.first = FirstBytes(*node.set);
    return Add(node, std::move(tail));
  }

  uint32_t CompileConcat(const SyntaxNode& syntax, uint32_t next) {
    for (size_t end = syntax.subs.size(); end > 0 && next != kNone;) {
      size_t begin = end;
      while (begin > 0 && IsPlainLiteral(*syntax.subs[begin - 1])) --begin;
      if (begin == end) {
        --end;
        next = Compile(*syntax.subs[end], next);
        continue;
      }
      std::string text;
      for (size_t i = begin; i < end; ++i) LiteralText(*syntax.subs[i], text);
      next = CompileLiteral(std::move(text), next);
      end = begin;
    }
    return next;
  }

  uint32_t CompileAlternate(const SyntaxNode& syntax, uint32_t next) {
    std::vector<std::string> texts(syntax.subs.size());
    bool literals = true;
    for (size_t i = 0; i < texts.size() && literals; ++i) {
      literals = LiteralText(*syntax.subs[i], texts[i]) && !texts[i].empty();
    }
    if (literals && PrefixFree(texts)) {
      Choice choice;
      Tail tail;
      for (std::string& text : texts) {
        tail.first.set(static_cast<unsigned char>(text[0]));
        choice.texts.push_back({WordOf(text), std::move(text)});
      }
      return AddChoice(Op::kLiterals, std::move(choice), std::move(tail), next);
    }
    std::vector<uint32_t> branches;
    for (const auto& sub : syntax.subs) {
      branches.push_back(Compile(*sub, next));
      if (branches.back() == kNone) return kNone;
    }
    // Long lists become a chain: the last branch of a full choice is the choice among the rest.
    while (branches.size() > Choice::kMaxBranches) {
      const size_t keep = branches.size() - Choice::kMaxBranches;
      const std::vector<uint32_t> rest(branches.begin() + static_cast<ptrdiff_t>(keep),
                                       branches.end());
      const uint32_t choice = CompileChoice(rest, syntax);
      if (choice == kNone) return kNone;
      branches.resize(keep);
      branches.push_back(choice);
    }
    return CompileChoice(branches, syntax);
  }

  uint32_t AddChoice(Op op, Choice choice, Tail tail, uint32_t next) {
    program_->choices.push_back(std::move(choice));
    Node node = NewNode(op, next);
    node.choice = &program_->choices.back();
    return Add(node, std::move(tail));
  }

  // A choice among nodes; `syntax` holds the groups that they may capture.
  uint32_t CompileChoice(const std::vector<uint32_t>& branches, const SyntaxNode& syntax) {
    Choice choice;
    SlotRange(syntax, program_->conditional_first, program_->conditional_end);
    Tail tail;
    std::vector<NextSet> firsts;
    for (const uint32_t branch : branches) {
      firsts.push_back(tails_[branch].first);
      tail.first |= firsts.back();
    }
    choice.targets = Targets(branches);
    FillEligible(choice, firsts);
    return AddChoice(Op::kChoice, std::move(choice), std::move(tail), 0);
  }

  static std::vector<uint16_t> Targets(const std::vector<uint32_t>& nodes) {
    return {nodes.begin(), nodes.end()};
  }

  static void FillEligible(Choice& choice, const std::vector<NextSet>& firsts) {
    for (size_t i = 0; i < firsts.size(); ++i) {
      for (size_t c = 0; c < choice.eligible.size(); ++c) {
        if (firsts[i][c]) choice.eligible[c] |= static_cast<uint8_t>(1u << i);
      }
    }
  }

  uint32_t CompileRepeat(const SyntaxNode& syntax, uint32_t next) {
    const SyntaxNode& body = *syntax.subs[0];
    if (syntax.max == 0) {
      SlotRange(body, program_->conditional_first, program_->conditional_end);
      return next;
    }
    program_->repeat_size += static_cast<uint32_t>(std::max(syntax.min, syntax.max));
    if (body.kind == Kind::kClass) return CompileRun(syntax, body, next);
    if (syntax.min == 1 && syntax.max == 1) return Compile(body, next);
    const bool unlimited = syntax.max == SyntaxNode::kUnlimited;
    if (CanMatchEmpty(body) && (unlimited || syntax.max > 1)) return kNone;

    // x{2,} is xx+, x{2,4} is xx(x(x)?)?
    if (unlimited) {
      next = CompileLoop(syntax, body, next);
      for (int i = 1; i < syntax.min && next != kNone; ++i) next = Compile(body, next);
      return next;
    }
    const uint32_t after = next;
    for (int i = syntax.min; i < syntax.max && next != kNone; ++i) {
      const uint32_t entry = Compile(body, next);
      if (entry == kNone) return kNone;
      next = CompileChoice(Ordered(syntax.greedy, entry, after), body);
    }
    for (int i = 0; i < syntax.min && next != kNone; ++i) next = Compile(body, next);
    return next;
  }

  static std::vector<uint32_t> Ordered(bool greedy, uint32_t entry, uint32_t skip) {
    return greedy ? std::vector<uint32_t>{entry, skip} : std::vector<uint32_t>{skip, entry};
  }

  // x* or x+, where x is never empty.
  uint32_t CompileLoop(const SyntaxNode& syntax, const SyntaxNode& body, uint32_t next) {
    Choice choice;
    SlotRange(body, program_->conditional_first, program_->conditional_end);
    const NextSet body_first = FirstOf(body, NextSet());
    const NextSet& exit_first = tails_[next].first;
    FillEligible(choice, syntax.greedy ? std::vector<NextSet>{body_first, exit_first}
                                       : std::vector<NextSet>{exit_first, body_first});
    Tail tail;
    tail.first = body_first | exit_first;
    const uint32_t loop = AddChoice(Op::kChoice, std::move(choice), std::move(tail), 0);
    Choice& added = program_->choices.back();
    const uint32_t entry = Compile(body, loop);
    if (entry == kNone) return kNone;
    added.targets = Targets(Ordered(syntax.greedy, entry, next));
    return syntax.min == 0 ? loop : entry;
  }

  uint32_t CompileRun(const SyntaxNode& syntax, const SyntaxNode& body, uint32_t next) {
    const Tail& after = tails_[next];
    CharSet set = MakeCharSet(body.chars);
    const NextSet members = FirstBytes(set);
    const bool unlimited = syntax.max == SyntaxNode::kUnlimited;

    Tail tail;
    tail.first = syntax.min == 0 ? members | after.first : members;
    if (syntax.min == 0 && set.wide != CharSet::Wide::kSome) ExtendTail(set, unlimited, after, tail);

    const bool one_end = (members & after.first).none();
    const bool rest_shrinks = syntax.greedy && after.accepts != Tail::Accepts::kOther;
    Node node = NewNode(Op::kRun, next);
    node.min = static_cast<uint16_t>(syntax.min);
    node.max = unlimited ? Node::kUnlimited : static_cast<uint16_t>(syntax.max);
    if (one_end || rest_shrinks) {
      node.op = RunOp(set, node.min, node.max);
    } else {
      node.op = syntax.greedy ? Op::kRunGreedy : Op::kRunLazy;
      node.follow = static_cast<uint16_t>(program_->follows.size());
      node.follow_byte = static_cast<int16_t>(OnlyByte(after.first));
      program_->follows.push_back(ToTable(after.first));
    }
    node.set = AddSet(std::move(set));
    return Add(node, std::move(tail));
  }

  // The cheapest step for a run that has one possible end.
  static Op RunOp(const CharSet& set, uint16_t min, uint16_t max) {
    if (min == 0 && max == 1 && set.wide == CharSet::Wide::kNone) return Op::kMaybeAscii;
    if (min > 1 || max != Node::kUnlimited) return Op::kCountedRun;
    if (set.scan != CharSet::Scan::kStops) return Op::kRun;
    constexpr Op kByStops[] = {Op::kRunToStop1, Op::kRunToStop2, Op::kRunToStop3};
    return set.stop_count <= 3 ? kByStops[set.stop_count - 1] : Op::kRun;
  }

  // What a run that may be empty, followed by `after`, accepts.
  static void ExtendTail(const CharSet& set, bool unlimited, const Tail& after, Tail& tail) {
    if (after.accepts == Tail::Accepts::kAlways) {
      tail.accepts = Tail::Accepts::kAlways;
      return;
    }
    if (after.accepts != Tail::Accepts::kToEnd) return;
    std::bitset<256> members;
    for (size_t c = 0; c < 256; ++c) members[c] = set.table[c] != 0;
    if ((members & ~after.members).none()) {
      tail.accepts = Tail::Accepts::kToEnd;
      tail.members = after.members;
    } else if (unlimited && (after.members & ~members).none()) {
      tail.accepts = Tail::Accepts::kToEnd;
      tail.members = members;
    }
  }

  std::unique_ptr<Program> program_ = std::make_unique<Program>();
  std::vector<Tail> tails_;  // one per node
};

}  // namespace

std::unique_ptr<const Program> CompileProgram(const ParsedPattern& pattern) {
  return Compiler().Run(pattern);
}

}  // namespace otelpipe::regex
