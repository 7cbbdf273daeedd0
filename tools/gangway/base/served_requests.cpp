#include "gangway/base/served_requests.hpp"

#include "gangway/base/json_text.hpp"
#include "gangway/base/rfc3339.hpp"

#include <chrono>

namespace gangway::command {

std::vector<ServedRequest> served_requests(const Json::Value& array) {
    std::vector<ServedRequest> requests;
    for (const Json::Value& row : array.isArray() ? array : Json::Value(Json::arrayValue)) {
        if (!row.isObject()) {
            continue;
        }
        ServedRequest request;
        request.method = json_text(json_member(row, "method"));
        request.path = json_text(json_member(row, "path"));
        request.client = json_text(json_member(row, "client"));
        request.is_own = json_text(json_member(row, "via")) == via_gangway;
        if (const auto began = parse_rfc3339(json_text(json_member(row, "started_at")))) {
            request.began_at_usec = static_cast<std::uint64_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(began->time_since_epoch())
                    .count());
        }
        requests.push_back(std::move(request));
    }
    return requests;
}

} // namespace gangway::command
