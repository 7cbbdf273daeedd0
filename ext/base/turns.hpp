// Whose turn it is on the one thread: so that who keeps it busy waits for himself, not others for
// him.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "base/shares.hpp"

namespace gangway {

// Whoever works for the agent itself, at what its configuration says. (uid_t)-1 is nobody's id
// (POSIX, chown()).
inline const Owner the_agent_itself{static_cast<uid_t>(-1)};

// The event loop runs what is ready in passes: whoever posts himself to its end (others_first())
// runs again when everything that was ready has run, and what has become ready since was looked
// for. In one pass each user has one turn of so much time, whatever the number of his connections;
// what is left of his work waits for the next pass. So another user waits for one turn of each user
// who has work, and not for all their connections. A turn is not cut short: a piece of work that
// takes longer is done to its end. A user's turn goes to that of his connections which waits for
// one and has gone without the longest. Used on the server's thread only.
class Turns {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::microseconds length{500};

    class Caller;

  private:
    struct Turn {
        std::uint64_t pass = 0; // in which it was taken last
        Clock::time_point begin;
        std::vector<const Caller*> callers;
    };

  public:
    Turns() = default;
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    // One connection of a user.
    class Caller {
      public:
        Caller(Turns& turns, const Owner& owner)
            : turns_(turns), turn_(turns.turns_.try_emplace(owner).first) {
            turn_->second.callers.push_back(this);
        }
        ~Caller() {
            std::erase(turn_->second.callers, this);
            if (turn_->second.callers.empty()) {
                turns_.turns_.erase(turn_);
            }
        }
        Caller(const Caller&) = delete;
        Caller& operator=(const Caller&) = delete;

        // Whether it may go on now. False: let the others go first, in between step_back() and
        // come_back(), and ask again.
        bool has_turn(Clock::time_point now) {
            Turn& turn = turn_->second;
            const bool may = turn.pass == turns_.pass_ ? now - turn.begin < length : takes(now);
            refused_in_ = may ? 0 : turns_.pass_;
            return may;
        }
        void step_back() { left_in_ = turns_.pass_; }
        // The first who comes back has let all others go first: with him the next pass begins.
        void come_back() {
            if (turns_.pass_ == left_in_) {
                turns_.pass_++;
            }
        }

      private:
        // The turn of a new pass. Not if another waits, who had his before: one that asked in this
        // pass or the last, as whoever waits does in each.
        bool takes(Clock::time_point now) {
            Turn& turn = turn_->second;
            for (const Caller* other : turn.callers) {
                if (other->refused_in_ + 1 >= turns_.pass_ && other->had_ < had_) {
                    return false;
                }
            }
            turn.pass = turns_.pass_;
            turn.begin = now;
            had_ = ++turns_.taken_;
            return true;
        }

        Turns& turns_;
        std::map<Owner, Turn>::iterator turn_;
        std::uint64_t left_in_ = 0;
        std::uint64_t refused_in_ = 0; // the pass; 0: not since it had its turn
        std::uint64_t had_ = 0;        // which of all turns it had last
    };

  private:
    std::uint64_t pass_ = 2; // 0 and 1: long ago
    std::uint64_t taken_ = 0;
    std::map<Owner, Turn> turns_;
};

} // namespace gangway
