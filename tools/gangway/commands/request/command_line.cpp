#include "gangway/base/bounded_option.hpp"
#include "gangway/base/request_arguments.hpp"
#include "gangway/commands/request/options.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace gangway::command {

namespace {

constexpr const char* data_option = "--data";
constexpr const char* binary_option = "--data-binary";

void declare_request(CLI::App& command, RequestOptions& options) {
    command.add_option("ID", options.id, "Process, by pid or gupid")->required();
    command.add_option("PATH", options.path, "Path at the application, with the query")->required();
    command.add_option("-X,--request", options.method, "Method")->type_name("METHOD");
    auto* head = command.add_flag("-I,--head", options.head, "HEAD; shows the headers");
    add_repeatable_option(command, "-H,--header",
                          "Header; 'Name:' leaves a default one out, 'Name;' sends an empty one",
                          "'NAME: VALUE'");
    auto* data =
        add_repeatable_option(command, std::string("-d,") + data_option,
                              "Body, for POST; @FILE or @- for standard input, without line "
                              "ends; several are joined by '&'",
                              "DATA");
    auto* binary =
        add_repeatable_option(command, binary_option, "The same, a file's line ends kept", "DATA");
    auto* upload = command.add_option_function<std::string>(
        "-T,--upload-file", [&options](const std::string& file) { options.upload_file = file; },
        "File to send as the body, for PUT; - for standard input");
    upload->type_name("FILE")->excludes(data)->excludes(binary)->excludes(head);
    head->excludes(data)->excludes(binary);
}

void declare_answer(CLI::App& command, RequestOptions& request) {
    AnswerOptions& options = request.answer;
    command.add_flag("-i,--include", options.include_header, "Shows the answer's headers too");
    command.add_option("-o,--output", options.output_file, "Writes the answer to a file")
        ->type_name("FILE");
    command.add_flag("-f,--fail", options.fail,
                     "Exit code 1 and no output when the application answers HTTP >= 400");
    command.add_flag("--fail-with-body", options.fail_with_body,
                     "The same with the answer, whatever its status");
    command.add_flag("-v,--verbose", request.verbose,
                     "Shows on standard error what was sent and received, and how long it took; "
                     "*** in place of cookies, keys, tokens and passwords in headers");
}

void declare_steering(CLI::App& command, RequestOptions& options) {
    command
        .add_option("--route", options.route,
                    "pool: as visitors' requests go; direct: past them, Ruby only, no body; auto: "
                    "direct where the process is busy")
        ->type_name("auto|pool|direct")
        ->check(CLI::IsMember(std::vector<std::string>{"auto", "pool", "direct"}).description(""));
    constexpr SecondsRange hour_with_zero{.zero_allowed = true, .longest = 3600};
    constexpr SecondsRange hour{.longest = 3600};
    constexpr SecondsRange day{.longest = 86400};
    Timeouts& timeouts = options.timeouts;
    add_seconds_option(command, "--wait", timeouts.wait_seconds, hour_with_zero,
                       "How long to wait for a busy process, 0 to 3600");
    add_seconds_option(command, "--timeout", timeouts.total_seconds, day,
                       "How long the whole request may take, at most 86400; the bound for the "
                       "first byte and for silence too, unless they are given");
    add_seconds_option(command, "--connect-timeout", timeouts.connect_seconds, hour,
                       "How long the process may take to accept the connection, at most 3600");
    add_seconds_option(command, "--first-byte-timeout", timeouts.first_byte_seconds, day,
                       "How long the process may take to begin its answer, at most 86400");
    add_seconds_option(command, "--idle-timeout", timeouts.idle_seconds, day,
                       "How long the process may be silent within its answer, at most 86400");
}

void declare_series(CLI::App& command, RequestOptions& options) {
    add_count_option(command, "-n,--repeat", options.repeat, 10'000'000,
                     "Sends the request so many times, and shows figures instead of answers");
    add_count_option(command, "--concurrency", options.concurrency, 256,
                     "With -n: so many requests at once, each on a connection of its own");
}

} // namespace

void declare_request_options(CLI::App& command, RequestOptions& options) {
    declare_request(command, options);
    declare_answer(command, options);
    declare_steering(command, options);
    declare_series(command, options);
}

void collect_repeatable_options(const CLI::App& command, RequestOptions& options) {
    std::map<const CLI::Option*, std::size_t> taken;
    for (const CLI::Option* option : command.parse_order()) {
        const bool is_header = option->check_name("--header");
        const bool is_binary = option->check_name(binary_option);
        if (!is_header && !is_binary && !option->check_name(data_option)) {
            continue;
        }
        const std::string& text = option->results().at(taken[option]++);
        if (is_header) {
            options.headers.push_back(text);
        } else {
            options.data.push_back({text, is_binary});
        }
    }
    options.answer.include_header = options.answer.include_header || options.head;
}

} // namespace gangway::command
