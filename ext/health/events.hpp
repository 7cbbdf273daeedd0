// What happens to processes, told to those who listen.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "watch/census.hpp"

namespace gangway::health {

struct Event {
    std::string_view name;  // "health_changed"
    pool::GroupFacts group; // whom it may be told
    std::string gupid;      // of the process that it is about; empty: of the whole group
    std::string data;       // a JSON object in one line
};

// On the server's thread only.
class Events {
  public:
    // Beyond so many that were not fetched yet, the oldest go; the listener is told how many.
    static constexpr std::size_t most_waiting = 1024;

    class Listener {
      public:
        // wants: whether it may be told of that event.
        Listener(Events& events, const Executor& executor,
                 std::function<bool(const Event& event)> wants);
        ~Listener();
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;

        // The next event; nothing after so long without one, or after close().
        awaitable<std::shared_ptr<const Event>> next(std::chrono::milliseconds longest);
        // The same, of those that are there already.
        std::shared_ptr<const Event> next_now();
        // How many were lost since the last call.
        std::size_t take_lost();
        void close();
        bool is_closed() const { return closed_; }

      private:
        friend class Events;
        void tell(const std::shared_ptr<const Event>& event);

        Events& events_;
        std::function<bool(const Event& event)> wants_;
        Timer news_;
        std::deque<std::shared_ptr<const Event>> waiting_;
        std::size_t lost_ = 0;
        bool closed_ = false;
    };

    void publish(Event event);
    bool has_listeners() const { return !listeners_.empty(); }

  private:
    std::list<Listener*> listeners_;
};

} // namespace gangway::health
