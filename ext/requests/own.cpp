#include "requests/own.hpp"

#include "base/wall_clock.hpp"

namespace gangway::requests {

Own::Ticket Own::enter(std::string_view gupid, std::string_view method, std::string_view target) {
    return {*this,
            entries_.insert(entries_.end(), {gupid, method, target, usec_since_epoch(), false})};
}

} // namespace gangway::requests
