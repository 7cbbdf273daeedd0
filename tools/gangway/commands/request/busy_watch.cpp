#include "gangway/commands/request/busy_watch.hpp"

#include "gangway/agent/admin_document.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/rfc3339.hpp"
#include "gangway/client/exchange_observer.hpp"

#include <algorithm>

namespace gangway::command {

namespace {

constexpr std::chrono::seconds pause{1};
constexpr std::chrono::milliseconds longest{200};

} // namespace

std::string busy_with_another(const Json::Value& process,
                              std::chrono::system_clock::time_point sent,
                              std::chrono::system_clock::time_point now) {
    const Json::Value& sessions = json_member(process, "sessions");
    const Json::Value& concurrency = json_member(process, "concurrency");
    // The time at which its newest request began.
    const auto began = parse_rfc3339(json_text(json_member(process, "last_used")));
    const bool is_full = sessions.isInt64() && concurrency.isInt64() && concurrency.asInt64() > 0 &&
                         sessions.asInt64() >= concurrency.asInt64();
    if (!is_full || !began || *began >= sent) {
        return "";
    }
    const std::chrono::duration<double> past = now - *began;
    return "waiting for the process, which serves " +
           (sessions.asInt64() == 1 ? "another request" : json_text(sessions) + " others") +
           (sessions.asInt64() == 1 ? " for " : ", the newest for ") +
           human_duration(std::max(past.count(), 0.0));
}

std::string BusyWatch::look() {
    if (std::chrono::steady_clock::now() < next_) {
        return said_;
    }
    try {
        ExchangeObserver nobody;
        const AdminDocument document = get_admin_document(
            endpoint_, credentials_,
            "/v1/processes/" + id_ + "?fields=sessions,concurrency,last_used", {}, nobody, longest);
        said_ = busy_with_another(json_member(document.value, "process"), sent_,
                                  std::chrono::system_clock::now());
    } catch (const Failure&) {
        said_.clear(); // Nobody has asked for this; Ctrl-C is noticed where the answer is awaited.
    }
    next_ = std::chrono::steady_clock::now() + pause;
    return said_;
}

} // namespace gangway::command
