// router: sends an entry to the outputs of the first route whose expression holds.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/operator.h"

namespace otelpipe {

class Router final : public LogOperator {
 public:
  static constexpr std::string_view kType = "router";
  struct RouteConfig {
    std::string expr;
    std::vector<std::string> output;
    std::map<std::string, std::string> attributes;
    static void Describe(Fields<RouteConfig>& f);
  };
  struct Config {
    std::string type;
    std::string id;
    std::vector<RouteConfig> routes;
    std::vector<std::string> default_output;
    static void Describe(Fields<Config>& f);
  };
  Router(const Config& config, OperatorContext context);
  absl::Status Init();

  absl::Status Process(Entry& entry) override;
  std::vector<std::string> Outputs() const override;
  // What no route takes is dropped, so there is no way on by list order.
  bool can_output() const override { return false; }
  absl::Status Connect(const std::function<LogOperator*(std::string_view)>& find, LogOperator* next) override;

 private:
  struct Route {
    std::shared_ptr<const Expression> expression;  // null: always
    std::vector<std::string> output_ids;
    std::vector<LogOperator*> outputs;
    std::vector<std::pair<std::string_view, TemplateText>> attributes;
  };
  absl::Status Send(Route& route, Entry& entry);

  Config config_;
  OperatorContext context_;
  std::vector<Route> routes_;
};

}  // namespace otelpipe
