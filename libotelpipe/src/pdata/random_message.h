// Random OTLP messages for tests, built through reflection so that every field of the schema takes part.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "google/protobuf/message.h"

namespace otelpipe::testing {

// Fills `message`. Ids have their right length or none; messages that OTLP encoders always write are always there, so that a
// message and its re-encoding compare equal. Deprecated fields stay empty.
void FillRandom(google::protobuf::Message& message, std::mt19937_64& random, int depth = 0);

// Calls change(text) for each trace and span id in the message.
template <typename F>
void ForEachId(google::protobuf::Message& message, F change) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      if (field->is_repeated()) {
        for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
          ForEachId(*reflection->MutableRepeatedMessage(&message, field, i), change);
        }
      } else {
        ForEachId(*reflection->MutableMessage(&message, field), change);
      }
    } else if (field->type() == google::protobuf::FieldDescriptor::TYPE_BYTES && field->name() != "bytes_value") {
      reflection->SetString(&message, field, change(reflection->GetString(message, field)));
    }
  }
}

}  // namespace otelpipe::testing
