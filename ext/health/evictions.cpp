#include "health/evictions.hpp"

#include <csignal>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/process_stat.hpp"

namespace gangway::health {

namespace {

// Glibc has wrappers for these from 2.36 on only.
int open_pidfd(std::int64_t pid) {
    return static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0U));
}

void kill_by_pidfd(int pidfd) {
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0U);
}

// A pidfd becomes readable when its process ends.
bool has_ended(int pidfd) {
    pollfd poll_one{pidfd, POLLIN, 0};
    return ::poll(&poll_one, 1, 0) > 0;
}

} // namespace

Evictions::~Evictions() {
    for (const Entry& entry : entries_) {
        ::close(entry.pidfd);
    }
}

void Evictions::attach(const pool::Subject& subject) {
    if (const auto stat = read_process_stat(subject.pid)) {
        start_times_.emplace(subject.gupid, stat->start_time);
    }
}

void Evictions::detach(const pool::Subject& subject) {
    start_times_.erase(subject.gupid);
}

bool Evictions::add(const pool::Subject& subject, Time kill_at) {
    const auto start_time = start_times_.find(subject.gupid);
    if (start_time == start_times_.end()) {
        return false;
    }
    entries_.reserve(entries_.size() + 1); // So that no descriptor is lost.
    const int pidfd = open_pidfd(subject.pid);
    if (pidfd < 0) {
        return false;
    }
    // The pid is not in use again as long as that is open and its process has not ended.
    const auto stat = read_process_stat(subject.pid);
    if (!stat || stat->start_time != start_time->second) {
        ::close(pidfd);
        return false;
    }
    entries_.push_back({subject, pidfd, kill_at});
    return true;
}

void Evictions::forget_last() {
    ::close(entries_.back().pidfd);
    entries_.pop_back();
}

std::vector<pool::Subject> Evictions::kill_due(Time now) {
    std::vector<pool::Subject> killed;
    std::vector<Entry> kept;
    killed.reserve(entries_.size()); // What is closed below must not stay in entries_.
    kept.reserve(entries_.size());
    for (Entry& entry : entries_) {
        const bool ended = has_ended(entry.pidfd);
        if (!ended && now >= entry.kill_at) {
            kill_by_pidfd(entry.pidfd);
            killed.push_back(entry.subject);
        }
        if (ended || now >= entry.kill_at) {
            ::close(entry.pidfd);
        } else {
            kept.push_back(std::move(entry));
        }
    }
    entries_ = std::move(kept);
    return killed;
}

} // namespace gangway::health
