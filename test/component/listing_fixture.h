// The pool that the tests of the listing start from: processes that nobody is behind.
#pragma once

#include "fixture.h"

namespace gangway::test {

// The fields of docs/api.md, in its order.
std::vector<std::string> process_fields();
std::vector<std::string> group_fields();

std::vector<int> pids(const Json::Value& document); // of its process rows

class ListingTest : public ModuleTest {
  protected:
    // Processes of which nobody serves anything.
    std::shared_ptr<Process> idle(Group& of, std::int64_t pid) {
        auto process = host().add_process(of, pid);
        Socket socket;
        socket.address = "unix:/nowhere/" + std::to_string(pid);
        process->sockets.push_back(std::move(socket));
        return process;
    }
    std::shared_ptr<Process> idle(std::int64_t pid) { return idle(group(), pid); }

    Json::Value list(const std::string& query = {}) { return json(get("/v1/processes" + query)); }
    Json::Value only_row() { return list()["processes"][0]; }
};

} // namespace gangway::test
