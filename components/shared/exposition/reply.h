// The HTTP side of a page of metrics: which format a scraper asks for, and the answer, packed when it may be.
//
//   const Format format = Negotiate(request.Header("Accept"), config.enable_open_metrics);
//   responder.Send(PageReply(request, format, page.Finish(), compressor));
#pragma once

#include <string>
#include <string_view>

#include "shared/compression/compression.h"
#include "shared/exposition/page.h"
#include "shared/http/http_server.h"

namespace otelpipe::exposition {

// OpenMetrics when it is allowed, asked for, and nothing that we write too is preferred to it. Protobuf is not written.
Format Negotiate(std::string_view accept, bool open_metrics_allowed);

// Of static storage: `text/plain; version=0.0.4; charset=utf-8; escaping=underscores`.
std::string_view ContentType(Format format);

// True when the header Accept-Encoding takes gzip.
bool TakesGzip(std::string_view accept_encoding);

// 200 with the page, by `gzip` (a Compressor of kind kGzip) when the client takes it.
HttpReply PageReply(const HttpServerRequest& request, Format format, std::string page, Compressor& gzip);

}  // namespace otelpipe::exposition
