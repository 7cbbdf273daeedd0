// The module's one exported symbol, and the table behind it (gangway/agent_abi.h). No exception
// leaves.
#include <array>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gangway/agent_abi.h"
#include "server/server.hpp"
#include "text/printable.hpp"
#include "text/utf8.hpp"

namespace {

using gangway::pool::view;
using gangway::server::Server;

// Printable: it goes into the log, and says what a file holds.
gangway_status refuse(std::string_view why, gangway_module_str& error) {
    static std::array<char, 1024> line; // start() is called by one thread
    error = {line.data(), gangway::print_line(why, line)};
    return GANGWAY_FAILED;
}

gangway_status start(const gangway_host* host, void** instance, gangway_module_str* error) {
    try {
        auto server = Server::create(*host);
        if (!server) {
            return refuse(server.error().text, *error);
        }
        *instance = (*server).release();
        return GANGWAY_OK;
    } catch (const std::exception& e) {
        return refuse(e.what(), *error);
    }
}

void begin_drain(void* instance) {
    static_cast<Server*>(instance)->begin_drain();
}

void stop(void* instance) {
    delete static_cast<Server*>(instance);
}

// Passenger's threads come here: what cannot be told for want of memory is lost, and nothing else.
void spawn_ended(void* instance, const gangway_spawn* spawn) {
    try {
        using gangway::health::Spawning;
        const auto error = gangway::head_of(view(spawn->error), Spawning::most_message_bytes);
        static_cast<Server*>(instance)->spawn_ended({std::string(view(spawn->group_name)),
                                                     std::string(view(spawn->group_uuid)),
                                                     std::string(error), spawn->ended_at_usec});
    } catch (const std::exception&) {
    }
}

void abort_long_running_connections(void* instance, gangway_host_str gupid) {
    try {
        static_cast<Server*>(instance)->abort_long_running_connections(std::string(view(gupid)));
    } catch (const std::exception&) {
    }
}

void requests_taken(void* instance, const gangway_requests* requests) {
    static_cast<Server*>(instance)->requests_taken(requests);
}

const gangway_module module{GANGWAY_ABI_VERSION,
                            sizeof(gangway_module),
                            sizeof(gangway_host),
                            GANGWAY_STR("gangway"),
                            GANGWAY_STR(GANGWAY_VERSION),
                            start,
                            begin_drain,
                            stop,
                            spawn_ended,
                            abort_long_running_connections,
                            requests_taken};

} // namespace

const gangway_module* gangway_module_entry() {
    return &module;
}
