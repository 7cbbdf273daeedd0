#include "watch/standing.hpp"

#include <algorithm>
#include <limits>

namespace gangway::watch {

namespace {

PastCheck past_check(const check::Result& result) {
    using Rep = std::chrono::microseconds::rep;
    constexpr Rep longest = std::numeric_limits<PastCheck::Latency::rep>::max();
    constexpr unsigned highest = std::numeric_limits<std::uint16_t>::max();
    const Rep latency = std::clamp(result.latency.count(), Rep{0}, longest);
    return {result.checked_at_usec,
            PastCheck::Latency(static_cast<PastCheck::Latency::rep>(latency)),
            static_cast<std::uint16_t>(std::min(result.status, highest)), result.verdict,
            result.reason};
}

} // namespace

std::string_view word(Standing standing) {
    switch (standing) {
    case Standing::unknown:
        return "unknown";
    case Standing::healthy:
        return "healthy";
    case Standing::unhealthy:
        return "unhealthy";
    }
    return "";
}

std::optional<Change> Track::add(const check::Result& result, const Thresholds& thresholds,
                                 Time begun, std::uint64_t now_usec) {
    keep(result);
    switch (result.verdict) {
    case check::Verdict::healthy:
        healthy_in_a_row_++;
        unhealthy_in_a_row_ = 0;
        confirmed_in_a_row_ = 0;
        failing_ = false;
        break;
    case check::Verdict::unhealthy:
        failures_++;
        failing_ = true;
        reason_ = result.reason;
        if (begun < not_before_) {
            return std::nullopt;
        }
        unhealthy_in_a_row_++;
        confirmed_in_a_row_ += depends_on_route(result) ? 0U : 1U;
        healthy_in_a_row_ = 0;
        break;
    case check::Verdict::busy:
    case check::Verdict::skipped:
        return std::nullopt;
    }
    const Standing next = next_standing(thresholds);
    if (next == standing_) {
        return std::nullopt;
    }
    Change change{standing_, next, result.reason, result.detail};
    standing_ = next;
    since_usec_ = now_usec;
    reason_ = result.reason;
    return change;
}

void Track::keep(const check::Result& result) {
    ring_[checks_ % history_size] = past_check(result);
    checks_++;
    last_ = result;
}

Standing Track::next_standing(const Thresholds& thresholds) const {
    if (unhealthy_in_a_row_ > 0) {
        return unhealthy_in_a_row_ >= thresholds.fall ? Standing::unhealthy : standing_;
    }
    const bool risen = standing_ == Standing::unknown || healthy_in_a_row_ >= thresholds.rise;
    return risen ? Standing::healthy : standing_;
}

std::vector<PastCheck> Track::history() const {
    std::vector<PastCheck> checks;
    const std::uint64_t kept = std::min<std::uint64_t>(checks_, history_size);
    checks.reserve(kept);
    for (std::uint64_t n = checks_ - kept; n < checks_; n++) {
        checks.push_back(ring_[n % history_size]);
    }
    return checks;
}

} // namespace gangway::watch
