// The messages of the gRPC library in the agent's own log.
//
// By itself that library prints its errors (a failed TLS handshake, mostly) to standard error, in a form of its own.
// Where they go is a setting of the whole process, so only the agent changes it: a program that embeds otelpipe decides
// for itself, with gpr_set_log_function. GRPC_VERBOSITY of the environment still says what is told: NONE, ERROR (the
// default), INFO, DEBUG.
#pragma once

#include <memory>

#include "otelpipe/component/telemetry.h"

namespace otelpipe::agent {

// Errors become warnings (nearly all are a peer's), the rest keeps its level. May be called again with another sink.
// Without effect when the agent is built without gRPC. Any thread.
void RouteGrpcLog(std::shared_ptr<LogSink> sink);

}  // namespace otelpipe::agent
