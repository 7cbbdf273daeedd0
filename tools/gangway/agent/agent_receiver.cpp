#include "gangway/agent/agent_receiver.hpp"

#include "gangway/agent/problem.hpp"

namespace gangway::command {

ResponseReceiver::Wanted AgentReceiver::header(const ResponseHeader& header) {
    status_ = header.result_int();
    is_error_ = is_gangway_error(header);
    return Wanted::body;
}

void AgentReceiver::check(std::string_view body, const Asked& asked) const {
    if (is_error_) {
        throw asked_wrongly(problem_failure(status_, body, asked), status_);
    }
    if (status_ != 200) {
        throw not_the_agents();
    }
}

Failure AgentReceiver::not_the_agents() const {
    return strange_answer(status_);
}

} // namespace gangway::command
