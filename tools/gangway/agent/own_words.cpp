#include "gangway/agent/own_words.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/rfc3339.hpp"
#include "gangway/base/served_requests.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace gangway::command {

namespace {

struct Word {
    std::string_view of_api;
    std::string_view own;
};

// The longer one first, where one begins another.
constexpr std::array words{
    Word{"X-Gangway-Timeout or total_timeout_seconds allows",
         "--timeout, or without it the agent's configuration, allows"},
    Word{" is no header of Gangway's; there are ",
         " is no header of Gangway's; what it steers has options: "},
    Word{"X-Gangway-First-Byte-Timeout", "--first-byte-timeout"},
    Word{"X-Gangway-Connect-Timeout", "--connect-timeout"},
    Word{"X-Gangway-Idle-Timeout", "--idle-timeout"},
    Word{"X-Gangway-Timeout", "--timeout"},
    Word{"X-Gangway-Route", "--route"},
    Word{"X-Gangway-Wait", "--wait"},
    Word{"GET /v1/processes", "'gangway ps'"},
    Word{"GET /v1/groups lists those that you may see. Its name must be percent-encoded, '/' as "
         "%2F.",
         "'gangway ps' lists those that you may see."},
    Word{"GET /v1/groups", "'gangway ps'"},
    Word{"use the route pool or auto", "use --route pool or auto"},
    Word{"use the route pool", "use --route pool"},
    Word{R"(use "auto" or "pool")", "use --route auto or pool"},
    // "Send" and "send".
    Word{"end it with Content-Length", "ave it to a file, and give that by -T FILE"},
    Word{"with a smaller concurrency", "with a smaller --concurrency"},
    Word{"use a full administrator's account",
         "run it as root, or as a user who may read the instance's full_admin_password.txt"},
    Word{"'state' has '", "--state has '"},
    Word{R"("expect.json_pointer")", "--json-pointer"},
    Word{R"("expect.json_value")", "--json-value"},
    Word{"needs a json_pointer", "needs a --json-pointer"},
    Word{R"("expect.status")", "--status"},
    Word{R"("expect.regex")", "--regex"},
    Word{R"("expect.body")", "--body"},
    Word{R"("busy_limit_seconds")", "--busy-limit"},
    Word{R"("deadline_seconds")", "--deadline"},
    Word{R"("timeout_seconds")", "--timeout"},
    Word{R"("wait_seconds")", "--wait"},
    Word{R"("concurrency")", "--concurrency"},
    Word{R"("headers.)", "--header \""},
    Word{R"("headers")", "--header"},
    Word{R"("method")", "--method"},
    Word{R"("route")", "--route"},
    Word{R"("group")", "--group"},
    Word{R"("path")", "--path"},
    Word{R"("processes")", "ID"},
};

constexpr std::string_view too_much =
    "That is too much for one health check: name fewer processes (--group and --all name as many "
    "as there are), or expect a shorter text.";

// "since 19m 11s (2026-11-25T09:18:00Z)"
std::string since(const Json::Value& time, std::chrono::system_clock::time_point now) {
    const std::string text = printable(json_text(time));
    const auto began = parse_rfc3339(text);
    if (!began) {
        return "since " + (text.empty() ? "a moment that is not known" : text);
    }
    const std::chrono::duration<double> past = now - *began;
    return "for " + human_duration(std::max(past.count(), 0.0)) + " (since " +
           text.substr(0, text.find('.')) + (text.find('.') == std::string::npos ? ")" : "Z)");
}

// Each with how long it has been there, where there are several; the oldest first.
std::string described(const std::vector<ServedRequest>& requests,
                      std::chrono::system_clock::time_point now) {
    const auto now_usec =
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    std::string text;
    for (const ServedRequest& request : requests) {
        text += (text.empty() ? "" : ", ") + describe({&request, 1}, 1);
        if (requests.size() > 1 && request.began_at_usec > 0) {
            const std::chrono::duration<double> age =
                now_usec - std::chrono::microseconds(request.began_at_usec);
            text += " for " + human_duration(std::max(age.count(), 0.0));
        }
    }
    return text;
}

std::string named(const Asked& asked) {
    return asked.process.empty() ? "The process" : "Process " + printable(asked.process);
}

// With all that the agent knows of what keeps it busy.
std::string busy_text(const Json::Value& problem, const Asked& asked,
                      std::chrono::system_clock::time_point now) {
    const Json::Value& sessions = json_member(problem, "sessions");
    const auto requests = served_requests(json_member(problem, "requests"));
    std::string text = named(asked) + " still serves other requests";
    if (sessions.isInt64() && sessions.asInt64() > 0) {
        const bool one = sessions.asInt64() == 1;
        text = named(asked) + " still serves " +
               (one ? "another request, " : json_text(sessions) + " others, the newest ") +
               since(json_member(problem, "busy_since"), now);
    }
    if (!requests.empty()) {
        text += ": " + described(requests, now);
    }
    return text + ". A longer --wait waits for it; a Ruby process answers on --route direct "
                  "meanwhile.";
}

std::optional<std::string> known_text(const std::string& code, const std::string& detail,
                                      const Json::Value& problem, const Asked& asked,
                                      std::chrono::system_clock::time_point now) {
    if (code == "process_busy") {
        return busy_text(problem, asked, now);
    }
    if (code == "process_not_found") {
        return "There is no process " +
               (asked.process.empty() ? "of that ID" : printable(asked.process)) +
               ", or it has left the pool; 'gangway ps' lists those that you may see.";
    }
    if (code == "group_not_found" && !asked.group.empty()) {
        return "There is no group '" + printable(asked.group) +
               "'; 'gangway ps' lists those that you may see.";
    }
    if (code == "unauthorized") {
        return "There is nothing here that you may see or reach.";
    }
    if (code == "not_found") {
        return "The agent does not know what was asked for: it is older than this command.";
    }
    if (!asked.is_forwarded && (code == "body_too_large" ||
                                (code == "bad_body" && detail.starts_with("The body must be")))) {
        return std::string(too_much);
    }
    return std::nullopt;
}

} // namespace

std::string in_own_words(std::string_view text) {
    std::string result(text);
    for (const Word& word : words) {
        for (std::size_t at = result.find(word.of_api); at != std::string::npos;
             at = result.find(word.of_api, at + word.own.size())) {
            result.replace(at, word.of_api.size(), word.own);
        }
    }
    return result;
}

std::string problem_text(const Json::Value& problem, const Asked& asked,
                         std::chrono::system_clock::time_point now) {
    std::string detail = printable(json_text(json_member(problem, "detail")));
    if (detail.empty()) {
        detail = printable(json_text(json_member(problem, "title")));
    }
    const std::string code = json_text(json_member(problem, "code"));
    return known_text(code, detail, problem, asked, now).value_or(in_own_words(detail));
}

} // namespace gangway::command
