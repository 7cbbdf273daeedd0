#include "forward/in_flight.hpp"

#include <string>

namespace gangway::forward {

Result<InFlight::Ticket> InFlight::enter(std::string_view gupid, std::string_view method,
                                         std::string_view target, For whom) {
    unsigned all = 0;
    unsigned same = 0;
    unsigned unconnected = 0;
    for (const Entry& entry : entries_) {
        unconnected += entry.request.entry().serving ? 0U : 1U;
        if (entry.whom == whom) {
            all++;
            same += entry.request.entry().gupid == gupid ? 1U : 0U;
        }
    }
    if (all >= max_) {
        return Problem{Code::too_many_requests, "There are " + std::to_string(max_) +
                                                    " forwarded requests already (max_requests)."};
    }
    if (same >= max_per_process_) {
        return Problem{Code::process_overloaded, "There are " + std::to_string(max_per_process_) +
                                                     " forwarded requests to this process already "
                                                     "(max_requests_per_process)."};
    }
    // Each may need a connection to its process.
    if (descriptors_ != nullptr && !descriptors_->can_have(unconnected + 1, whom)) {
        return Problem{Code::too_many_requests,
                       "The agent has too few file descriptors left for forwarded requests "
                       "(reserved_descriptors); try again later, or raise its limit."};
    }
    const auto entry =
        entries_.insert(entries_.end(), Entry{own_.enter(gupid, method, target), whom});
    return Ticket(*this, entry);
}

void InFlight::abort_long_running(std::string_view gupid) {
    for (Entry& entry : entries_) {
        if (entry.request.entry().gupid == gupid) {
            entry.is_to_leave = true;
            if (entry.abort) {
                entry.abort();
            }
        }
    }
}

} // namespace gangway::forward
