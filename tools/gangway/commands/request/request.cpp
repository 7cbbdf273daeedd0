#include "gangway/commands/request/request.hpp"

#include "gangway/agent/admin_document.hpp"
#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/agent/problem.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/client/fetch.hpp"
#include "gangway/client/unix_connection.hpp"
#include "gangway/commands/request/busy_watch.hpp"
#include "gangway/commands/request/options.hpp"
#include "gangway/commands/request/series.hpp"
#include "gangway/commands/request/transcript.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/transfer_progress.hpp"

#include "message/fields.hpp"
#include "text/base64.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::command {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  gangway request 20387 '/search?q=train'\n"
    "  gangway request 20387 /login -d user=ann -d @password.txt -i\n"
    "  gangway request 20387 /import -H 'Content-Type: application/json' --data-binary @big.json\n"
    "  mysqldump shop | gangway request 20387 /backup -T -\n"
    "  gangway request 20387 /report -o report.pdf --fail --timeout 600\n"
    "  gangway request 20387 /status --json | jq -r .body\n"
    "  gangway request 20387 /stuck --route direct --wait 0\n"
    "  gangway request 20387 /slow -v -o /dev/null      where the time goes\n"
    "  gangway request 20387 /products/42 -n 500        does it grow? how fast is it?\n"
    "  gangway request 20387 / -n 1000 --concurrency 4 --json | jq .latency_ms.p99\n"
    "\n"
    "Bodies and answers are streamed and may be of any size. An answer is written as the "
    "application\n"
    "sends it; on a terminal without what would act there. Errors of Gangway's own go to standard\n"
    "error, as 'gangway: CODE: detail'. Ctrl-C ends the request at the process too. With -n it "
    "shows the\n"
    "figures so far; the exit code is 1 where a request failed.\n"
    "\n";

const HeaderArgument* authorization_of(const RequestHead& head) {
    const auto found = std::find_if(head.user_headers.begin(), head.user_headers.end(),
                                    [](const HeaderArgument& header) {
                                        return message::same_token(header.name, "Authorization");
                                    });
    return found == head.user_headers.end() ? nullptr : &*found;
}

// Basic with the name of an account of Gangway's is Gangway's, whoever the application knows by
// that name.
std::string refused_header(const HeaderArgument& header) {
    const std::size_t space = header.value.find(' ');
    if (space == std::string::npos ||
        !message::same_token(std::string_view(header.value).substr(0, space), "Basic")) {
        return Credentials().refused;
    }
    const std::string_view digits = trimmed(std::string_view(header.value).substr(space));
    const std::string user = decode_base64(digits).value_or("");
    return "The header 'Authorization: Basic' was taken for Gangway's own account '" +
           printable(user.substr(0, user.find(':'))) +
           "', which has another password; it does not reach the application. A user of the "
           "application's needs a name that is none of Gangway's accounts (docs/api.md, 'Who may "
           "do what').";
}

// The agent keeps to --timeout by itself. One that is stopped does not.
constexpr std::chrono::milliseconds grace{1000};

std::optional<std::chrono::milliseconds> longest(const RequestOptions& options) {
    if (!options.timeouts.total_seconds) {
        return std::nullopt;
    }
    return std::chrono::ceil<std::chrono::milliseconds>(
               std::chrono::duration<double>(*options.timeouts.total_seconds)) +
           grace;
}

// What became of the request is not known after Ctrl-C.
[[noreturn]] void end_by(const Failure& failure) {
    if (failure.code() == ExitCode::interrupted) {
        throw Failure(failure.code(),
                      std::string(failure.what()) +
                          "; what has reached the process may be carried out all the same");
    }
    throw; // what is being handled
}

// Shows what is sent and how far it has got.
class RequestObserver final : public TransferProgress {
  public:
    // The references must outlive this.
    RequestObserver(Progress& progress, Transcript& transcript, BusyWatch& busy)
        : TransferProgress(progress), transcript_(transcript), busy_(busy) {}

    void connected(const std::filesystem::path& socket, std::string_view head) override {
        transcript_.connected(socket);
        transcript_.sent(head);
        was_connected_ = true;
    }

    [[nodiscard]] bool was_connected() const { return was_connected_; }

    void ended(const Transfer& transfer) override {
        transcript_.ended(transfer, std::chrono::steady_clock::now() - start_);
    }

