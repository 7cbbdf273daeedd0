#include "endpoints/profile_rows.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "text/duration.hpp"

namespace gangway::endpoints {

namespace {

using visits::Figures;
using visits::Histogram;

void seconds(JsonWriter& json, std::string_view name, std::uint64_t usec) {
    json.key(name);
    json.raw_number(print_seconds(std::chrono::microseconds(usec)));
}

void write_counts(JsonWriter& json, std::string_view name, const Histogram& histogram) {
    json.key(name);
    json.begin_array();
    for (const std::uint64_t count : histogram.counts()) {
        json.number(static_cast<std::int64_t>(count));
    }
    json.end_array();
}

std::uint64_t mean(std::uint64_t sum, std::uint64_t count) {
    return count == 0 ? 0 : sum / count;
}

} // namespace

ProfileRows::ProfileRows(const visits::Tally& tally, const pool::Snapshot& snapshot,
                         const admin::Access& access, std::uint64_t ended_usec, std::size_t limit) {
    std::set<std::string_view> groups;
    for (const gangway_group& group : snapshot.groups()) {
        if (access.sees(group)) {
            groups.insert(pool::view(group.name));
        }
    }
    for (const Row& row : tally.routes()) {
        if (access.sees_all() || access.only_process() || groups.contains(row.first.group)) {
            rows_.push_back(&row);
            worker_usec_ += row.second.figures.worker_usec;
            queued_usec_ += row.second.figures.queued_usec;
            requests_ += row.second.figures.requests();
        }
    }
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row* a, const Row* b) {
        const Figures& first = a->second.figures;
        const Figures& second = b->second.figures;
        return std::pair(first.worker_usec, first.queued_usec) >
               std::pair(second.worker_usec, second.queued_usec);
    });
    if (rows_.size() > limit) {
        beyond_limit_ = rows_.size() - limit;
        rows_.resize(limit);
    }
    begin(tally, ended_usec, access.sees_all());
}

void ProfileRows::begin(const visits::Tally& tally, std::uint64_t ended_usec, bool sees_all) {
    json_.begin_object();
    json_.key("began_at");
    json_.time(tally.began_usec());
    json_.key("ended_at");
    json_.time(ended_usec);
    seconds(json_, "seconds", ended_usec - std::min(tally.began_usec(), ended_usec));
    json_.member("requests", requests_);
    seconds(json_, "worker_seconds", worker_usec_);
    seconds(json_, "queued_seconds", queued_usec_);
    json_.key("lost");
    if (sees_all) { // Whose they were is not known.
        json_.number(static_cast<std::int64_t>(tally.lost()));
    } else {
        json_.null();
    }
    json_.key("bounds_seconds");
    json_.begin_array();
    for (const std::uint64_t bound : Histogram::bounds) {
        json_.raw_number(print_seconds(std::chrono::microseconds(bound)));
    }
    json_.end_array();
    json_.key("routes");
    json_.begin_array();
}

void ProfileRows::write(const Row& row) {
    const Figures& figures = row.second.figures;
    json_.begin_object();
    json_.member("group", std::string_view(row.first.group));
    string_or_null(json_, "method", row.first.method);
    json_.member("route", std::string_view(row.first.route));
    json_.key("share");
    const double share = worker_usec_ == 0 ? 0
                                           : static_cast<double>(figures.worker_usec) /
                                                 static_cast<double>(worker_usec_);
    json_.raw_number(print_seconds(std::chrono::microseconds(std::llround(share * 1e6))));
    json_.member("requests", figures.requests());
    json_.member("under_way", figures.under_way);
    json_.member("began_early", figures.began_early);
    json_.member("refused", figures.refused);
    json_.member("failed", figures.failed);
    json_.member("left", figures.left);
    seconds(json_, "worker_seconds", figures.worker_usec);
    seconds(json_, "mean_seconds", mean(figures.whole_usec, figures.at_workers));
    seconds(json_, "longest_seconds", figures.longest_usec);
    seconds(json_, "queued_seconds", figures.queued_usec);
    seconds(json_, "longest_queued_seconds", figures.longest_queued_usec);
    write_counts(json_, "worker_time_counts", figures.worker_times);
    write_counts(json_, "queued_time_counts", figures.queued_times);
    write_workers(row.second);
    json_.end_object();
}

// So many of a row, those that it held longest: a row is to stay a row.
void ProfileRows::write_workers(const visits::RouteFigures& route) {
    constexpr std::size_t most = 50;
    using Worker = std::pair<const std::string, visits::WorkerFigures>;
    std::vector<const Worker*> workers;
    workers.reserve(route.workers.size());
    for (const Worker& worker : route.workers) {
        workers.push_back(&worker);
    }
    const std::size_t shown = std::min(most, workers.size());
    std::partial_sort(workers.begin(), workers.begin() + static_cast<std::ptrdiff_t>(shown),
                      workers.end(), [](const Worker* a, const Worker* b) {
                          return a->second.worker_usec > b->second.worker_usec;
                      });
    json_.key("workers");
    json_.begin_array();
    for (std::size_t i = 0; i < shown; i++) {
        const auto& [gupid, worker] = *workers[i];
        json_.begin_object();
        json_.member("pid", worker.pid);
        json_.member("gupid", std::string_view(gupid));
        json_.member("requests", worker.requests);
        seconds(json_, "worker_seconds", worker.worker_usec);
        json_.end_object();
    }
    json_.end_array();
    json_.member("other_workers", workers.size() - shown);
}

bool ProfileRows::write(std::size_t rows) {
    for (; rows > 0 && written_ < rows_.size(); rows--) {
        write(*rows_[written_++]);
    }
    if (written_ < rows_.size()) {
        return true;
    }
    if (!std::exchange(is_whole_, true)) {
        json_.end_array();
        json_.member("beyond_limit", beyond_limit_);
        json_.end_object();
    }
    return false;
}

} // namespace gangway::endpoints
