#include "health/monitor.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/guard.hpp"
#include "base/wall_clock.hpp"
#include "text/json_writer.hpp"

namespace gangway::health {

namespace {

constexpr std::chrono::seconds between_looks{1};

std::string describe(const pool::Subject& subject) {
    return "health: process " + std::to_string(subject.pid) + " (" + subject.gupid + ") of " +
           subject.group;
}

JsonWriter begin_event(const pool::Subject& subject) {
    JsonWriter json;
    json.begin_object();
    json.key("at");
    json.time(usec_since_epoch());
    json.member("pid", subject.pid);
    json.member("gupid", subject.gupid);
    json.member("group", subject.group);
    return json;
}

std::string end_event(JsonWriter& json) {
    json.end_object();
    return json.take();
}

std::string plain_event(const pool::Subject& subject) {
    JsonWriter json = begin_event(subject);
    return end_event(json);
}

std::string restart_event(const std::string& group) {
    JsonWriter json;
    json.begin_object();
    json.key("at");
    json.time(usec_since_epoch());
    json.member("group", group);
    return end_event(json);
}

} // namespace

Monitor::Monitor(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
                 const std::vector<watch::Plan>& plans, std::uint32_t max_header_bytes,
                 Events& events, const Log& log, const Descriptors* descriptors, Turns* turns,
                 const requests::Known* known)
    : executor_(executor),
      pool_(pool),
      plans_(plans),
      clock_steps_(clock_steps),
      max_header_bytes_(max_header_bytes),
      events_(events),
      log_(log),
      descriptors_(descriptors),
      turns_(turns),
      known_(known),
      random_(std::random_device{}()),
      watch_(plans, [this] { return static_cast<std::uint32_t>(random_()); }),
      timer_(executor) {}

bool Monitor::needed() const {
    return !stopping_ && (!plans_.empty() || events_.has_listeners() || !evictions_.empty());
}

void Monitor::wake() {
    if (running_ || !needed()) {
        return;
    }
    running_ = true;
    try {
        net::co_spawn(executor_, run(), [](const std::exception_ptr& failure) {
            if (failure) {
                std::rethrow_exception(failure);
            }
        });
    } catch (...) {
        running_ = false;
        throw;
    }
}

void Monitor::stop() {
    stopping_ = true;
    timer_.cancel();
    for (const auto& lane : lanes_) {
        lane->probe.cut();
    }
}

awaitable<void> Monitor::run() {
    const Guard at_end([this] { running_ = false; });
    if (plans_.empty()) {
        census_ = {}; // What happened while nobody listened is not told.
        first_look_ = true;
    }
    Time next_look = Time::min();
    while (needed()) {
        try {
            const Time now = LazyTimer::Clock::now();
            if (now >= next_look) {
                next_look = now + between_looks;
                look(now);
            }
            start_due(now);
        } catch (const std::exception& e) { // Out of memory, say.
            log_.exception("health: internal error", e);
        }
        const auto due = watch_.next_due();
        const bool has_lane = !lacks_descriptors_ && (!idle_.empty() || lanes_.size() < most_lanes);
        timer_.expires_at(due && has_lane ? std::min(*due, next_look) : next_look);
        co_await timer_.async_wait(as_result);
    }
    // Their timers are work that would keep the thread.
    for (const auto& lane : lanes_) {
        co_await lane->companion.ended();
    }
    idle_.clear();
    lanes_.clear();
}

void Monitor::look(Time now) {
    const auto snapshot = pool_.snapshot();
    if (!snapshot) {
        return; // The agent has logged why.
    }
    watch::Census::Changes changes = census_.update(*snapshot);
    // First what counts: should there be no memory to tell it, it is done all the same.
    const bool is_new = !std::exchange(first_look_, false);
    for (const watch::Member& member : changes.detached) {
        watch_.detach(member);
        evictions_.detach(member.subject);
    }
    std::erase_if(changes.attached,
                  [&](const watch::Member& member) { return !attach(member, is_new, now); });
    if (!plans_.empty()) {
        for (const auto& [gupid, member] : census_.members()) {
            watch_.note_enabled(member);
        }
        watch_.forget_gone(census_.groups(), now);
    }
    for (const pool::Subject& subject : evictions_.kill_due(now)) {
        log_.warn(describe(subject) + " was ejected and did not leave in time: killed");
        publish("killed", subject, plain_event(subject));
    }
    for (const watch::Member& member : changes.detached) {
        const auto gone = changes.gone.find(member.subject.group);
        if (gone != changes.gone.end()) {
            events_.publish({"process_detached", gone->second, member.subject.gupid,
                             plain_event(member.subject)});
        } else {
            publish("process_detached", member.subject, plain_event(member.subject));
        }
    }
    for (const std::string& group : changes.restarted) {
        publish("group_restarted", {0, {}, group}, restart_event(group));
    }
    if (is_new) {
        for (const watch::Member& member : changes.attached) {
            publish("process_attached", member.subject, plain_event(member.subject));
        }
    }
}

bool Monitor::attach(const watch::Member& member, bool is_new, Time now) {
    try {
        const watch::Plan* plan = find_plan(plans_, member.subject.group);
        if (plan != nullptr && plan->may_kill()) {
            evictions_.attach(member.subject);
        }
        watch_.attach(member, is_new, now, usec_since_epoch());
        return true;
    } catch (const std::exception& e) {       // Out of memory, say.
        census_.forget(member.subject.gupid); // So nobody will say that it has left.
        evictions_.detach(member.subject);
        log_.exception("health: a process is not watched yet", e);
        return false;
    }
}

// Each check may need a connection; whether those that run are connected already is not known.
std::size_t Monitor::descriptors_left() const {
    if (descriptors_ == nullptr) {
        return most_lanes;
    }
    const std::size_t running = lanes_.size() - idle_.size();
    const std::uint64_t left = descriptors_->left(Descriptors::For::trusted);
    return left - std::min<std::uint64_t>(left, running);
}

void Monitor::start_due(Time now) {
    const std::size_t descriptors = watch_.next_due() ? descriptors_left() : most_lanes;
    lacks_descriptors_ = descriptors == 0; // At the next look there may be some.
    const std::size_t free = std::min(idle_.size() + (most_lanes - lanes_.size()), descriptors);
    for (watch::Watch::Due& due : watch_.take_due(now, free)) {
        try {
            if (idle_.empty()) {
                idle_.reserve(lanes_.size() + 1); // So that to give a lane back cannot fail.
                lanes_.push_back(
                    std::make_unique<Lane>(executor_, pool_, clock_steps_, max_header_bytes_));
                if (turns_ != nullptr) {
                    lanes_.back()->probe.take_turns(*turns_, the_agent_itself);
                }
                if (known_ != nullptr) {
                    lanes_.back()->probe.tell_requests(*known_);
                }
                idle_.push_back(lanes_.back().get());
            }
            start_check(due);
        } catch (const std::exception& e) { // Out of memory, say.
            watch_.give_back(due, now);
            log_.exception("health: a check could not begin", e);
        }
    }
}

// A lane at its check, until the end of that, however it comes.
class Monitor::LaneInUse {
  public:
    LaneInUse(Monitor& monitor, const watch::Watch::Due& due)
        : monitor_(monitor), due_(due), lane_(*monitor.idle_.back()) {
        monitor_.idle_.pop_back();
    }
    ~LaneInUse() {
        watch::Watch& watch = monitor_.watch_;
        watch.give_back(due_, LazyTimer::Clock::now()); // Where it came to nothing.
        auto& idle = monitor_.idle_;
        const bool others_wait = idle.empty() && monitor_.lanes_.size() == most_lanes;
        idle.push_back(&lane_);
        const auto next = watch.next_due(); // This one, maybe, with a short interval.
        if (others_wait || (next && *next < monitor_.timer_.expiry())) {
            monitor_.timer_.cancel();
        }
    }
    LaneInUse(const LaneInUse&) = delete;
    LaneInUse& operator=(const LaneInUse&) = delete;

