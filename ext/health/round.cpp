#include "health/round.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "base/wall_clock.hpp"

namespace gangway::health {

void Summary::count(check::Verdict verdict) {
    switch (verdict) {
    case check::Verdict::healthy:
        healthy++;
        break;
    case check::Verdict::unhealthy:
        unhealthy++;
        break;
    case check::Verdict::busy:
        busy++;
        break;
    case check::Verdict::skipped:
        skipped++;
        break;
    }
}

Round::Round(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
             std::uint32_t max_header_bytes, const check::Check& check,
             std::vector<pool::Subject> subjects)
    : executor_(executor),
      pool_(pool),
      clock_steps_(clock_steps),
      max_header_bytes_(max_header_bytes),
      check_(check),
      subjects_(std::move(subjects)),
      news_(executor, Timer::time_point::max()),
      deadline_(executor, [this] { on_deadline(); }) {
    finished_.reserve(subjects_.size());
    for (const pool::Subject& subject : subjects_) {
        group_of_.push_back(&groups_[subject.group]);
    }
}

Round::~Round() {
    deadline_.stop();
    cut();
    for (const auto& lane : lanes_) {
        lane->companion.finish();
    }
}

void Round::start(unsigned lanes, std::chrono::milliseconds deadline) {
    started_ = LazyTimer::Clock::now();
    deadline_.set(started_ + deadline);
    most_lanes_ = std::min<std::size_t>(lanes, subjects_.size());
    lanes_.reserve(most_lanes_);
    if (most_lanes_ > 0) {
        start_lane();
    }
}

void Round::start_lane() {
    lanes_.push_back(std::make_unique<Lane>(executor_, pool_, clock_steps_, max_header_bytes_));
    if (turns_ != nullptr) {
        lanes_.back()->probe.take_turns(*turns_, owner_);
    }
    if (known_ != nullptr) {
        lanes_.back()->probe.tell_requests(*known_);
    }
    lanes_.back()->companion.start(run(*lanes_.back()));
}

// A subject that was taken has a result in the end, whatever becomes of its check.
class Round::InHand {
  public:
    InHand(Round& round, std::size_t index)
        : round_(round), index_(index), group_(*round.group_of_[index]) {
        group_.running++;
    }
    ~InHand() {
        if (!done_) {
            check::Result result;
            result.checked_at_usec = usec_since_epoch();
            say_failed(result, std::bad_alloc());
            finish(std::move(result));
        }
    }
    InHand(const InHand&) = delete;
    InHand& operator=(const InHand&) = delete;

    void finish(check::Result result) {
        end();
        group_.ended++;
        round_.finish(index_, std::move(result));
    }
    void put_off(check::Result result) {
        group_.put_off.emplace_back();
        group_.put_off.back() = {index_, std::move(result)};
        end();
    }

  private:
    void end() {
        group_.running--;
        done_ = true;
    }

    Round& round_;
    std::size_t index_;
    Group& group_;
    bool done_ = false;
};

awaitable<void> Round::run(Lane& lane) {
    // Each lets others have their turn, and then starts the next: so many at once, and each begins
    // where it is started, would hold them up.
    try {
        co_await others_first(executor_);
        if (lanes_.size() < most_lanes_ && next_subject_ < subjects_.size()) {
            start_lane();
        }
    } catch (const std::exception&) { // Out of memory, say: those that there are do its work.
        most_lanes_ = 0;
    }
    Group* with_room = nullptr;
    for (auto index = take(with_room); index;) {
        Group& group = *group_of_[*index];
        const unsigned ended_before = group.ended;
        InHand in_hand(*this, *index);
        check::Result result = co_await check(lane, *index);
        const bool in_the_way = group.running > 1 || group.ended != ended_before;
        if (result.reason == check::Reason::last_free_slot && in_the_way && !is_over()) {
            in_hand.put_off(std::move(result));
            // Else whoever still runs takes it, once he has ended.
            with_room = group.running == 0 ? &group : nullptr;
        } else {
            in_hand.finish(std::move(result));
            with_room = &group;
        }
        // A check that ends at once, as where a process has gone, has waited for nothing.
        co_await others_first(executor_);
        index = take(with_room);
    }
}

std::optional<std::size_t> Round::take(Group* with_room) {
    if (with_room != nullptr && !with_room->put_off.empty()) {
        const std::size_t index = with_room->put_off.front().index;
        with_room->put_off.pop_front();
        return index;
    }
    return next_subject_ < subjects_.size() ? std::optional(next_subject_++) : std::nullopt;
}

awaitable<check::Result> Round::check(Lane& lane, std::size_t index) {
    const gangway_process_id id{0, pool::abi(subjects_[index].gupid)};
    check::Result result;
    result.checked_at_usec = usec_since_epoch();
    try {
        result = co_await lane.probe.run(check_, id);
    } catch (const std::exception& e) { // Out of memory, say.
        say_failed(result, e);
    }
    co_return result;
}

void Round::finish(std::size_t index, check::Result result) {
    summary_.count(result.verdict);
    summary_.duration =
        std::chrono::duration_cast<std::chrono::microseconds>(LazyTimer::Clock::now() - started_);
    finished_.push_back({index, std::move(result)});
    news_.cancel();
}

check::Result Round::never_begun() {
    check::Result result;
    result.reason = check::Reason::deadline;
    result.checked_at_usec = usec_since_epoch();
    try {
        result.detail = "The deadline of the whole came before its turn; allow more time, or more "
                        "checks at once.";
    } catch (...) {
        result.detail = "Out of time."; // So short a text needs no memory.
    }
    return result;
}

// What runs is given up, what was not begun is skipped, and both say so.
void Round::on_deadline() {
    if (summary_.total() == subjects_.size()) {
        return; // Only the reader of the results is slow.
    }
    summary_.deadline_reached = true;
    while (next_subject_ < subjects_.size()) {
        finish(next_subject_++, never_begun());
    }
    for (auto& [name, group] : groups_) {
        for (Finished& late : group.put_off) {
            finish(late.index, std::move(late.result));
        }
        group.put_off.clear();
    }
    for (const auto& lane : lanes_) {
        lane->probe.cut();
    }
}

awaitable<std::optional<Round::Finished>> Round::next() {
    while (finished_.size() == given_ && given_ < subjects_.size() && !cut_) {
        co_await news_.async_wait(as_result);
    }
    co_return next_now();
}

std::optional<Round::Finished> Round::next_now() {
    if (finished_.size() == given_ || cut_) {
        return std::nullopt;
    }
    return std::move(finished_[given_++]);
}

void Round::cut() {
    cut_ = true;
    next_subject_ = subjects_.size();
    for (auto& [name, group] : groups_) {
        group.put_off.clear();
    }
    for (const auto& lane : lanes_) {
        lane->probe.cut();
    }
    news_.cancel();
}

awaitable<void> Round::end() {
    deadline_.stop();
    cut();
    for (const auto& lane : lanes_) {
        co_await lane->companion.ended();
    }
}

} // namespace gangway::health
