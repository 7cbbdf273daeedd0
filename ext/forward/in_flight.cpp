#include "forward/in_flight.hpp"

#include <algorithm>

#include "module/wall_clock.hpp"

namespace gangway::forward {

using admin::Code;
using admin::Problem;

std::variant<InFlight::Ticket, Problem>
InFlight::enter(std::string_view gupid, std::string_view method, std::string_view target) {
    if (entries_.size() >= max_) {
        return Problem{Code::too_many_requests, "There are " + std::to_string(max_) +
                                                    " forwarded requests already (max_requests)."};
    }
    const auto same = std::count_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.gupid == gupid; });
    if (same >= static_cast<std::ptrdiff_t>(max_per_process_)) {
        return Problem{Code::process_overloaded, "There are " + std::to_string(max_per_process_) +
                                                     " forwarded requests to this process already "
                                                     "(max_requests_per_process)."};
    }
    const auto entry =
        entries_.insert(entries_.end(), {gupid, method, target, usec_since_epoch(), false});
    return std::variant<Ticket, Problem>(std::in_place_type<Ticket>, *this, entry);
}

std::vector<Problem::OwnRequest> InFlight::requests_to(std::string_view gupid) const {
    std::vector<Problem::OwnRequest> result;
    for (const Entry& entry : entries_) {
        if (entry.serving && entry.gupid == gupid) {
            result.push_back({std::string(entry.method),
                              std::string(entry.target.substr(0, entry.target.find('?'))),
                              entry.since_usec});
        }
    }
    return result;
}

} // namespace gangway::forward
