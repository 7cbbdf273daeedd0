#include "gangway/commands/request/transcript.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/view/output.hpp"

#include "message/fields.hpp"

#include <algorithm>
#include <array>

namespace gangway::command {

namespace {

// Takes a line off the front of `rest`.
std::string_view next_line(std::string_view& rest) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    return line;
}

// docs/operators.md lists them.
bool is_secret(std::string_view name) {
    constexpr std::array<std::string_view, 16> secret{"Authorization",
                                                      "Proxy-Authorization",
                                                      "X-Passenger-Connect-Password",
                                                      "Cookie",
                                                      "Cookie2",
                                                      "Set-Cookie",
                                                      "Set-Cookie2",
                                                      "Authentication-Info",
                                                      "Proxy-Authentication-Info",
                                                      "Api-Key",
                                                      "X-Api-Key",
                                                      "X-Auth-Token",
                                                      "X-Access-Token",
                                                      "X-Csrf-Token",
                                                      "X-Xsrf-Token",
                                                      "X-Amz-Security-Token"};
    return std::any_of(secret.begin(), secret.end(),
                       [name](std::string_view known) { return message::same_token(known, name); });
}

// A line of a head as it may be shown.
std::string without_secret(std::string_view line) {
    const std::string_view name = line.substr(0, line.find(':'));
    return is_secret(name) ? std::string(name) + ": ***" : std::string(line);
}

std::string marked(char mark, std::string_view line) {
    return std::string(1, mark) + (line.empty() ? "" : " ") + printable(line) + "\n";
}

} // namespace

std::string sent_lines(std::string_view request_head) {
    std::string lines;
    while (!request_head.empty()) {
        const std::string_view line = next_line(request_head);
        lines += marked('>', without_secret(line));
    }
    return lines;
}

std::string received_lines(const ResponseHeader& header) {
    const std::string text = header_text(header);
    std::string_view rest = text;
    std::string lines;
    while (!rest.empty()) {
        lines += marked('<', without_secret(next_line(rest)));
    }
    return lines;
}

Transcript::Transcript(bool enabled, Progress& progress) : enabled_(enabled), progress_(progress) {}

void Transcript::connected(const std::filesystem::path& socket) {
    write("* connected to " + printable(socket.string()) + "\n");
}

void Transcript::sent(std::string_view request_head) {
    write(sent_lines(request_head));
}

void Transcript::received(const ResponseHeader& header) {
    timing_ = server_timing(header);
    write(received_lines(header));
}

void Transcript::ended(const Transfer& transfer,
                       std::chrono::duration<double, std::milli> client_time) {
    write("* sent " + std::to_string(transfer.sent) + " bytes of body, received " +
          std::to_string(transfer.received) + "\n* agent: " +
          (timing_ ? server_timing_text(*timing_) : std::string("no times in the answer")) +
          "\n* here: total " + fixed_decimal(client_time.count(), 3) + " ms\n");
}

void Transcript::write(const std::string& lines) {
    if (enabled_) {
        progress_.erase();
        Output::standard_error().write(lines);
    }
}

} // namespace gangway::command
