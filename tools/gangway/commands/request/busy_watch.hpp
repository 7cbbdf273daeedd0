// Whether a request that was sent still waits for its process, which is busy with another one. Asks
// the agent, so it is for somebody who looks on.
#pragma once

#include "gangway/client/credentials.hpp"
#include "gangway/client/endpoint.hpp"

#include <json/value.h>

#include <chrono>
#include <string>

namespace gangway::command {

// What to say of a process (a row of docs/api.md) to which a request was sent at that time: that it
// is waited for, and since when it has served another one. "" where it may be at the request
// itself. Pure.
[[nodiscard]] std::string busy_with_another(const Json::Value& process,
                                            std::chrono::system_clock::time_point sent,
                                            std::chrono::system_clock::time_point now);

class BusyWatch {
  public:
    // The references must outlive this. `id`: of the process.
    BusyWatch(const Endpoint& endpoint, const Credentials& credentials, const std::string& id)
        : endpoint_(endpoint), credentials_(credentials), id_(id) {}

    // As busy_with_another(); asks once a second at most, and keeps the caller for a moment then.
    [[nodiscard]] std::string look();

  private:
    const Endpoint& endpoint_;
    const Credentials& credentials_;
    const std::string& id_;
    std::chrono::system_clock::time_point sent_ = std::chrono::system_clock::now();
    std::chrono::steady_clock::time_point next_{};
    std::string said_;
};

} // namespace gangway::command
