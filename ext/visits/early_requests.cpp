#include "visits/early_requests.hpp"

#include <algorithm>
#include <utility>

#include "pool/pool.hpp"

namespace gangway::visits {

void EarlyRequests::look(const requests::Sample& sample, Tally& tally) {
    using pool::view;
    std::map<Key, bool> still;
    for (const gangway_request* request : sample.rows) {
        // One whose body is read first has yet to ask for a process.
        if (request->began_at_usec >= since_usec_ ||
            (is_first_ && request->state == GANGWAY_REQUEST_READING)) {
            continue;
        }
        Key key{request->began_at_usec, std::string(view(request->client)),
                std::string(view(request->path))};
        const auto known = known_.find(key);
        if (known == known_.end() && !is_first_) {
            continue;
        }
        bool is_counted = known != known_.end() && known->second;
        if (request->gupid.size > 0 && sample.taken_at_usec >= from_usec_) {
            const std::uint64_t now = sample.taken_at_usec;
            const std::uint64_t from = std::max(from_usec_, request->began_at_usec);
            tally.add_time(*request, now - std::min(from, now),
                           now - std::min(request->began_at_usec, now), !is_counted);
            is_counted = true;
        }
        still.emplace(std::move(key), is_counted);
    }
    known_ = std::move(still);
    from_usec_ = std::max(from_usec_, sample.taken_at_usec);
    is_first_ = false;
}

} // namespace gangway::visits
