#include "visits/tally.hpp"

#include <algorithm>
#include <functional>

#include "pool/pool.hpp"

namespace gangway::visits {

namespace {

using pool::view;

// How much of [from, from + length) is not before begin.
std::uint64_t within(std::uint64_t begin, std::uint64_t from, std::uint64_t length) {
    const std::uint64_t before = begin > from ? begin - from : 0;
    return length - std::min(before, length);
}

} // namespace

void Histogram::add(std::uint64_t usec) {
    const auto* const place = std::lower_bound(bounds.begin(), bounds.end(), usec);
    counts_.at(static_cast<std::size_t>(place - bounds.begin()))++;
}

bool Tally::takes(std::string_view group, std::string_view gupid) const {
    return (!only_.groups || only_.groups->contains(group)) &&
           (only_.gupid.empty() || only_.gupid == gupid);
}

void Tally::add(const gangway_visit& visit) {
    const bool was_before =
        visit.asked_at_usec + visit.queued_usec + visit.served_usec < counted_from_usec_;
    if (was_before || !takes(view(visit.group_name), view(visit.gupid))) {
        return;
    }
    RouteFigures& route = find_quickly(visit);
    Figures& figures = route.figures;
    switch (visit.state) {
    case GANGWAY_VISIT_QUEUED:
    case GANGWAY_VISIT_AT_PROCESS:
        figures.under_way++;
        break;
    case GANGWAY_VISIT_SERVED:
        figures.served++;
        break;
    case GANGWAY_VISIT_REFUSED:
        figures.refused++;
        break;
    case GANGWAY_VISIT_FAILED:
        figures.failed++;
        break;
    case GANGWAY_VISIT_LEFT:
        figures.left++;
        break;
    }
    figures.queued_usec += within(counted_from_usec_, visit.asked_at_usec, visit.queued_usec);
    figures.longest_queued_usec = std::max(figures.longest_queued_usec, visit.queued_usec);
    figures.queued_times.add(visit.queued_usec);
    if (visit.gupid.size > 0 && visit.state != GANGWAY_VISIT_LEFT) {
        const std::uint64_t usec =
            within(counted_from_usec_, visit.asked_at_usec + visit.queued_usec, visit.served_usec);
        figures.at_workers++;
        figures.worker_usec += usec;
        figures.whole_usec += visit.served_usec;
        figures.longest_usec = std::max(figures.longest_usec, visit.served_usec);
        figures.worker_times.add(visit.served_usec);
        count_worker(route, view(visit.gupid), visit.pid, 1, usec);
    }
}

void Tally::add_time(const gangway_request& request, std::uint64_t usec, std::uint64_t whole_usec,
                     bool is_new) {
    if (!takes(view(request.group_name), view(request.gupid))) {
        return;
    }
    const std::string_view target = view(request.path);
    RouteFigures& route =
        find(view(request.group_name), view(request.method), target.substr(0, target.find('?')));
    route.figures.began_early += is_new ? 1U : 0U;
    route.figures.worker_usec += usec;
    route.figures.longest_usec = std::max(route.figures.longest_usec, whole_usec);
    count_worker(route, view(request.gupid), request.pid, is_new ? 1U : 0U, usec);
}

RouteFigures& Tally::find_quickly(const gangway_visit& visit) {
    visit_.assign(view(visit.group_name)).append(1, '\0');
    visit_.append(view(visit.method)).append(1, '\0').append(view(visit.path));
    Known& known = known_.at(std::hash<std::string_view>()(visit_) % known_.size());
    if (known.route == nullptr || known.visit != visit_) {
        known.route = nullptr; // Should there be no memory.
        known.visit = visit_;
        known.route = &find(view(visit.group_name), view(visit.method), view(visit.path));
    }
    return *known.route;
}

RouteFigures& Tally::find(std::string_view group, std::string_view method, std::string_view path) {
    RouteKey key{std::string(group), std::string(method), rule_.route_of(path)};
    auto found = routes_.find(key);
    if (found != routes_.end()) {
        return found->second;
    }
    std::size_t& count = routes_of_group_[key.group];
    if (count >= most_routes_of_group || routes_.size() >= most_routes) {
        key.method.clear();
        key.route = another_route;
        return routes_[std::move(key)];
    }
    RouteFigures& route = routes_[std::move(key)];
    count++;
    return route;
}

void Tally::count_worker(RouteFigures& route, std::string_view gupid, std::int64_t pid,
                         std::uint64_t requests, std::uint64_t usec) {
    if (!has_workers_) {
        return;
    }
    auto found = route.workers.find(gupid);
    if (found == route.workers.end()) {
        if (workers_ >= most_workers) {
            return;
        }
        found = route.workers.emplace(gupid, WorkerFigures{pid}).first;
        workers_++;
    }
    found->second.requests += requests;
    found->second.worker_usec += usec;
}

} // namespace gangway::visits
