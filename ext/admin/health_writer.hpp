// How results of health checks are written as JSON (docs/health.md).
//
// Pure.
#pragma once

#include "admin/json_writer.hpp"
#include "health/round.hpp"
#include "health/verdict.hpp"

namespace gangway::admin {

void write_result(JsonWriter& json, const health::Subject& subject, const health::Result& result);
void write_summary(JsonWriter& json, const health::Summary& summary);
// "0.001234"
void write_seconds(JsonWriter& json, std::chrono::microseconds duration);

} // namespace gangway::admin
