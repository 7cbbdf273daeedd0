// The requests that began before visits were noted, of which therefore no end is told: they are
// looked at again and again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "requests/sample.hpp"
#include "visits/tally.hpp"

namespace gangway::visits {

// Pure; one thread at a time.
class EarlyRequests {
  public:
    // Those of the first look that began before since_usec, when visits began to be noted: the look
    // was taken before that. Counted from from_usec on. Both are microseconds since the epoch.
    EarlyRequests(std::uint64_t since_usec, std::uint64_t from_usec)
        : since_usec_(since_usec), from_usec_(from_usec) {}

    // Counts for how long a process has had each since the last look.
    void look(const requests::Sample& sample, Tally& tally);
    // None is left, so that there is nothing to look at.
    bool are_gone() const { return !is_first_ && known_.empty(); }

  private:
    struct Key {
        std::uint64_t began_at_usec;
        std::string client;
        std::string path;

        bool operator<(const Key& other) const {
            return std::tie(began_at_usec, client, path) <
                   std::tie(other.began_at_usec, other.client, other.path);
        }
    };

    std::uint64_t since_usec_;
    std::uint64_t from_usec_;   // counted up to here
    std::map<Key, bool> known_; // whether it is in the tally
    bool is_first_ = true;
};

} // namespace gangway::visits
