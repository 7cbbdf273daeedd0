#include "health/slow_requests.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/guard.hpp"
#include "text/duration.hpp"
#include "text/json_writer.hpp"
#include "text/served_request.hpp"

namespace gangway::health {

namespace {

using pool::view;

// Where not all of them are seen, those that have ended are not known, either.
constexpr std::size_t most_remembered = 20'000;

std::string_view path_of(const gangway_request& request) {
    const std::string_view target = view(request.path);
    return target.substr(0, target.find('?'));
}

std::chrono::microseconds age_of(const gangway_request& request, std::uint64_t now_usec) {
    return std::chrono::microseconds(now_usec - std::min(request.began_at_usec, now_usec));
}

std::string line_about(const gangway_request& request, std::uint64_t now_usec) {
    const ServedRequest served{std::string(view(request.method)), std::string(path_of(request)),
                               std::string(view(request.client)), request.began_at_usec};
    const std::string where = request.gupid.size > 0
                                  ? "process " + std::to_string(request.pid) + " (" +
                                        std::string(view(request.gupid)) + ")"
                                  : std::string("no process yet");
    return "requests: slow: " + describe({&served, 1}, 1) + " takes " +
           print_age(age_of(request, now_usec)) + " already, at " + where + " of " +
           std::string(view(request.group_name));
}

} // namespace

void SlowRequests::wake() {
    if (running_ || stopped_ || limit_.count() == 0) {
        return;
    }
    running_ = true;
    try {
        net::co_spawn(executor_, run(), net::detached);
    } catch (...) {
        running_ = false;
        throw;
    }
}

void SlowRequests::stop() {
    stopped_ = true;
    timer_.cancel();
}

awaitable<void> SlowRequests::run() {
    const Guard at_end([this] { running_ = false; });
    while (!stopped_) {
        timer_.expires_after(between_looks);
        co_await timer_.async_wait(as_result);
        if (stopped_) {
            break;
        }
        try {
            if (const auto sample = co_await sampler_.take()) {
                tell(*sample);
            }
        } catch (const std::exception& e) { // Out of memory, say.
            log_.exception("requests: internal error", e);
        }
    }
}

std::vector<const gangway_request*> SlowRequests::take_new(const requests::Sample& sample) {
    const std::chrono::microseconds limit = limit_;
    std::set<Key> still;
    std::vector<const gangway_request*> slow;
    for (const gangway_request* request : sample.rows) {
        if (age_of(*request, sample.taken_at_usec) < limit) {
            break; // The oldest come first.
        }
        if (request->state == GANGWAY_REQUEST_UPGRADED) {
            continue;
        }
        Key key{request->began_at_usec, std::string(view(request->client)),
                std::string(view(request->path))};
        if (!told_.contains(key)) {
            slow.push_back(request);
        }
        still.insert(std::move(key));
    }
    // Those that are missing may be back at the next look.
    if (!sample.is_complete() && still.size() + told_.size() <= most_remembered) {
        still.merge(told_);
    }
    told_ = std::move(still);
    return slow;
}

void SlowRequests::tell(const requests::Sample& sample) {
    const auto slow = take_new(sample);
    const std::size_t told = std::min(slow.size(), most_told);
    std::optional<pool::Snapshot> snapshot;
    if (told > 0 && events_.has_listeners()) {
        snapshot = pool_.snapshot();
    }
    for (std::size_t i = 0; i < told; i++) {
        log_.warn(line_about(*slow[i], sample.taken_at_usec));
        if (snapshot) {
            publish(*slow[i], *snapshot, sample.taken_at_usec);
        }
    }
    if (told < slow.size()) {
        log_.warn("requests: slow: and " + std::to_string(slow.size() - told) + " more");
    }
}

void SlowRequests::publish(const gangway_request& request, const pool::Snapshot& snapshot,
                           std::uint64_t now_usec) {
    const auto groups = snapshot.groups();
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const gangway_group& each) {
        return view(each.name) == view(request.group_name);
    });
    if (group == groups.end()) {
        return;
    }
    JsonWriter json;
    json.begin_object();
    json.key("at");
    json.time(now_usec);
    json.key("pid");
    request.gupid.size > 0 ? json.number(request.pid) : json.null();
    string_or_null(json, "gupid", view(request.gupid));
    json.member("group", view(request.group_name));
    json.member("method", view(request.method));
    json.member("path", path_of(request));
    string_or_null(json, "client", view(request.client));
    json.key("started_at");
    json.time(request.began_at_usec);
    json.key("age_seconds");
    json.raw_number(print_seconds(age_of(request, now_usec)));
    json.end_object();
    events_.publish(
        {"request_slow", pool::facts_of(*group), std::string(view(request.gupid)), json.take()});
}

} // namespace gangway::health
