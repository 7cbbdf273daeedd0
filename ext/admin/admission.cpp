#include "admin/admission.hpp"

#include <algorithm>

namespace gangway::admin {

bool Admission::admits(const Access& access, const pool::Snapshot& snapshot) const {
    if (!access.needs_pool()) {
        return !access.is_none();
    }
    const auto groups = snapshot.groups();
    return std::any_of(groups.begin(), groups.end(),
                       [&](const gangway_group& group) { return access.sees(group); });
}

bool Admission::admits(const Access& access) {
    if (!access.needs_pool()) {
        return !access.is_none();
    }
    if (const auto gupid = access.only_process()) {
        // Not a guess: whoever says this had the password. It is of no use once the process has
        // gone.
        return pool_.find({0, pool::abi(*gupid)}) != nullptr;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!last_ || now - taken_at_ > max_age) {
        last_ = pool_.snapshot();
        taken_at_ = now;
    }
    return last_ && admits(access, *last_);
}

} // namespace gangway::admin
