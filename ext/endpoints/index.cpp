#include "endpoints/index.hpp"

#include "admin/call.hpp"
#include "endpoints/listing.hpp"
#include "text/json_writer.hpp"

namespace gangway::endpoints {

namespace {

using admin::Endpoint;
using admin::Parameter;

constexpr std::string_view page_type = "text/html";

// Nothing in the page is from elsewhere, and nothing from elsewhere may get into it.
constexpr std::string_view headers_of_page =
    "Vary: Accept\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n";

std::string_view word(admin::Need need) {
    return need == admin::Need::acts ? "acts" : "reads";
}

void write_parameter(JsonWriter& json, const Parameter& parameter) {
    json.begin_object();
    json.member("name", parameter.name);
    json.member("type", admin::word(parameter.type));
    json.member("required", parameter.is_required);
    json.member("need", word(parameter.need));
    json.member("help", parameter.help);
    if (parameter.words != nullptr) {
        json.key("words");
        json.begin_array();
        for (const std::string_view one : parameter.words()) {
            json.string(one);
        }
        json.end_array();
    }
    json.end_object();
}

void write_endpoint(JsonWriter& json, const Endpoint& endpoint) {
    json.begin_object();
    json.member("method", admin::word(endpoint.method));
    json.member("path", endpoint.path);
    json.member("need", word(endpoint.need));
    json.member("body", endpoint.takes_body);
    json.member("help", endpoint.help);
    json.key("parameters");
    json.begin_array();
    for (const Parameter& parameter : endpoint.parameters) {
        write_parameter(json, parameter);
    }
    json.end_array();
    json.end_object();
}

std::string escape(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
        case '<':
            result += "&lt;";
            break;
        case '>':
            result += "&gt;";
            break;
        case '&':
            result += "&amp;";
            break;
        case '"':
            result += "&quot;";
            break;
        default:
            result += c;
        }
    }
    return result;
}

// A link where there is nothing to be filled in.
std::string path_cell(const Endpoint& endpoint) {
    const std::string path = escape(endpoint.path);
    const bool can_be_followed =
        endpoint.method == admin::Method::get && endpoint.path.find('{') == std::string_view::npos;
    return can_be_followed ? "<a href=\"" + path + "\">" + path + "</a>" : path;
}

std::string row(const Endpoint& endpoint) {
    std::string html = "<tr><td>" + std::string(admin::word(endpoint.method)) + "<td>" +
                       path_cell(endpoint) + "<td>" + escape(endpoint.help);
    html += endpoint.need == admin::Need::acts ? " (not for read-only accounts)" : "";
    html += "<td>";
    for (const Parameter& parameter : endpoint.parameters) {
        html += "<b>" + escape(parameter.name) + "</b> " + escape(parameter.help) + "<br>";
    }
    return html + "\n";
}

awaitable<bool> answer_index(admin::Call& call) {
    admin::Answer answer{200, json_type};
    if (call.head.fields.lists("Accept", page_type)) {
        answer.content_type = "text/html; charset=utf-8";
        answer.more_headers = headers_of_page;
        answer.body = index_page(call.table);
    } else {
        answer.more_headers = "Vary: Accept\r\n";
        answer.body = index_json(call.table);
    }
    co_return co_await call.answering.send(answer);
}

} // namespace

constinit const Endpoint show_index{.method = admin::Method::get,
                                    .path = "/v1",
                                    .help = "This list; for browsers a page",
                                    .answer = answer_index};

std::string index_json(admin::Table table) {
    JsonWriter json;
    json.begin_object();
    json.member("gangway_version", std::string_view(GANGWAY_VERSION));
    json.key("endpoints");
    json.begin_array();
    for (const Endpoint* endpoint : table) {
        write_endpoint(json, *endpoint);
    }
    json.end_array();
    json.end_object();
    return json.take();
}

std::string index_page(admin::Table table) {
    std::string html = "<!doctype html>\n<html lang=\"en\"><title>Gangway</title>\n"
                       "<style>body{font:15px sans-serif;margin:2em}td,th{padding:.3em 1em .3em 0;"
                       "text-align:left;vertical-align:top}</style>\n<h1>Gangway " GANGWAY_VERSION
                       "</h1>\n<table>\n<tr><th>Method<th>Path<th>What it is<th>Parameters\n";
    for (const Endpoint* endpoint : table) {
        html += row(*endpoint);
    }
    return html + "</table>\n";
}

} // namespace gangway::endpoints
