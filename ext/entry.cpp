// The module's one exported symbol, and the table behind it (gangway/agent_abi.h). No exception
// leaves.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "gangway/agent_abi.h"
#include "module/server.hpp"

namespace {

using gangway::Server;

int refuse(const char* why, char* error, std::size_t error_size) {
    std::snprintf(error, error_size, "%s", why);
    return -1;
}

int start(const gangway_host* host, void** instance, char* error, std::size_t error_size) {
    if (host->abi_version != GANGWAY_ABI_VERSION || host->struct_size != sizeof(gangway_host)) {
        return refuse("the agent has another ABI version; build both from one source tree", error,
                      error_size);
    }
    try {
        auto server = Server::create(*host);
        if (const auto* message = std::get_if<std::string>(&server)) {
            return refuse(message->c_str(), error, error_size);
        }
        *instance = std::get<std::unique_ptr<Server>>(server).release();
        return 0;
    } catch (const std::exception& e) {
        return refuse(e.what(), error, error_size);
    }
}

void begin_drain(void* instance) {
    static_cast<Server*>(instance)->begin_drain();
}

void stop(void* instance) {
    delete static_cast<Server*>(instance);
}

constexpr char name[] = "gangway";
constexpr char version[] = GANGWAY_VERSION;

const gangway_module module{GANGWAY_ABI_VERSION,
                            sizeof(gangway_module),
                            {&name[0], sizeof(name) - 1},
                            {&version[0], sizeof(version) - 1},
                            start,
                            begin_drain,
                            stop};

} // namespace

extern "C" __attribute__((visibility("default"))) const gangway_module* gangway_module_entry();

const gangway_module* gangway_module_entry() {
    return &module;
}
