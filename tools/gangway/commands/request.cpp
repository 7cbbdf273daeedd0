#include "request.hpp"

#include "../endpoint.hpp"
#include "../exchange_loop.hpp"
#include "../output.hpp"
#include "../request_options.hpp"
#include "../request_series.hpp"
#include "../transcript.hpp"
#include "../unix_connection.hpp"

#include <CLI/CLI.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace gangway::command {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  gangway request 20387 '/search?q=train'\n"
    "  gangway request 20387 /login -d user=ann -d @password.txt -i\n"
    "  gangway request 20387 /import -H 'Content-Type: application/json' --data-binary @big.json\n"
    "  mysqldump shop | gangway request 20387 /backup -T -\n"
    "  gangway request 20387 /report -o report.pdf --fail --timeout 600\n"
    "  gangway request 20387 /stuck --route direct --wait 0\n"
    "  gangway request 20387 /slow -v -o /dev/null      where the time goes\n"
    "  gangway request 20387 /products/42 -n 500        does it grow? how fast is it?\n"
    "  gangway request 20387 / -n 1000 --concurrency 4 --json | jq .latency_ms.p99\n"
    "\n"
    "Bodies and answers are streamed and may be of any size. An answer is shown as the "
    "application\n"
    "sends it, control characters included. Errors of Gangway's own go to standard error, as\n"
    "'gangway: CODE: detail'. Ctrl-C ends the request at the process too. With -n it shows the\n"
    "figures so far; the exit code is 1 where a request failed.\n"
    "\n";

bool names_authorization(const RequestHead& head) {
    return std::any_of(head.user_headers.begin(), head.user_headers.end(),
                       [](const HeaderArgument& header) {
                           return boost::beast::iequals(header.name, "Authorization");
                       });
}

// One request, its answer shown.
ExitCode run_once(const RequestOptions& options, const RequestHead& head, RequestBody* body,
                  const Endpoint& endpoint) {
    const auto start = std::chrono::steady_clock::now();
    Progress progress;
    Transcript transcript(options.verbose, progress);
    AnswerOutput output(options.answer, progress, transcript);
    ResponseReader reader(output, head.method == "HEAD");
    const std::string head_text = serialize(head);
    RequestSender sender(head_text, body);
    ExchangeLoop loop(progress);
    const FileDescriptor connection = connect_to(endpoint.socket);
    transcript.connected(endpoint.socket);
    transcript.sent(head_text);
    HttpExchange exchange(connection.get(), sender, reader);
    const auto end_transcript = [&] {
        transcript.ended(exchange.transfer(), std::chrono::steady_clock::now() - start);
    };
    try {
        loop.run(exchange);
    } catch (const Failure&) {
        end_transcript();
        throw;
    }
    end_transcript();
    output.check(!head.credentials.empty());
    return ExitCode::ok;
}

// The same request many times, the figures shown.
ExitCode run_series(const GlobalOptions& global, const RequestOptions& options,
                    const RequestHead& head, const Endpoint& endpoint) {
    const RepeatedRequest request{.socket = endpoint.socket,
                                  .head = serialize(head),
                                  .is_head_request = head.method == "HEAD",
                                  .fail = options.answer.fail};
    Progress progress;
    RequestSeries series(
        request, [&options] { return request_body(options); }, options.repeat, options.concurrency,
        progress);
    const auto show_summary = [&] {
        progress.erase();
        const SeriesSummary summary = series.summary();
        Output::standard().write(global.json ? summary_json(summary) : summary_text(summary));
    };
    try {
        series.run();
    } catch (const Failure&) {
        show_summary();
        throw;
    }
    show_summary();
    return series.summary().statistics.failed() == 0 ? ExitCode::ok : ExitCode::bad_answer;
}

ExitCode run(const GlobalOptions& global, const RequestOptions& options) {
    RequestHead head = request_head(options);
    const auto body = request_body(options);
    head.framing.has_body = body != nullptr;
    head.framing.content_length = body ? body->size() : std::nullopt;
    const Endpoint endpoint = find_endpoint(global);
    head.credentials = choose_credentials(global.password, endpoint, Purpose::forward);
    if (names_authorization(head)) {
        // The header is the application's; ours would take its place.
        head.credentials.authorization.reset();
    }
    return options.is_series() ? run_series(global, options, head, endpoint)
                               : run_once(options, head, body.get(), endpoint);
}

} // namespace

void add_request_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command = app.add_subcommand("request", "Sends a request to one process");
    const auto chosen = std::make_shared<RequestOptions>();
    declare_request_options(*command, *chosen);
    command->footer(std::string(examples) + exit_codes_help);
    command->callback([&options, &action, command, chosen] {
        collect_repeatable_options(*command, *chosen);
        action = [&options, chosen] { return run(options, *chosen); };
    });
}

} // namespace gangway::command
