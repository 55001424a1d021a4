// Operator `redact`: masks long numbers in one field of an entry, while the line is being parsed.
//
//   receivers:
//     filelog:
//       operators:
//         - type: redact
//           field: body
#pragma once

#include <string_view>

#include "otelpipe/operator/transformer.h"

namespace redact {

class RedactOperator final : public otelpipe::Transformer {
 public:
  static constexpr std::string_view kType = "redact";
  // `id`, `output`, `if` and `on_error` come with the base.
  struct Config : otelpipe::TransformerConfig {
    otelpipe::FieldPath field = otelpipe::FieldPath::Body();
    int64_t min_digits = 12;
    static void Describe(otelpipe::Fields<Config>& f);
  };

  RedactOperator(const Config& config, otelpipe::OperatorContext context);
  // Called once while the service is built; mistakes found here are reported with their place.
  absl::Status Init();

 protected:
  absl::Status Transform(otelpipe::Entry& entry) override;

 private:
  otelpipe::FieldPath field_;
  int min_digits_;
};

}  // namespace redact
