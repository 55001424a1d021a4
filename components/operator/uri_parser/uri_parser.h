// uri_parser: the parts of a URI become fields.
#pragma once

#include <string_view>
#include <utility>

#include "shared/text/url.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {

class UriParser final : public Parser {
 public:
  static constexpr std::string_view kType = "uri_parser";
  struct Config : ParserConfig {
    static void Describe(Fields<Config>& f) { f.InlineBase<ParserConfig>(); }
  };
  UriParser(const Config& config, OperatorContext context);
  absl::Status Init() { return Parser::Init(); }

 protected:
  absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override;

 private:
  // Keys of our own live as long as the program.
  void Put(Map& map, Arena& arena, std::string_view key, std::string_view text) const;
  void PutEcs(Map& map, Arena& arena, const uri::Url& url) const;

  bool ecs_ = false;
};

}  // namespace otelpipe
