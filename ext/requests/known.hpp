// All requests that are known: those of visitors, whom Passenger's controllers serve, and Gangway's
// own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/asio.hpp"
#include "requests/own.hpp"
#include "requests/sample.hpp"
#include "requests/sampler.hpp"
#include "text/served_request.hpp"

namespace gangway::requests {

// On the server's thread only.
struct Known {
    Sampler& sampler;
    Own& own;
};

// What the process is serving, the oldest first, so many at most. sample may be null: then only
// Gangway's own are known.
std::vector<ServedRequest> served_by(std::string_view gupid, const Sample* sample, const Own& own,
                                     std::size_t most);

// The same for every process, by gupid.
using ServedByProcess = std::unordered_map<std::string, std::vector<ServedRequest>>;
ServedByProcess served_by_process(const Sample& sample, const Own& own, std::size_t most);

// What a process is serving, as it is when this is called. Takes as long as Sampler::take(). gupid:
// outlives it.
awaitable<std::vector<ServedRequest>> ask_what(const Known& known, std::string_view gupid);

} // namespace gangway::requests
