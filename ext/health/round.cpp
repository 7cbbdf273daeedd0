#include "health/round.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "module/wall_clock.hpp"

namespace gangway::health {

void Summary::count(Verdict verdict) {
    switch (verdict) {
    case Verdict::healthy:
        healthy++;
        break;
    case Verdict::unhealthy:
        unhealthy++;
        break;
    case Verdict::busy:
        busy++;
        break;
    case Verdict::skipped:
        skipped++;
        break;
    }
}

Round::Round(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
             std::uint32_t max_header_bytes, const Check& check, std::vector<Subject> subjects)
    : executor_(executor),
      pool_(pool),
      clock_steps_(clock_steps),
      max_header_bytes_(max_header_bytes),
      check_(check),
      subjects_(std::move(subjects)),
      news_(executor, Timer::time_point::max()),
      deadline_(executor, [this] { on_deadline(); }) {
    finished_.reserve(subjects_.size());
    for (const Subject& subject : subjects_) {
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
    const std::size_t count = std::min<std::size_t>(lanes, subjects_.size());
    for (std::size_t i = 0; i < count; i++) {
        lanes_.push_back(std::make_unique<Lane>(executor_, pool_, clock_steps_, max_header_bytes_));
        lanes_.back()->companion.start(run(*lanes_.back()));
    }
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
            Result result;
            result.checked_at_usec = usec_since_epoch();
            say_failed(result, std::bad_alloc());
            finish(std::move(result));
        }
    }
    InHand(const InHand&) = delete;
    InHand& operator=(const InHand&) = delete;

    void finish(Result result) {
        end();
        group_.ended++;
        round_.finish(index_, std::move(result));
    }
    void put_off(Result result) {
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
    Group* with_room = nullptr;
    for (auto index = take(with_room); index; index = take(with_room)) {
        Group& group = *group_of_[*index];
        const unsigned ended_before = group.ended;
        InHand in_hand(*this, *index);
        Result result = co_await check(lane, *index);
        const bool in_the_way = group.running > 1 || group.ended != ended_before;
        if (result.reason == Reason::last_free_slot && in_the_way && !is_over()) {
            in_hand.put_off(std::move(result));
            // Else whoever still runs takes it, once he has ended.
            with_room = group.running == 0 ? &group : nullptr;
        } else {
            in_hand.finish(std::move(result));
            with_room = &group;
        }
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

awaitable<Result> Round::check(Lane& lane, std::size_t index) {
    const gangway_process_id id{0, pool::abi(subjects_[index].gupid)};
    Result result;
    result.checked_at_usec = usec_since_epoch();
    try {
        result = co_await lane.probe.run(check_, id);
    } catch (const std::exception& e) { // Out of memory, say.
        say_failed(result, e);
    }
    co_return result;
}

void Round::finish(std::size_t index, Result result) {
    summary_.count(result.verdict);
    summary_.duration =
        std::chrono::duration_cast<std::chrono::microseconds>(LazyTimer::Clock::now() - started_);
    finished_.push_back({index, std::move(result)});
    news_.cancel();
}

Result Round::never_begun() {
    Result result;
    result.reason = Reason::deadline;
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
