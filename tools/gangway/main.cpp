// gangway: the command line of the admin socket in Phusion Passenger's agent.
#include "gangway/base/exit_code.hpp"
#include "gangway/base/standard_descriptors.hpp"
#include "gangway/command_line.hpp"

int main(int argc, char** argv) {
    if (!gangway::command::open_standard_descriptors()) {
        return static_cast<int>(gangway::command::ExitCode::bad_answer);
    }
    return gangway::command::run_command_line(argc, argv);
}
