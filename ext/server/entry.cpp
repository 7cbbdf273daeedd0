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

namespace {

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

const gangway_module module{GANGWAY_ABI_VERSION,
                            sizeof(gangway_module),
                            sizeof(gangway_host),
                            GANGWAY_STR("gangway"),
                            GANGWAY_STR(GANGWAY_VERSION),
                            start,
                            begin_drain,
                            stop};

} // namespace

const gangway_module* gangway_module_entry() {
    return &module;
}
