// Answers of POST /v1/health for tests of the command, as docs/api.md has them.
#pragma once

#include "gangway/commands/health/stream.hpp"

#include <string>
#include <utility>

namespace gangway::command {

inline const std::string healthy_line =
    R"~({"result":{"pid":20387,"gupid":"a-1","group":"/srv/shop (production)","state":"healthy",)~"
    R"~("reason":null,"detail":null,"status":200,"latency_seconds":0.001234,"body_bytes":12,)~"
    R"~("route":"pool","busy_since":null,"checked_at":"2026-11-25T09:00:00.000000Z"}})~"
    "\n";

inline const std::string unhealthy_line =
    R"~({"result":{"pid":9,"gupid":"a-2","group":"/srv/shop (production)","state":"unhealthy",)~"
    R"~("reason":"first_byte_timeout","detail":"It took the request and said nothing.",)~"
    R"~("status":null,"latency_seconds":2.0,"body_bytes":0,"route":"pool","busy_since":null,)~"
    R"~("checked_at":"2026-11-25T09:00:00.000000Z"}})~"
    "\n";

inline const std::string busy_line =
    R"~({"result":{"pid":20388,"gupid":"b-1","group":"/srv/blog (production)","state":"busy",)~"
    R"~("reason":"busy","detail":"It serves a visitor.","status":null,"latency_seconds":null,)~"
    R"~("body_bytes":0,"route":null,"busy_since":"2026-11-25T08:59:59.000000Z","requests":[],)~"
    R"~("checked_at":"2026-11-25T09:00:00.000000Z"}})~"
    "\n";

// The last line, for so many processes.
inline std::string summary_line(unsigned healthy, unsigned unhealthy, unsigned busy,
                                unsigned skipped = 0, const char* deadline_reached = "false") {
    const auto member = [](const char* name, unsigned count) {
        return "\"" + std::string(name) + "\":" + std::to_string(count) + ",";
    };
    return "{\"summary\":{" + member("total", healthy + unhealthy + busy + skipped) +
           member("healthy", healthy) + member("unhealthy", unhealthy) + member("busy", busy) +
           member("skipped", skipped) +
           "\"duration_seconds\":0.0124,\"deadline_reached\":" + deadline_reached + "}}\n";
}

// What the command makes of an answer. Throws what HealthStream throws.
inline HealthReport report_of(const std::string& answer) {
    HealthStream stream;
    stream.feed(answer);
    return std::move(stream).finish();
}

} // namespace gangway::command
