// One line a request in Passenger's log (docs/operators.md, "Access log").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "admin/refusal_lines.hpp"
#include "config/config.hpp"
#include "forward/report.hpp"
#include "problem/problem.hpp"

namespace gangway::admin {

struct AccessRecord {
    std::string_view method;
    std::string_view target; // with the query
    unsigned status = 0;     // 0: nothing was answered
    std::optional<Code> code;
    bool forwarded = false; // report's byte counts hold, else answer_bytes
    forward::Report report;
    std::uint64_t answer_bytes = 0;
    std::optional<uid_t> uid; // of the client
    std::string_view as = "none";
};

// Pure, and printable (text/printable.hpp); a method or path that is too long is cut. Neither holds
// a header, so no password; show_query: else a query is shown as "?...".
std::string access_line_text(const AccessRecord& record, forward::Report::Clock::time_point end,
                             bool show_query);
std::string access_line_json(const AccessRecord& record, forward::Report::Clock::time_point end,
                             bool show_query);
// The lines that a user's refusals did not get.
std::string left_out_text(const RefusalLines::LeftOut& left_out);
std::string left_out_json(const RefusalLines::LeftOut& left_out);

} // namespace gangway::admin
