// The forwarded requests that run now, and how many may.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "admin/problem.hpp"

namespace gangway::forward {

// Used on the server's thread only.
class InFlight {
  public:
    InFlight(unsigned max, unsigned max_per_process)
        : max_(max), max_per_process_(max_per_process) {}

    struct Entry {
        std::string_view gupid;
        std::string_view method;
        std::string_view target;
        std::uint64_t since_usec; // since the epoch
        bool serving = false;     // the process is at it; else it waits for the process
    };

    // Counts its request for as long as it lives.
    class Ticket {
      public:
        Ticket(InFlight& owner, std::list<Entry>::iterator entry) : owner_(&owner), entry_(entry) {}
        ~Ticket() {
            if (owner_ != nullptr) {
                owner_->entries_.erase(entry_);
            }
        }
        Ticket(Ticket&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), entry_(other.entry_) {}
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        Ticket& operator=(Ticket&&) = delete;

        void now_serving() { entry_->serving = true; }

      private:
        InFlight* owner_;
        std::list<Entry>::iterator entry_;
    };

    // The views must outlive the ticket.
    std::variant<Ticket, admin::Problem> enter(std::string_view gupid, std::string_view method,
                                               std::string_view target);

    std::size_t size() const { return entries_.size(); }
    // The requests that the process is serving, oldest first; their targets without the query.
    std::vector<admin::Problem::OwnRequest> requests_to(std::string_view gupid) const;

  private:
    unsigned max_;
    unsigned max_per_process_;
    std::list<Entry> entries_;
};

} // namespace gangway::forward
