// Gangway's own requests to processes: those that it forwards, and its health checks.
#pragma once

#include <cstdint>
#include <list>
#include <string_view>
#include <utility>

namespace gangway::requests {

// On the server's thread only.
class Own {
  public:
    struct Entry {
        std::string_view gupid;
        std::string_view method;
        std::string_view target;
        std::uint64_t began_at_usec; // since the epoch
        bool serving = false;        // the process is at it; else it waits for the process
    };

    // Its request is there for as long as it lives.
    class Ticket {
      public:
        Ticket(Own& owner, std::list<Entry>::iterator entry) : owner_(&owner), entry_(entry) {}
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

        const Entry& entry() const { return *entry_; }
        void now_serving() { entry_->serving = true; }

      private:
        Own* owner_;
        std::list<Entry>::iterator entry_;
    };

    // The views must outlive the ticket.
    Ticket enter(std::string_view gupid, std::string_view method, std::string_view target);

    // In the order in which they came; until the next turn.
    const std::list<Entry>& entries() const { return entries_; }

  private:
    std::list<Entry> entries_;
};

} // namespace gangway::requests