    Lane& lane() { return lane_; }
    const watch::Watch::Due& due() const { return due_; }

  private:
    Monitor& monitor_;
    const watch::Watch::Due due_;
    Lane& lane_;
};

void Monitor::start_check(const watch::Watch::Due& due) {
    auto in_use = std::make_unique<LaneInUse>(*this, due);
    Lane& lane = in_use->lane();
    lane.companion.start(check(std::move(in_use)));
}

awaitable<void> Monitor::check(std::unique_ptr<LaneInUse> in_use) {
    const watch::Watch::Due& due = in_use->due();
    const Time begun = LazyTimer::Clock::now();
    check::Result result;
    result.checked_at_usec = usec_since_epoch();
    try {
        const gangway_process_id id{0, pool::abi(due.gupid)};
        result = co_await in_use->lane().probe.run(*due.check, id);
    } catch (const std::exception& e) { // Out of memory, say.
        say_failed(result, e);
    }
    try {
        if (!stopping_) {
            take_result(due, result, begun, LazyTimer::Clock::now());
        }
    } catch (const std::exception& e) {
        log_.exception("health: internal error", e);
    }
}

void Monitor::take_result(const watch::Watch::Due& due, const check::Result& result, Time begun,
                          Time ended) {
    const auto outcome = watch_.add(due, result, begun, ended, usec_since_epoch());
    if (!outcome) {
        return;
    }
    const watch::WatchedProcess& process = *watch_.find(due.group, due.gupid);
    if (outcome->change) {
        tell_change(process, *outcome->change);
    }
    if (outcome->decision) {
        carry_out(process, *outcome->decision, ended);
    }
}

void Monitor::tell_change(const watch::WatchedProcess& process, const watch::Change& change) {
    if (change.to == watch::Standing::unhealthy) {
        log_.warn(describe(process.subject) + " is unhealthy: " + std::string(word(change.reason)) +
                  ": " + change.detail);
    } else if (change.from == watch::Standing::unhealthy) {
        log_.notice(describe(process.subject) + " is healthy again");
    }
    JsonWriter json = begin_event(process.subject);
    json.member("from", word(change.from));
    json.member("to", word(change.to));
    string_or_null(json, "reason", word(change.reason));
    string_or_null(json, "detail", change.detail);
    publish("health_changed", process.subject, end_event(json));
}

void Monitor::carry_out(const watch::WatchedProcess& process, const watch::Decision& decision,
                        Time now) {
    JsonWriter json = begin_event(process.subject);
    if (decision.action == watch::Action::refuse) {
        log_.warn(describe(process.subject) + " is not ejected: " +
                  std::string(word(decision.refusal)) + ": " + decision.sentence);
        json.member("reason", word(decision.refusal));
        json.member("detail", decision.sentence);
        publish("ejection_refused", process.subject, end_event(json));
        return;
    }
    const bool dry_run = decision.action == watch::Action::would_eject;
    json.member("reason", word(process.track.reason()));
    json.member("dry_run", dry_run);
    if (dry_run) {
        log_.notice(describe(process.subject) +
                    " would be ejected, were this no dry run: " + decision.sentence);
    } else if (!eject(process)) {
        return;
    }
    watch_.note_ejection(process.subject.group, process.subject.gupid, now, usec_since_epoch());
    publish("ejected", process.subject, end_event(json));
}

bool Monitor::eject(const watch::WatchedProcess& process) {
    const gangway_process_id id{0, pool::abi(process.subject.gupid)};
    const auto ref = pool_.find(id);
    if (ref == nullptr) {
        return false;
    }
    const watch::Plan& plan = *find_plan(plans_, process.subject.group);
    const bool may_be_killed =
        plan.may_kill() &&
        evictions_.add(process.subject, LazyTimer::Clock::now() + plan.kill_after);
    const bool detached = ref->detach() == GANGWAY_OK;
    if (!detached && may_be_killed) {
        evictions_.forget_last();
    }
    if (detached) {
        log_.warn(describe(process.subject) + " is ejected: " +
                  std::string(word(process.track.reason())) + "; Passenger replaces it");
    }
    return detached;
}

void Monitor::publish(std::string_view event, const pool::Subject& subject, std::string data) {
    const auto facts = census_.groups().find(subject.group);
    if (facts != census_.groups().end()) {
        events_.publish({event, facts->second, subject.gupid, std::move(data)});
    }
}

} // namespace gangway::health
