#include "gangway/commands/health/check.hpp"

#include "gangway/agent/agent_receiver.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/client/fetch.hpp"
#include "gangway/client/text_body.hpp"
#include "gangway/commands/health/stream.hpp"
#include "gangway/view/progress.hpp"
#include "gangway/view/progress_text.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace gangway::command {

namespace {

constexpr std::size_t problem_max_bytes = 65536;

class HealthReceiver final : public AgentReceiver {
  public:
    void body(std::string_view piece) override {
        if (is_good()) {
            stream_.feed(piece);
        } else {
            problem_.append(piece.substr(0, problem_max_bytes - problem_.size()));
        }
    }

    [[nodiscard]] const HealthStream& stream() const { return stream_; }

    [[nodiscard]] HealthReport report(std::string_view refused) && {
        check(problem_, refused);
        return std::move(stream_).finish();
    }

  private:
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
    return head;
}

// Shows how many processes have been checked.
class HealthObserver final : public ExchangeObserver {
  public:
    // `stream` must outlive this.
    explicit HealthObserver(const HealthStream& stream) : stream_(stream) {}

    [[nodiscard]] int poll_timeout_ms() const override { return progress_.poll_timeout_ms(); }

    void look(const Transfer& /*transfer*/) override {
        if (progress_.is_due()) {
            progress_.draw(
                health_text(stream_.checked(), stream_.not_healthy(), progress_.elapsed()));
        }
    }

  private:
    const HealthStream& stream_;
    Progress progress_;
};

} // namespace

HealthReport check_health(const Endpoint& endpoint, const HealthRequest& request) {
    HealthReceiver receiver;
    TextBody body(request.body);
    HealthObserver observer(receiver.stream());
    try {
        fetch(endpoint, {head_of(request), &body}, receiver,
              {.connecting = std::min(request.longest, FetchBounds().connecting),
               .whole = request.longest},
              observer);
    } catch (const BrokenAnswer& broken) {
        if (broken.kind() == BrokenAnswer::Kind::cut_off) {
            throw Failure(ExitCode::bad_answer, health_broke_off);
        }
        throw;
    }
    return std::move(receiver).report(request.credentials.refused);
}

} // namespace gangway::command
