#include "requests/sample.hpp"

#include <algorithm>
#include <utility>

namespace gangway::requests {

Sample put_together(std::vector<pool::Requests> answers, std::uint64_t taken_at_usec) {
    Sample sample;
    sample.taken_at_usec = taken_at_usec;
    for (const pool::Requests& answer : answers) {
        const gangway_requests& totals = answer.totals();
        sample.client_count += totals.client_count;
        sample.unseen_client_count += totals.unseen_client_count;
        if (totals.failed != 0) {
            sample.failed.push_back(totals.controller);
        } else {
            const std::uint64_t all =
                std::uint64_t{totals.at_processes_count} + totals.others_count;
            sample.left_out += all - totals.request_count;
        }
        for (const gangway_request& row : answer.rows()) {
            sample.rows.push_back(&row);
        }
    }
    std::sort(sample.rows.begin(), sample.rows.end(),
              [](const gangway_request* a, const gangway_request* b) {
                  return a->began_at_usec < b->began_at_usec;
              });
    sample.answers = std::move(answers);
    return sample;
}

} // namespace gangway::requests
