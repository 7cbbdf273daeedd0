#include "endpoints/health_writer.hpp"

#include "text/duration.hpp"

namespace gangway::endpoints {

void write_seconds(JsonWriter& json, std::chrono::microseconds duration) {
    json.raw_number(print_seconds(duration));
}

void write_result(JsonWriter& json, const pool::Subject& subject, const check::Result& result) {
    const bool asked = !result.route.empty();
    json.begin_object();
    json.member("pid", subject.pid);
    json.member("gupid", subject.gupid);
    json.member("group", subject.group);
    json.member("state", check::word(result.verdict));
    string_or_null(json, "reason", check::word(result.reason));
    string_or_null(json, "detail", result.detail);
    json.key("status");
    if (result.status != 0) {
        json.number(result.status);
    } else {
        json.null();
    }
    json.key("latency_seconds");
    if (asked) {
        write_seconds(json, result.latency);
    } else {
        json.null();
    }
    json.member("body_bytes", result.body_bytes);
    string_or_null(json, "route", result.route);
    json.key("busy_since");
    if (result.busy_since_usec) {
        json.time(*result.busy_since_usec);
    } else {
        json.null();
    }
    if (result.busy_since_usec) {
        json.key("requests");
        write(json, result.requests);
    }
    json.key("checked_at");
    json.time(result.checked_at_usec);
    json.end_object();
}

void write_summary(JsonWriter& json, const health::Summary& summary) {
    json.begin_object();
    json.member("total", summary.total());
    json.member("healthy", summary.healthy);
    json.member("unhealthy", summary.unhealthy);
    json.member("busy", summary.busy);
    json.member("skipped", summary.skipped);
    json.key("duration_seconds");
    write_seconds(json, summary.duration);
    json.member("deadline_reached", summary.deadline_reached);
    json.end_object();
}

} // namespace gangway::endpoints
