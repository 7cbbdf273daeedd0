// The process that a client asked for last: he mostly asks for the same one again, and to find it
// in the pool means to look through the pool under its lock.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "pool/pool.hpp"

namespace gangway::pool {

// Holds on to at most one process, so call forget() before anything that may take long: a process
// that has left the pool keeps its memory and its group's for as long as it is held.
class LastProcess {
  public:
    explicit LastProcess(Pool& pool) : pool_(pool) {}

    // The process of that id; null when there is none. id_text: id, as the client wrote it.
    std::unique_ptr<ProcessRef> find(std::string_view id_text, const gangway_process_id& id);
    // For the next find().
    void keep(std::string_view id_text, std::unique_ptr<ProcessRef> process);
    void forget() { process_.reset(); }

  private:
    Pool& pool_;
    std::string id_text_;
    std::unique_ptr<ProcessRef> process_;
};

} // namespace gangway::pool
