// Which socket to talk to: the one that was named, or that of the instance that runs here.
#pragma once

#include "gangway/agent/agent_choice.hpp"
#include "gangway/agent/instance_registry.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/client/endpoint.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gangway::command {

// No such instance runs. Names are new at each start of Passenger, so none will.
class NoSuchInstance : public Failure {
  public:
    using Failure::Failure;
};

// unreachable; unauthorized where one may lie in what this user may not look into.
[[nodiscard]] NoSuchInstance no_such_instance(const RegistryContents& contents,
                                              const std::string& wanted);

// Throws Failure, which says what was looked for and what to do, when there is not exactly one
// answer: unreachable, or unauthorized where this user may not look.
[[nodiscard]] Endpoint find_endpoint(const AgentChoice& choice);

// The only instance, or the one whose name is `wanted` or alone begins with it. The fault, if any,
// is told where none runs.
[[nodiscard]] Instance
choose_instance(const RegistryContents& contents, const std::string& wanted,
                const std::vector<std::filesystem::path>& searched,
                const std::optional<std::string>& configuration_fault = std::nullopt);

// "/run/x" for "/run/x/agents.s/gangway"; nothing for other paths.
[[nodiscard]] std::optional<std::filesystem::path>
instance_directory_of_socket(const std::filesystem::path& socket);

enum class Presence { there, missing, no_permission };

// Whether the instance has an admin socket at its usual place.
[[nodiscard]] Presence socket_of(const Instance& instance);

} // namespace gangway::command
