// OTELPIPE_RETURN_IF_ERROR and OTELPIPE_ASSIGN_OR_RETURN: early return for absl::Status and absl::StatusOr.
//
//   OTELPIPE_RETURN_IF_ERROR(service->Start());
//   OTELPIPE_ASSIGN_OR_RETURN(auto config, Config::Load(path));
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"

#define OTELPIPE_RETURN_IF_ERROR(expr)                    \
  do {                                                    \
    absl::Status otelpipe_status_ = (expr);               \
    if (!otelpipe_status_.ok()) return otelpipe_status_;  \
  } while (false)

#define OTELPIPE_CONCAT_INNER_(a, b) a##b
#define OTELPIPE_CONCAT_(a, b) OTELPIPE_CONCAT_INNER_(a, b)
#define OTELPIPE_ASSIGN_OR_RETURN_(tmp, lhs, expr) \
  auto tmp = (expr);                               \
  if (!tmp.ok()) return tmp.status();              \
  lhs = std::move(tmp).value()
#define OTELPIPE_ASSIGN_OR_RETURN(lhs, expr) \
  OTELPIPE_ASSIGN_OR_RETURN_(OTELPIPE_CONCAT_(otelpipe_or_, __LINE__), lhs, expr)

namespace otelpipe {

// A status with the same code and `prefix` before its message; payloads are kept. OK stays OK.
absl::Status Annotate(const absl::Status& status, std::string_view prefix);

}  // namespace otelpipe
