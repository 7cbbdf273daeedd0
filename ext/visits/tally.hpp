// Visits, counted by group and route.
//
// Pure; one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "gangway/agent_abi.h"
#include "visits/route.hpp"

namespace gangway::visits {

// How many lasted how long: those of up to each bound, and longer than that before it.
class Histogram {
  public:
    // In microseconds; the last place is for what is longer.
    static constexpr std::array<std::uint64_t, 14> bounds{
        1'000,   2'500,   5'000,     10'000,    25'000,     50'000,     100'000,
        250'000, 500'000, 1'000'000, 2'500'000, 10'000'000, 30'000'000, 120'000'000};

    void add(std::uint64_t usec);
    const std::array<std::uint64_t, bounds.size() + 1>& counts() const { return counts_; }

  private:
    std::array<std::uint64_t, bounds.size() + 1> counts_{};
};

// Times in microseconds.
struct Figures {
    std::uint64_t served = 0;    // their processes are rid of them
    std::uint64_t under_way = 0; // when the tally ended
    std::uint64_t refused = 0;   // the queue was full
    std::uint64_t failed = 0;    // there was no process to be had
    std::uint64_t left = 0; // given up before a process had them, or it could not be connected to
    std::uint64_t began_early = 0; // before visits were noted
    std::uint64_t at_workers = 0;  // had a process: served, or still at it
    std::uint64_t worker_usec = 0; // for which processes had them, within the time of the tally
    std::uint64_t queued_usec = 0; // for which they waited, likewise
    std::uint64_t whole_usec = 0;  // for which processes had them, before it too
    std::uint64_t longest_usec = 0;
    std::uint64_t longest_queued_usec = 0;
    Histogram worker_times{};
    Histogram queued_times{};

    std::uint64_t requests() const {
        return served + under_way + refused + failed + left + began_early;
    }
};

struct RouteKey {
    std::string group;
    std::string method;
    std::string route;

    bool operator<(const RouteKey& other) const {
        return std::tie(group, method, route) < std::tie(other.group, other.method, other.route);
    }
};

struct WorkerFigures {
    std::int64_t pid = 0;
    std::uint64_t requests = 0;
    std::uint64_t worker_usec = 0;
};

struct RouteFigures {
    Figures figures{};
    std::map<std::string, WorkerFigures, std::less<>> workers{}; // by gupid
};

class Tally {
  public:
    // What visitors choose, bounded: what is beyond it is counted as another_route, and what
    // worker it was is left out.
    static constexpr std::size_t most_routes_of_group = 200;
    static constexpr std::size_t most_routes = 5'000;
    static constexpr std::size_t most_workers = 20'000; // of all routes
    static constexpr std::string_view another_route = "other";

    struct Only {
        std::optional<std::set<std::string, std::less<>>> groups{}; // nothing: all
        std::string gupid{};                                        // empty: all
    };

    // began_usec: since the epoch; what was before it is not counted.
    Tally(RouteRule rule, std::uint64_t began_usec, Only only)
        : rule_(std::move(rule)),
          began_usec_(began_usec),
          counted_from_usec_(began_usec),
          only_(std::move(only)) {}
    // One that goes on for as long as the agent runs: of all, whatever becomes of the machine's
    // clock, and without workers, of which there would be ever more.
    struct ForEver {};
    Tally(ForEver /*tag*/, RouteRule rule, std::uint64_t began_usec)
        : rule_(std::move(rule)), began_usec_(began_usec), has_workers_(false) {}

    Tally(const Tally&) = delete; // It points into itself.
    Tally& operator=(const Tally&) = delete;

    // One that has ended, or is under way when the tally ends.
    void add(const gangway_visit& visit);
    // A process has had a request for so long, which began before visits were noted. is_new: it was
    // not here before. whole_usec: since it began.
    void add_time(const gangway_request& request, std::uint64_t usec, std::uint64_t whole_usec,
                  bool is_new);
    void add_lost(std::uint64_t count) { lost_ += count; }

    // Their places do not change.
    const std::map<RouteKey, RouteFigures>& routes() const { return routes_; }
    std::uint64_t lost() const { return lost_; }
    std::uint64_t began_usec() const { return began_usec_; }

  private:
    bool takes(std::string_view group, std::string_view gupid) const;
    // What visitors come for again and again is found without looking for its route.
    RouteFigures& find_quickly(const gangway_visit& visit);
    RouteFigures& find(std::string_view group, std::string_view method, std::string_view path);
    void count_worker(RouteFigures& route, std::string_view gupid, std::int64_t pid,
                      std::uint64_t requests, std::uint64_t usec);

    RouteRule rule_;
    std::uint64_t began_usec_;
    std::uint64_t counted_from_usec_ = 0;
    bool has_workers_ = true;
    Only only_{};
    std::map<RouteKey, RouteFigures> routes_;
    std::map<std::string, std::size_t, std::less<>> routes_of_group_;
    struct Known {
        std::string visit; // group, method and path
        RouteFigures* route = nullptr;
    };
    std::array<Known, 256> known_; // by a hash of it
    std::string visit_;
    std::size_t workers_ = 0;
    std::uint64_t lost_ = 0;
};

} // namespace gangway::visits