  protected:
    std::string waiting(const Transfer& transfer) override {
        // While its body is on the way, the process may be at it.
        const std::string text = transfer.sent > 0 ? "" : busy_.look();
        return text.empty() ? TransferProgress::waiting(transfer) : text;
    }

  private:
    Transcript& transcript_;
    BusyWatch& busy_;
    bool was_connected_ = false;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// One request, its answer shown.
ExitCode run_once(const RequestOptions& options, const Request& request, const Endpoint& endpoint) {
    Progress progress;
    Transcript transcript(options.verbose, progress);
    BusyWatch busy(endpoint, request.head.credentials, options.id);
    RequestObserver observer(progress, transcript, busy);
    AnswerOutput output(options.answer, progress, transcript);
    try {
        fetch(endpoint, request, output,
              {.whole = longest(options), .ask_core = true, .afterwards = may_be_carried_out},
              observer);
    } catch (const Failure& failure) {
        if (observer.was_connected()) {
            end_by(failure);
        }
        throw;
    }
    output.check(
        {.process = options.id, .is_forwarded = true, .refused = request.head.credentials.refused});
    return ExitCode::ok;
}

// The same request many times, the figures shown.
ExitCode run_series(const GlobalOptions& global, const RequestOptions& options,
                    const RequestHead& head, const Endpoint& endpoint) {
    const RepeatedRequest request{.endpoint = endpoint,
                                  .head = serialize(head),
                                  .is_head_request = head.method == "HEAD",
                                  .fail = options.answer.fail || options.answer.fail_with_body,
                                  .longest = longest(options)};
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
    } catch (const Failure& failure) {
        show_summary();
        end_by(failure);
    }
    show_summary();
    if (series.broken() && !core_lives(endpoint, *series.broken())) {
        throw Failure(ExitCode::unreachable,
                      "the agent has ended, or does not answer any more; what has reached the "
                      "process may be carried out all the same");
    }
    return series.summary().statistics.failed() == 0 ? ExitCode::ok : ExitCode::bad_answer;
}

// Whether Passenger speaks to it in names of CGI. False where that is not known: then the request
// itself will tell what is wrong.
bool has_cgi_names(const Endpoint& endpoint, const Credentials& credentials,
                   const std::string& id) {
    try {
        ExchangeObserver nobody;
        const AdminDocument document =
            get_admin_document(endpoint, credentials, "/v1/processes/" + id + "?fields=sockets",
                               {.process = id}, nobody);
        const Json::Value& sockets = json_member(json_member(document.value, "process"), "sockets");
        return std::any_of(sockets.begin(), sockets.end(), [](const Json::Value& socket) {
            const Json::Value& accepts = json_member(socket, "accept_http_requests");
            return accepts.isBool() && accepts.asBool() &&
                   json_text(json_member(socket, "protocol")) == "session";
        });
    } catch (const ProblemFailure&) {
        return false;
    }
}

// Passenger drops them in silence, from visitors' requests too.
void refuse_dropped_headers(const RequestHead& head, const Endpoint& endpoint,
                            const std::string& id) {
    const std::vector<std::string> names = headers_without_cgi_name(head);
    if (!names.empty() && has_cgi_names(endpoint, head.credentials, id)) {
        throw Failure(ExitCode::usage,
                      "header '" + printable(names.front()) +
                          "' would not reach the application: Passenger names headers to it as CGI "
                          "does, and drops those whose names have anything but letters, digits and "
                          "'-'");
    }
}

ExitCode run(const GlobalOptions& global, RequestOptions options) {
    options.answer.json = global.json;
    RequestHead head = request_head(options);
    const auto body = request_body(options);
    const Endpoint endpoint = find_endpoint(global.agent);
    head.credentials =
        choose_credentials(global.agent.password, endpoint, Purpose::forward, ::geteuid());
    if (const HeaderArgument* header = authorization_of(head)) {
        // The header is the application's; ours would take its place.
        head.credentials.authorization.reset();
        if (!head.credentials.process_password) {
            head.credentials.refused = refused_header(*header);
        }
    }
    refuse_dropped_headers(head, endpoint, options.id);
    if (options.is_series()) {
        head.framing = framing_of(body.get());
        return run_series(global, options, head, endpoint);
    }
    return run_once(options, {std::move(head), body.get()}, endpoint);
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
