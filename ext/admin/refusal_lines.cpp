#include "admin/refusal_lines.hpp"

#include <algorithm>
#include <utility>

namespace gangway::admin {

namespace {

double refilled(double tokens, std::chrono::duration<double> after) {
    return std::min(tokens + after.count(), static_cast<double>(RefusalLines::burst));
}

} // namespace

// One that is full and owes nothing says no more than a new one: it makes room. When there is none,
// whoever comes shares the bucket of those whose user is not known.
RefusalLines::Bucket& RefusalLines::find(std::optional<uid_t> uid, Time now) {
    const auto of = [&](std::optional<uid_t> wanted) {
        return std::find_if(buckets_.begin(), buckets_.end(),
                            [&](const Bucket& bucket) { return bucket.uid == wanted; });
    };
    auto found = of(uid);
    if (found != buckets_.end()) {
        return *found;
    }
    if (buckets_.size() >= most_users) {
        std::erase_if(buckets_, [&](const Bucket& bucket) {
            return bucket.left_out == 0 &&
                   refilled(bucket.tokens, now - bucket.filled) >= static_cast<double>(burst);
        });
    }
    if (buckets_.size() >= most_users) {
        uid.reset();
        found = of(uid);
        if (found != buckets_.end()) {
            return *found;
        }
    }
    return buckets_.emplace_back(Bucket{.uid = uid, .filled = now});
}

bool RefusalLines::admits(std::optional<uid_t> uid, Time now) {
    Bucket& bucket = find(uid, now);
    bucket.tokens = refilled(bucket.tokens, now - std::exchange(bucket.filled, now));
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return true;
    }
    if (bucket.left_out++ == 0) {
        bucket.due = now + count_for;
        next_due_ = std::min(next_due_, bucket.due);
    }
    return false;
}

std::optional<RefusalLines::LeftOut> RefusalLines::take_due(Time now) {
    if (now < next_due_) {
        return std::nullopt;
    }
    next_due_ = Time::max();
    std::optional<LeftOut> result;
    for (Bucket& bucket : buckets_) {
        if (bucket.left_out == 0) {
            continue;
        }
        if (!result && now >= bucket.due) {
            result = LeftOut{bucket.uid, std::exchange(bucket.left_out, 0)};
        } else {
            next_due_ = std::min(next_due_, bucket.due);
        }
    }
    return result;
}

} // namespace gangway::admin
