#include "admin/admission.hpp"

#include <algorithm>

namespace gangway::admin {

bool Admission::admits(const Access& access, const pool::Snapshot& snapshot) const {
    if (!access.needs_group()) {
        return !access.is_none();
    }
    const auto groups = snapshot.groups();
    return std::any_of(groups.begin(), groups.end(),
                       [&](const gangway_group& group) { return access.sees(group); });
}

bool Admission::admits(const Access& access) {
    if (!access.needs_group()) {
        return !access.is_none();
    }
    const auto now = std::chrono::steady_clock::now();
    if (!last_ || now - taken_at_ > max_age) {
        last_ = pool_.snapshot();
        taken_at_ = now;
    }
    return last_ && admits(access, *last_);
}

} // namespace gangway::admin
