// headers_setter: sets headers of outgoing requests, from fixed values, from the request that brought the data, or from what its authenticator found out.
//
//   headers_setter: {headers: [{action: upsert, key: X-Scope-OrgID, from_context: x-scope-orgid, default_value: none}]}
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/component/header_editor.h"

namespace otelpipe {

// The actions run in their order, on HTTP over the headers the request has, on gRPC over what the actions before have set.
// An action without a value (nothing in the context, no default) sets an empty header, as in the reference.
class HeadersSetter final : public Extension, public ClientAuth, public HeaderEditor {
 public:
  static constexpr std::string_view kType = "headers_setter";
  static constexpr std::string_view kStability = "alpha";

  struct Header {
    std::string action;
    std::string key;
    std::optional<std::string> value;
    std::optional<std::string> from_context;
    std::optional<std::string> from_attribute;
    std::optional<std::string> default_value;
    static void Describe(Fields<Header>& f);
  };
  struct Config {
    std::vector<Header> headers;
    std::optional<ComponentId> additional_auth;
    static void Describe(Fields<Config>& f);
  };

  HeadersSetter(Config config, Context context);
  // FailedPrecondition when additional_auth names no client authenticator.
  absl::Status Start(Host& host) override;
  // InvalidArgument when the context holds several values for one header.
  absl::StatusOr<Headers> RequestHeaders(const ClientInfo* client) override;
  absl::Status EditHeaders(const ClientInfo* client, Headers& headers) override;
  bool requires_tls() const override;

 private:
  absl::Status Apply(const ClientInfo* client, Headers& headers) const;

  Config config_;  // keys in lower case
  Context context_;
  ClientAuth* additional_ = nullptr;
};

}  // namespace otelpipe
