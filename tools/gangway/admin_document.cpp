#include "admin_document.hpp"

#include "credentials.hpp"
#include "endpoint.hpp"
#include "exchange_loop.hpp"
#include "exit_code.hpp"
#include "json_text.hpp"
#include "output.hpp"
#include "request_head.hpp"
#include "unix_connection.hpp"

#include <chrono>
#include <optional>

namespace gangway::command {

namespace {

// A row is about a kilobyte: far more than any pool holds.
constexpr std::size_t document_max_bytes = std::size_t{256} << 20U;

// A list takes the agent milliseconds.
constexpr std::chrono::seconds silence_limit{30};

class DocumentReceiver final : public ResponseReceiver {
  public:
    void interim(const ResponseHeader& /*header*/) override {}

    Wanted header(const ResponseHeader& header) override {
        status_ = header.result_int();
        is_error_ = is_gangway_error(header);
        return Wanted::body;
    }

    void body(std::string_view piece) override {
        if (text_.size() + piece.size() > document_max_bytes) {
            throw Failure(ExitCode::bad_answer, "the agent's answer is too long for a document");
        }
        text_.append(piece);
    }

    [[nodiscard]] AdminDocument document(bool sent_credentials) && {
        if (is_error_ || status_ == 401 || status_ == 403) {
            throw problem_failure(status_, text_, sent_credentials);
        }
        auto value = parse_json(text_);
        if (status_ != 200 || !value || !value->isObject()) {
            throw Failure(ExitCode::bad_answer, "the answer (HTTP " + std::to_string(status_) +
                                                    ") is not Gangway's; is this its socket?");
        }
        return {std::move(text_), std::move(*value)};
    }

  private:
    unsigned status_ = 0;
    bool is_error_ = false;
    std::string text_;
};

} // namespace

AdminDocument get_admin_document(const GlobalOptions& options, const std::string& target) {
    const Endpoint endpoint = find_endpoint(options);
    RequestHead head;
    head.target = target;
    head.credentials = choose_credentials(options.password, endpoint, Purpose::list);
    DocumentReceiver receiver;
    ResponseReader reader(receiver, false);
    RequestSender sender(serialize(head), nullptr);
    Progress progress;
    ExchangeLoop loop(progress);
    const FileDescriptor connection = connect_to(endpoint.socket);
    HttpExchange exchange(connection.get(), sender, reader, silence_limit);
    loop.run(exchange);
    return std::move(receiver).document(!head.credentials.empty());
}

void print_document(const AdminDocument& document) {
    Output output = Output::standard();
    output.write(document.text);
    if (!document.text.ends_with('\n')) {
        output.write("\n");
    }
}

} // namespace gangway::command
