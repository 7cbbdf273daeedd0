// How much of something each user at the other end of the admin socket holds now.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <sys/types.h>

namespace gangway {

// Who it is, the kernel says (SO_PEERCRED, unix(7)): nobody can choose whose share he takes.
// Nothing: it does not say, and all of these share one. Used on the server's thread only.
using Owner = std::optional<uid_t>;

class Shares {
    struct Held {
        std::uint64_t amount = 0;
        unsigned shares = 0;
    };

  public:
    // most: for each owner, over all its shares. In whatever unit.
    explicit Shares(std::uint64_t most) : most_(most) {}
    Shares(const Shares&) = delete;
    Shares& operator=(const Shares&) = delete;

    // A part of what its owner holds; given back with it.
    class Share {
      public:
        Share(Shares& shares, const Owner& owner)
            : shares_(shares), held_(shares.held_.try_emplace(owner).first) {
            held_->second.shares++;
        }
        ~Share() {
            give_back();
            if (--held_->second.shares == 0) {
                shares_.held_.erase(held_);
            }
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

        // False, and nothing has changed, when the owner would hold more than he may.
        bool grow(std::uint64_t by) {
            std::uint64_t& amount = held_->second.amount;
            if (by > shares_.most_ - amount) {
                return false;
            }
            amount += by;
            size_ += by;
            return true;
        }
        // By how much it can grow.
        std::uint64_t left() const { return shares_.most_ - held_->second.amount; }
        void give_back() {
            held_->second.amount -= size_;
            size_ = 0;
        }

      private:
        Shares& shares_;
        std::map<Owner, Held>::iterator held_;
        std::uint64_t size_ = 0;
    };

    std::uint64_t most() const { return most_; }
    // Owners that hold a share, of whatever size.
    std::size_t owners() const { return held_.size(); }

  private:
    const std::uint64_t most_;
    std::map<Owner, Held> held_;
};

} // namespace gangway
