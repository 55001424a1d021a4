// The encoder behind Batch::wire(): the message in pieces, so that nothing is copied when it outgrows a piece.
#pragma once

#include "otelpipe/pdata/batch.h"

namespace otelpipe::internal {

WireBytes EncodeWire(const LogsData& data);
WireBytes EncodeWire(const TracesData& data);
WireBytes EncodeWire(const MetricsData& data);

}  // namespace otelpipe::internal
