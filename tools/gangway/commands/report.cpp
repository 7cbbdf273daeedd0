#include "gangway/commands/report.hpp"

#include "gangway/agent/problem.hpp"
#include "gangway/base/json_text.hpp"

#include <iostream>

namespace gangway::command {

namespace {

const char* word(ExitCode code) {
    switch (code) {
    case ExitCode::ok:
        break;
    case ExitCode::bad_answer:
        return "bad_answer";
    case ExitCode::usage:
        return "usage";
    case ExitCode::unreachable:
        return "unreachable";
    case ExitCode::unauthorized:
        return "unauthorized";
    case ExitCode::no_output:
        return "no_output";
    case ExitCode::interrupted:
        return "interrupted";
    }
    return "ok";
}

} // namespace

std::string failure_text(const Failure& failure, bool json) {
    if (!json) {
        return std::string("gangway: ") + failure.what() + "\n";
    }
    const auto* of_agent = dynamic_cast<const ProblemFailure*>(&failure);
    const Json::Value problem = of_agent != nullptr ? of_agent->problem() : Json::Value();
    const std::string code = json_text(json_member(problem, "code"));
    Json::Value document;
    document["error"]["code"] = code.empty() ? word(failure.code()) : code;
    document["error"]["exit_code"] = static_cast<int>(failure.code());
    document["error"]["message"] = failure.what();
    document["error"]["problem"] = problem;
    return json_document(document);
}

void report_failure(const Failure& failure, bool json) {
    std::cerr << failure_text(failure, json);
}

void report_note(std::string_view text, bool json) {
    if (json) {
        Json::Value document;
        document["note"] = std::string(text);
        std::cerr << json_document(document);
    } else {
        std::cerr << "gangway: " << text << '\n';
    }
}

} // namespace gangway::command
