#include "watch/schedule.hpp"

#include <cmath>

namespace gangway::watch {

namespace {

// FNV-1a: the same in each run and on each machine, which std::hash need not be. Its values for
// keys that differ in their last bytes are a multiple of one number apart, and so may be near each
// other modulo an interval; MurmurHash3's last step (fmix64) scatters them.
std::uint64_t hash(std::string_view key) {
    std::uint64_t value = 0xcbf2'9ce4'8422'2325U;
    for (const char c : key) {
        value ^= static_cast<unsigned char>(c);
        value *= 0x100'0000'01b3U;
    }
    value ^= value >> 33;
    value *= 0xff51'afd7'ed55'8ccdU;
    value ^= value >> 33;
    value *= 0xc4ce'b9fe'1a85'ec53U;
    return value ^ value >> 33;
}

} // namespace

Schedule::Schedule(Clock::duration interval, unsigned jitter_percent,
                   std::function<std::uint32_t()> random)
    : interval_(interval),
      max_jitter_(interval * jitter_percent / 100),
      random_(std::move(random)) {}

void Schedule::add(std::string_view key, Time now) {
    const auto [check, added] = checks_.try_emplace(std::string(key));
    if (!added) {
        return;
    }
    const auto place = hash(key) % static_cast<std::uint64_t>(interval_.count());
    check->second.due = now + Clock::duration(static_cast<Clock::rep>(place));
    try {
        waiting_.emplace(check->second.due, check->first);
    } catch (...) {
        checks_.erase(check);
        throw;
    }
}

void Schedule::remove(std::string_view key) {
    const auto check = checks_.find(key);
    if (check == checks_.end()) {
        return;
    }
    waiting_.erase({check->second.due, check->first});
    checks_.erase(check);
}

std::optional<Schedule::Time> Schedule::next_due() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first);
}

std::vector<std::string> Schedule::take_due(Time now, std::size_t max) {
    std::vector<std::string> keys;
    for (const auto& [due, key] : waiting_) {
        if (due > now || keys.size() == max) {
            break;
        }
        keys.emplace_back(key);
    }
    for (const std::string& key : keys) {
        checks_.find(key)->second.place = waiting_.extract(waiting_.begin());
    }
    return keys;
}

void Schedule::done(std::string_view key, Time now) {
    const auto check = checks_.find(key);
    if (check == checks_.end() || check->second.place.empty()) {
        return;
    }
    Time next = check->second.due + interval_ + jitter();
    if (next <= now) {
        next += interval_ * ((now - next) / interval_ + 1);
    }
    check->second.due = next;
    check->second.place.value().first = next;
    waiting_.insert(std::move(check->second.place));
}

Schedule::Clock::duration Schedule::jitter() {
    constexpr double half = 0x1p31;
    const double part = (static_cast<double>(random_()) - half) / half; // from -1 to below 1
    return Clock::duration(std::llround(part * static_cast<double>(max_jitter_.count())));
}

} // namespace gangway::watch
