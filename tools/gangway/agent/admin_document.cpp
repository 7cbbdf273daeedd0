#include "gangway/agent/admin_document.hpp"

#include "gangway/agent/agent_receiver.hpp"
#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/client/fetch.hpp"

#include <unistd.h>

#include <chrono>
#include <string_view>
#include <utility>

namespace gangway::command {

namespace {

// A row is about a kilobyte: more than any pool holds. As a document it takes up to fifty times as
// much.
constexpr std::size_t document_max_bytes = std::size_t{16} << 20U;

// A list takes the agent milliseconds.
constexpr std::chrono::seconds longest{10};

class DocumentReceiver final : public AgentReceiver {
  public:
    void body(std::string_view piece) override {
        if (text_.size() + piece.size() > document_max_bytes) {
            throw Failure(ExitCode::bad_answer, "the agent's answer is too long for a document");
        }
        text_.append(piece);
    }

    [[nodiscard]] AdminDocument document(std::string_view refused) && {
        check(text_, refused);
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

AdminDocument get_admin_document(const AgentChoice& choice, const std::string& target,
                                 ExchangeObserver& observer) {
    const Endpoint endpoint = find_endpoint(choice);
    Request request;
    request.head.target = target;
    request.head.credentials =
        choose_credentials(choice.password, endpoint, Purpose::list, ::geteuid());
    DocumentReceiver receiver;
    fetch(endpoint, request, receiver, {.whole = longest}, observer);
    return std::move(receiver).document(request.head.credentials.refused);
}

} // namespace gangway::command
