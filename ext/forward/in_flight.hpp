// The forwarded requests that run now, and how many may.
#pragma once

#include <functional>
#include <list>
#include <string_view>
#include <utility>

#include "base/descriptors.hpp"
#include "problem/result.hpp"
#include "requests/own.hpp"

namespace gangway::forward {

// Those who reach all groups and all others are counted apart, so that these cannot keep those from
// a process. Used on the server's thread only.
class InFlight {
  public:
    using For = Descriptors::For;

    // The bounds hold for each kind of caller. own: where they are told; outlives it, as
    // descriptors does. descriptors: null: all that the system gives.
    InFlight(requests::Own& own, unsigned max, unsigned max_per_process,
             const Descriptors* descriptors = nullptr)
        : own_(own), max_(max), max_per_process_(max_per_process), descriptors_(descriptors) {}

    struct Entry {
        requests::Own::Ticket request;
        For whom;
        std::function<void()> abort{}; // null: it ends by itself
        bool is_to_leave = false;      // its process, which is not to be kept any more
    };

    class LongRunning;

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

        void now_serving() { entry_->request.now_serving(); }

      private:
        friend class InFlight::LongRunning;
        InFlight* owner_;
        std::list<Entry>::iterator entry_;
    };

    // While it lives, its request is one that does not end by itself. abort is called at once where
    // the process is to leave already.
    class LongRunning {
      public:
        LongRunning(Ticket& ticket, std::function<void()> abort) : entry_(*ticket.entry_) {
            entry_.abort = std::move(abort);
            if (entry_.is_to_leave) {
                entry_.abort();
            }
        }
        ~LongRunning() { entry_.abort = nullptr; }
        LongRunning(const LongRunning&) = delete;
        LongRunning& operator=(const LongRunning&) = delete;

      private:
        Entry& entry_;
    };

    // The views must outlive the ticket.
    Result<Ticket> enter(std::string_view gupid, std::string_view method, std::string_view target,
                         For whom);

    // Ends those requests to the process that do not end by themselves, also where they have not
    // come so far.
    void abort_long_running(std::string_view gupid);

    std::size_t size() const { return entries_.size(); }

  private:
    requests::Own& own_;
    unsigned max_;
    unsigned max_per_process_;
    const Descriptors* descriptors_;
    std::list<Entry> entries_;
};

} // namespace gangway::forward
