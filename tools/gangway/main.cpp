// gangway: the command line of the admin socket in Phusion Passenger's agent.
#include "command_line.hpp"

int main(int argc, char** argv) {
    return gangway::command::run_command_line(argc, argv);
}
