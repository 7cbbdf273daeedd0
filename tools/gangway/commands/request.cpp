#include "request.hpp"

#include "../endpoint.hpp"
#include "../http_exchange.hpp"
#include "../request_options.hpp"
#include "../unix_connection.hpp"

#include <CLI/CLI.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
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
    "\n"
    "Bodies and answers are streamed and may be of any size. An answer is shown as the "
    "application\n"
    "sends it, control characters included. Errors of Gangway's own go to standard error, as\n"
    "'gangway: CODE: detail'.\n"
    "\n";

bool names_authorization(const RequestHead& head) {
    return std::any_of(head.user_headers.begin(), head.user_headers.end(),
                       [](const HeaderArgument& header) {
                           return boost::beast::iequals(header.name, "Authorization");
                       });
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
    Progress progress;
    AnswerOutput output(options.answer, progress);
    ResponseReader reader(output, head.method == "HEAD");
    RequestSender sender(serialize(head), body.get());
    HttpExchange exchange(connect_to(endpoint.socket), std::nullopt);
    exchange.run(sender, reader, progress);
    output.check(!head.credentials.empty());
    return ExitCode::ok;
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
