#include "admin/statistics.hpp"

namespace gangway::admin {

void write_statistics(JsonWriter& json, const Statistics& statistics, const config::Config& config,
                      std::size_t in_flight) {
    json.begin_object();
    json.key("started_at");
    json.time(statistics.started_usec);

    json.key("connections");
    json.begin_object();
    json.member("open", statistics.connections_open);
    json.member("max", config.max_connections);
    json.member("accepted", statistics.connections_accepted);
    json.member("refused", statistics.connections_refused);
    json.end_object();

    json.key("requests");
    json.begin_object();
    json.member("in_flight", in_flight);
    json.member("max", config.max_requests);
    json.member("max_per_process", config.max_requests_per_process);
    json.member("answered", statistics.answered);
    json.member("forwarded", statistics.forwarded);
    json.member("retried", statistics.retried);
    json.member("upgraded", statistics.upgraded);
    json.member("aborted", statistics.aborted);
    json.end_object();

    json.key("bytes");
    json.begin_object();
    json.member("to_processes", statistics.bytes_to_processes);
    json.member("from_processes", statistics.bytes_from_processes);
    json.end_object();

    json.key("errors");
    json.begin_object();
    for (std::size_t i = 0; i < statistics.errors.size(); i++) {
        if (statistics.errors[i] > 0) {
            json.member(name(static_cast<Code>(i)), statistics.errors[i]);
        }
    }
    json.end_object();
    json.end_object();
}

} // namespace gangway::admin
