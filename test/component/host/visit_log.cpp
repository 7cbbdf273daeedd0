#include "host/visit_log.h"

#include "host/test_host.h"

#include <algorithm>
#include <utility>

namespace gangway::test {

namespace {

gangway_str view(const std::string& text) {
    return {text.data(), text.size()};
}

gangway_visit record_of(const VisitRow& row) {
    gangway_visit visit{};
    visit.group_name = view(row.group);
    visit.method = view(row.method);
    visit.path = view(row.path);
    visit.gupid = view(row.gupid);
    visit.pid = row.pid;
    visit.asked_at_usec = row.asked_at_usec;
    visit.queued_usec = row.queued_usec;
    visit.served_usec = row.served_usec;
    visit.state = row.state;
    return visit;
}

} // namespace

struct VisitLog::Taken {
    gangway_visits data{}; // first: it is found by its address
    std::vector<VisitRow> rows;
    std::vector<gangway_visit> records;
};

void VisitLog::end(const VisitRow& visit) {
    const std::lock_guard lock(mutex_);
    if (watched_) {
        ended_.push_back(visit);
    }
}

void VisitLog::set_open(std::vector<VisitRow> visits) {
    const std::lock_guard lock(mutex_);
    open_ = std::move(visits);
}

void VisitLog::lose(std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    lost_ += count;
}

void VisitLog::watch(bool on) {
    const std::lock_guard lock(mutex_);
    watched_ = on;
}

bool VisitLog::is_watched() const {
    const std::lock_guard lock(mutex_);
    return watched_;
}

const gangway_visits* VisitLog::take(std::uint32_t most_open) {
    const std::lock_guard lock(mutex_);
    auto taken = std::make_unique<Taken>();
    taken->rows = std::exchange(ended_, {});
    const std::size_t ended = taken->rows.size();
    const std::size_t open = std::min<std::size_t>(most_open, open_.size());
    taken->rows.insert(taken->rows.end(), open_.begin(),
                       open_.begin() + static_cast<std::ptrdiff_t>(open));
    for (const VisitRow& row : taken->rows) {
        taken->records.push_back(record_of(row));
    }
    taken->data.lost = std::exchange(lost_, 0);
    taken->data.ended = taken->records.data();
    taken->data.ended_count = static_cast<std::uint32_t>(ended);
    taken->data.open = taken->records.data() + ended;
    taken->data.open_count = static_cast<std::uint32_t>(open);
    lent_.insert(&taken->data);
    return &taken.release()->data;
}

void VisitLog::release(const gangway_visits* visits) {
    const std::lock_guard lock(mutex_);
    if (lent_.erase(visits) == 0) {
        contract_violation("visits_release() of what was not lent");
    }
    delete reinterpret_cast<const Taken*>(visits);
}

std::size_t VisitLog::lent() const {
    const std::lock_guard lock(mutex_);
    return lent_.size();
}

} // namespace gangway::test
