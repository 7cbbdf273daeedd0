// Does something when it goes, however that comes: what has to be undone at an end.
#pragma once

#include <utility>

namespace gangway {

// As a local of a coroutine, too, which Asio destroys where it stands when it has no memory to let
// it wait; so what it is given throws nothing. (Boost.Scope, which has this, is of Boost 1.85.)
template <typename Undo>
class [[nodiscard]] Guard {
  public:
    explicit Guard(Undo undo) : undo_(std::move(undo)) {}
    ~Guard() { undo_(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

  private:
    Undo undo_;
};

} // namespace gangway
