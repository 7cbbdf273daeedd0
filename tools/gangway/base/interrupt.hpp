// Ctrl-C while the command waits: it ends in order instead of on the spot.
#pragma once

#include "gangway/base/file_descriptor.hpp"

#include <chrono>
#include <csignal>

namespace gangway::command {

// While one exists, the first SIGINT is noticed here, and a second one ends the process. Where
// SIGINT is ignored, as for a shell's background jobs, it stays so. One may exist within the life
// of another: then a SIGINT of before is noticed by both, and none is missed between two inner
// ones.
class InterruptWatch {
  public:
    InterruptWatch();
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;
    ~InterruptWatch();

    // Readable from the first SIGINT on, for poll().
    [[nodiscard]] int descriptor() const { return event_.get(); }

  private:
    FileDescriptor event_;
    int outer_ = -1; // the descriptor of the one around it
    struct sigaction before_ {};
};

// After a system call was interrupted: throws Failure(interrupted) if that was SIGINT.
void check_interrupt();

// Waits so long. Throws Failure(interrupted) after Ctrl-C.
void pause_for(std::chrono::milliseconds duration);

} // namespace gangway::command
