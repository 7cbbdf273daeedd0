#include "gangway/agent/admin_document.hpp"

#include "gangway/agent/agent_receiver.hpp"
#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/client/fetch.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace gangway::command {

namespace {

// A row is about a kilobyte: more than any pool holds. As a document it takes up to fifty times as
// much.
constexpr std::size_t document_max_bytes = std::size_t{16} << 20U;

class DocumentReceiver final : public AgentReceiver {
  public:
    void body(std::string_view piece) override {
        if (text_.size() + piece.size() > document_max_bytes) {
            throw Failure(ExitCode::bad_answer, "the agent's answer is too long for a document");
        }
        text_.append(piece);
    }

    [[nodiscard]] AdminDocument document(const Asked& asked) && {
        check(text_, asked);
        auto value = parse_json(text_);
        if (!value || !value->isObject()) {
            throw not_the_agents();
        }
        return {std::move(text_), std::move(*value)};
    }

  private:
    std::string text_;
};

} // namespace

AdminDocument get_admin_document(const AgentChoice& choice, const std::string& target, Asked asked,
                                 ExchangeObserver& observer) {
    const Endpoint endpoint = find_endpoint(choice);
    return get_admin_document(
        endpoint, choose_credentials(choice.password, endpoint, Purpose::list, ::geteuid()), target,
        std::move(asked), observer);
}

AdminDocument get_admin_document(const Endpoint& endpoint, const Credentials& credentials,
                                 const std::string& target, Asked asked, ExchangeObserver& observer,
                                 std::chrono::milliseconds longest) {
    Request request;
    request.head.target = target;
    request.head.credentials = credentials;
    asked.refused = credentials.refused;
    DocumentReceiver receiver;
    fetch(endpoint, request, receiver,
          {.connecting = std::min(longest, FetchBounds().connecting), .whole = longest}, observer);
    return std::move(receiver).document(asked);
}

} // namespace gangway::command
