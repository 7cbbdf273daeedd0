// How results of health checks are written as JSON (docs/health.md).
//
// Pure.
#pragma once

#include "check/verdict.hpp"
#include "health/round.hpp"
#include "text/json_writer.hpp"

namespace gangway::endpoints {

void write_result(JsonWriter& json, const pool::Subject& subject, const check::Result& result);
void write_summary(JsonWriter& json, const health::Summary& summary);
// "0.001234"
void write_seconds(JsonWriter& json, std::chrono::microseconds duration);

} // namespace gangway::endpoints
