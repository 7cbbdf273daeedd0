#include "admin/call.hpp"

namespace gangway::admin {

std::optional<pool::Snapshot> Call::take_snapshot() {
    auto taken = context.admission.take_new();
    return taken ? std::move(taken) : context.pool.snapshot();
}

Problem no_snapshot() {
    return {Code::internal_error, "The agent could not copy the pool; its log says why."};
}

} // namespace gangway::admin
