#include "gangway/view/process_text.hpp"

#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/view/process_values.hpp"

#include <algorithm>
#include <vector>

namespace gangway::command {

namespace {

std::string line(const std::string& key, std::size_t key_columns, const std::string& value) {
    const std::string shown = printable(key);
    const std::size_t columns = display_columns(shown);
    const std::string padding(key_columns > columns ? key_columns - columns : 0, ' ');
    return shown + padding + "  " + value + "\n";
}

// "unix:/… (session, concurrency 1, 0 sessions, takes requests)"
std::string socket_text(const Json::Value& socket) {
    const std::string description = printable(json_text(json_member(socket, "description")));
    const Json::Value& accepts = json_member(socket, "accept_http_requests");
    return process_value(socket, "address") + " (" + process_value(socket, "protocol") +
           ", concurrency " + process_value(socket, "concurrency") + ", sessions " +
           process_value(socket, "sessions") +
           (accepts.isBool() && accepts.asBool() ? ", takes visitors' requests" : "") +
           (description.empty() ? "" : ", " + description) + ")";
}

} // namespace

std::string process_text(const Json::Value& process) {
    const std::vector<std::string> fields = process_fields(process);
    std::size_t key_columns = 0;
    for (const std::string& field : fields) {
        key_columns = std::max(key_columns, display_columns(printable(field)));
    }
    std::string text;
    for (const std::string& field : fields) {
        const Json::Value& value = json_member(process, field.c_str());
        if (field == "sockets" && value.isArray() && !value.empty()) {
            for (const Json::Value& socket : value) {
                text += line("socket", key_columns, socket_text(socket));
            }
            continue;
        }
        std::string shown = process_value(process, field);
        if (field.ends_with("_bytes") && value.isUInt64() && value.asUInt64() >= 1024) {
            shown += " (" + json_text(value) + ")";
        }
        text += line(field, key_columns, shown);
    }
    return text;
}

} // namespace gangway::command
