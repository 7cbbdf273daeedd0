#include "text/served_request.hpp"

#include "text/printable.hpp"

namespace gangway {

namespace {

constexpr std::size_t most_of_path = 200; // of a sentence

std::string describe(const ServedRequest& request) {
    std::string text = request.method + " " + shortened(request.path, most_of_path);
    if (request.is_own) {
        text += " through Gangway";
    } else if (!request.client.empty()) {
        text += " from " + request.client;
    }
    return printable(text);
}

} // namespace

std::string describe(std::span<const ServedRequest> requests, std::size_t all) {
    if (requests.empty()) {
        return {};
    }
    const std::string oldest = describe(requests.front());
    return all > 1 ? std::to_string(all) + " requests, the oldest " + oldest : oldest;
}

void write(JsonWriter& json, std::span<const ServedRequest> requests) {
    json.begin_array();
    for (const ServedRequest& request : requests) {
        json.begin_object();
        json.member("method", request.method);
        json.member("path", request.path);
        json.member("via", request.is_own ? via_gangway : via_visitor);
        string_or_null(json, "client", request.client);
        json.key("started_at");
        json.time(request.began_at_usec);
        json.end_object();
    }
    json.end_array();
}

} // namespace gangway
