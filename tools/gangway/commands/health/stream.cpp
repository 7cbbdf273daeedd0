#include "gangway/commands/health/stream.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"

#include <utility>

namespace gangway::command {

namespace {

// A result is a kilobyte.
constexpr std::size_t line_max_bytes = std::size_t{1} << 20U;
constexpr std::size_t answer_max_bytes = std::size_t{16} << 20U;

constexpr std::size_t quoted_columns = 60;

Failure strange_line(std::string_view line) {
    return {ExitCode::bad_answer,
            "'" + shorten_end(printable(line.substr(0, 4 * quoted_columns)), quoted_columns) +
                "' in the answer is no health of a process; is this Gangway's socket?"};
}

} // namespace

void HealthStream::feed(std::string_view piece) {
    bytes_ += piece.size();
    if (bytes_ > answer_max_bytes) {
        throw Failure(ExitCode::bad_answer, "the agent's answer is too long");
    }
    for (std::size_t end = piece.find('\n'); end != std::string_view::npos;
         end = piece.find('\n')) {
        line_.append(piece.substr(0, end));
        piece.remove_prefix(end + 1);
        take_line(line_);
        line_.clear();
    }
    line_.append(piece);
    if (line_.size() > line_max_bytes) {
        throw strange_line(line_);
    }
}

void HealthStream::take_line(std::string_view line) {
    if (line.empty()) {
        return;
    }
    const auto json = parse_json(line);
    if (!json || !json->isObject() || has_summary_) {
        throw strange_line(line);
    }
    if (json->isMember("result")) {
        const Json::Value& value = (*json)["result"];
        auto result = health_result(value, json_source(line, value));
        if (!result) {
            throw strange_line(line);
        }
        not_healthy_ += result->is_healthy() ? 0U : 1U;
        report_.results.push_back(std::move(*result));
    } else if (json->isMember("summary")) {
        const Json::Value& value = (*json)["summary"];
        auto summary = health_summary(value, json_source(line, value));
        if (!summary) {
            throw strange_line(line);
        }
        report_.summary = std::move(*summary);
        has_summary_ = true;
    }
}

HealthReport HealthStream::finish() && {
    if (!has_summary_ || !line_.empty()) {
        throw Failure(ExitCode::bad_answer, health_broke_off);
    }
    return std::move(report_);
}

} // namespace gangway::command
