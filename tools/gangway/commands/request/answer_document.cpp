#include "gangway/commands/request/answer_document.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/commands/request/server_timing.hpp"

#include "text/base64.hpp"
#include "text/utf8.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace gangway::command {

namespace {

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t bytes = first_code_point(text).bytes;
        if (bytes == 0) {
            return false;
        }
        text.remove_prefix(bytes);
    }
    return true;
}

Json::Value timing_of(const ResponseHeader& header) {
    const auto timing = server_timing(header);
    if (!timing) {
        return {};
    }
    Json::Value value(Json::objectValue);
    const std::array<std::pair<const char*, std::optional<double>>, 4> parts{
        {{"queue", timing->queue},
         {"connect", timing->connect},
         {"first_byte", timing->first_byte},
         {"total", timing->total}}};
    for (const auto& [name, milliseconds] : parts) {
        value[name] = milliseconds ? Json::Value(*milliseconds) : Json::Value();
    }
    return value;
}

} // namespace

AnswerDocument::AnswerDocument(const ResponseHeader& header) {
    document_["status"] = header.result_int();
    document_["reason"] = json_string(view(header.reason()));
    document_["headers"] = Json::Value(Json::arrayValue);
    for (const auto& field : header) {
        Json::Value pair(Json::arrayValue);
        pair.append(json_string(view(field.name_string())));
        pair.append(json_string(view(field.value())));
        document_["headers"].append(std::move(pair));
    }
    document_["route"] = json_string(view(header["X-Gangway-Route"]));
    document_["process"] = json_string(view(header["X-Gangway-Process"]));
    document_["timing_ms"] = timing_of(header);
}

void AnswerDocument::add(std::string_view piece) {
    if (body_.size() + piece.size() > body_max_bytes) {
        throw Failure(ExitCode::bad_answer,
                      "the answer is longer than the " + std::to_string(body_max_bytes >> 20U) +
                          " MiB that --json takes into its document: save it with -o FILE");
    }
    body_.append(piece);
}

std::string AnswerDocument::text() const {
    Json::Value document = document_;
    document["body_bytes"] = Json::UInt64{body_.size()};
    if (is_utf8(body_)) {
        document["body"] = body_;
    } else {
        document["body_base64"] = encode_base64(body_);
    }
    return json_document(document);
}

std::string AnswerDocument::text_with_file(const std::string& file, std::uint64_t bytes) const {
    Json::Value document = document_;
    document["body_bytes"] = Json::UInt64{bytes};
    document["body_file"] = json_string(file);
    return json_document(document);
}

} // namespace gangway::command
