// What Passenger's controllers said of their visitors' requests, put together.
#pragma once

#include <cstdint>
#include <vector>

#include "pool/controllers.hpp"

namespace gangway::requests {

// A controller that did not answer within the bound: its thread serves no visitor either.
struct Stuck {
    std::uint32_t controller;
    std::uint64_t since_usec; // since the epoch: when it was first asked and did not answer
};

// Owns what it points to; is not changed any more.
struct Sample {
    std::uint64_t taken_at_usec = 0; // since the epoch
    std::vector<pool::Requests> answers;
    std::vector<const gangway_request*> rows; // oldest first
    std::uint64_t left_out = 0;               // requests that there are, beside these
    std::uint64_t client_count = 0;           // connections, those without a request included
    std::uint64_t unseen_client_count = 0;    // those among them that were not looked at
    std::vector<Stuck> stuck;
    std::vector<std::uint32_t> failed; // controllers that could not tell

    // Whether all requests are here that there are.
    bool is_complete() const {
        return left_out == 0 && unseen_client_count == 0 && stuck.empty() && failed.empty() &&
               !answers.empty();
    }
};

// stuck is not its to know.
Sample put_together(std::vector<pool::Requests> answers, std::uint64_t taken_at_usec);

} // namespace gangway::requests
