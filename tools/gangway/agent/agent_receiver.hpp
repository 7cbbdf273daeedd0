// An answer that must be the agent's own: from its API, not from an application.
#pragma once

#include "gangway/agent/own_words.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/client/response_reader.hpp"

#include <string_view>

namespace gangway::command {

class AgentReceiver : public ResponseReceiver {
  public:
    void interim(const ResponseHeader& /*header*/) final {}
    Wanted header(const ResponseHeader& header) final;

  protected:
    // 200, and no error.
    [[nodiscard]] bool is_good() const { return status_ == 200 && !is_error_; }

    // After the answer: throws the Failure that one which is not good amounts to. `body` is what
    // describes the problem, if anything does.
    void check(std::string_view body, const Asked& asked) const;

    // Of an answer that an agent does not give: somebody else serves the socket.
    [[nodiscard]] Failure not_the_agents() const;

  private:
    unsigned status_ = 0;
    bool is_error_ = false;
};

} // namespace gangway::command
