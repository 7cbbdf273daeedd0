// Bounded waiting: every wait of the tests has an end, and none is a pause of a fixed length.
#pragma once

#include "host/census.h"

#include <chrono>
#include <functional>

namespace gangway::test {

using Milliseconds = std::chrono::milliseconds;

// The bound of a wait for something that should come at once, on a machine that is busy.
inline constexpr Milliseconds patience{10'000};

// Asks again and again until the condition holds; false when it did not within the bound. For
// what nobody notifies of: files, /proc.
bool eventually(const std::function<bool()>& condition, Milliseconds bound = patience);

// Something that happens once: what waits for it, polls its descriptor.
class Gate {
  public:
    Gate();
    void open();
    [[nodiscard]] bool is_open() const;
    [[nodiscard]] int descriptor() const { return event_.get(); }

  private:
    Descriptor event_;
};

} // namespace gangway::test
