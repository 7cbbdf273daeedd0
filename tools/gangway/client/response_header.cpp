#include "gangway/client/response_header.hpp"

namespace gangway::command {

std::string header_text(const ResponseHeader& header) {
    const auto append = [](std::string& text, boost::beast::string_view part) {
        text.append(part.data(), part.size());
    };
    std::string text = "HTTP/" + std::to_string(header.version() / 10) + "." +
                       std::to_string(header.version() % 10) + " " +
                       std::to_string(header.result_int()) + " ";
    append(text, header.reason());
    text += "\r\n";
    for (const auto& field : header) {
        append(text, field.name_string());
        text += ": ";
        append(text, field.value());
        text += "\r\n";
    }
    return text + "\r\n";
}

} // namespace gangway::command
