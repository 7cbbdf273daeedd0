#include "pool/last_process.hpp"

namespace gangway::pool {

namespace {

// A process that is leaving may have made room for another of the same pid.
bool is_there(const ProcessRef& process) {
    gangway_process_state state{};
    return process.state(state) == GANGWAY_OK && state.life == GANGWAY_PROCESS_ALIVE &&
           state.enabled != GANGWAY_PROCESS_DETACHED;
}

} // namespace

std::unique_ptr<ProcessRef> LastProcess::find(std::string_view id_text,
                                              const gangway_process_id& id) {
    auto last = std::exchange(process_, nullptr);
    if (last && id_text_ == id_text && is_there(*last)) {
        return last;
    }
    return pool_.find(id);
}

void LastProcess::keep(std::string_view id_text, std::unique_ptr<ProcessRef> process) {
    id_text_ = id_text;
    process_ = std::move(process);
}

} // namespace gangway::pool
