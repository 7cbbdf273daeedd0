#include "health_check.hpp"

#include "data_body.hpp"
#include "exchange_loop.hpp"
#include "exit_code.hpp"
#include "health_stream.hpp"
#include "progress_text.hpp"
#include "request_head.hpp"
#include "unix_connection.hpp"

#include <array>
#include <utility>

namespace gangway::command {

namespace {

constexpr std::size_t problem_max_bytes = 65536;

class HealthReceiver final : public ResponseReceiver {
  public:
    void interim(const ResponseHeader& /*header*/) override {}

    Wanted header(const ResponseHeader& header) override {
        status_ = header.result_int();
        is_error_ = is_gangway_error(header);
        return Wanted::body;
    }

    void body(std::string_view piece) override {
        if (status_ == 200 && !is_error_) {
            stream_.feed(piece);
        } else {
            problem_.append(piece.substr(0, problem_max_bytes - problem_.size()));
        }
    }

    [[nodiscard]] const HealthStream& stream() const { return stream_; }

    [[nodiscard]] HealthReport report(bool sent_credentials) && {
        if (is_error_ || status_ == 401 || status_ == 403) {
            throw problem_failure(status_, problem_, sent_credentials);
        }
        if (status_ != 200) {
            throw Failure(ExitCode::bad_answer, "the answer (HTTP " + std::to_string(status_) +
                                                    ") is not Gangway's; is this its socket?");
        }
        return std::move(stream_).finish();
    }

  private:
    unsigned status_ = 0;
    bool is_error_ = false;
    std::string problem_;
    HealthStream stream_;
};

RequestHead head_of(const HealthRequest& request) {
    RequestHead head;
    head.method = "POST";
    head.target = "/v1/health";
    head.default_content_type = "application/json";
    head.user_headers.push_back({.name = "Accept", .value = "application/x-ndjson"});
    head.credentials = request.credentials;
    head.framing = {.has_body = true, .content_length = request.body.size()};
    return head;
}

void run(ExchangeLoop& loop, HttpExchange& exchange, const HealthStream& stream,
         Progress& progress) {
    const std::array<HttpExchange*, 1> alone{&exchange};
    while (!exchange.done()) {
        loop.step(alone);
        if (progress.is_due()) {
            progress.draw(health_text(stream.checked(), stream.not_healthy(), progress.elapsed()));
        }
    }
    if (const auto& broken = exchange.broken()) {
        if (broken->kind() == BrokenAnswer::Kind::cut_off) {
            throw Failure(ExitCode::bad_answer, health_broke_off);
        }
        throw BrokenAnswer(*broken);
    }
}

} // namespace

HealthReport check_health(const std::filesystem::path& socket, const HealthRequest& request) {
    HealthReceiver receiver;
    ResponseReader reader(receiver, false);
    const auto body = data_body({{.text = request.body, .binary = true}});
    RequestSender sender(serialize(head_of(request)), body.get());
    Progress progress;
    ExchangeLoop loop(progress);
    const FileDescriptor connection = connect_to(socket);
    HttpExchange exchange(connection.get(), sender, reader, request.silence_limit);
    run(loop, exchange, receiver.stream(), progress);
    return std::move(receiver).report(!request.credentials.empty());
}

} // namespace gangway::command
