#include "gangway/commands/request/server_timing.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/client/header_argument.hpp"
#include "text/number.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace gangway::command {

namespace {

// Takes the text up to the separator off the front of `rest`.
std::string_view next_part(std::string_view& rest, char separator) {
    const std::size_t end = rest.find(separator);
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return trimmed(part);
}

std::optional<double> duration_of(std::string_view parameters) {
    constexpr std::string_view name = "dur=";
    while (!parameters.empty()) {
        const std::string_view parameter = next_part(parameters, ';');
        if (!parameter.starts_with(name)) {
            continue;
        }
        return parse_decimal(parameter.substr(name.size()), std::chars_format::general);
    }
    return std::nullopt;
}

std::string_view last_line(const ResponseHeader& header) {
    std::string_view last;
    const auto [first, end] = header.equal_range("Server-Timing");
    for (auto line = first; line != end; ++line) {
        last = std::string_view(line->value().data(), line->value().size());
    }
    return last;
}

} // namespace

std::optional<ServerTiming> server_timing(const ResponseHeader& header) {
    ServerTiming timing;
    const std::array<std::pair<std::string_view, std::optional<double>*>, 4> metrics{
        {{"queue", &timing.queue},
         {"connect", &timing.connect},
         {"first_byte", &timing.first_byte},
         {"total", &timing.total}}};
    std::string_view rest = last_line(header);
    while (!rest.empty()) {
        std::string_view entry = next_part(rest, ',');
        const std::string_view name = next_part(entry, ';');
        for (const auto& [known, value] : metrics) {
            if (name == known) {
                *value = duration_of(entry);
            }
        }
    }
    return timing.queue && timing.total ? std::optional(timing) : std::nullopt;
}

std::string server_timing_text(const ServerTiming& timing) {
    const std::array<std::pair<const char*, std::optional<double>>, 4> parts{
        {{"queue", timing.queue},
         {"connect", timing.connect},
         {"first byte", timing.first_byte},
         {"total", timing.total}}};
    std::string text;
    for (const auto& [name, milliseconds] : parts) {
        if (milliseconds) {
            text += (text.empty() ? "" : ", ") + std::string(name) + " " +
                    fixed_decimal(*milliseconds, 3) + " ms";
        }
    }
    return text;
}

} // namespace gangway::command
