#include "admin/admission.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace gangway::admin {

namespace {

bool sees_any(const Access& access, std::span<const gangway_group> groups) {
    return std::any_of(groups.begin(), groups.end(),
                       [&](const gangway_group& group) { return access.sees(group); });
}

} // namespace

bool Admission::admits(const Access& access, Clock::time_point now) {
    is_new_ = false;
    if (!access.needs_pool()) {
        return !access.is_none();
    }
    if (const auto gupid = access.only_process()) {
        // Not a guess: whoever says this had the password. It is of no use once the process has
        // gone.
        return pool_.find({0, pool::abi(*gupid)}) != nullptr;
    }
    if (!last_ || now - taken_at_ > max_age) {
        last_ = pool_.snapshot();
        taken_at_ = now;
        is_new_ = last_.has_value();
    }
    return last_ && sees_any(access, last_->groups());
}

std::optional<pool::Snapshot> Admission::take_new(Clock::time_point now) {
    const bool is_new = std::exchange(is_new_, false) && now - taken_at_ <= max_age;
    return is_new ? std::exchange(last_, std::nullopt) : std::nullopt;
}

} // namespace gangway::admin
