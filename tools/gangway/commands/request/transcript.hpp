// What -v shows on standard error, in curl's manner: "> " before what was sent, "< " before what
// was received, "* " before the command's own words.
#pragma once

#include "gangway/client/response_header.hpp"
#include "gangway/client/transfer.hpp"
#include "gangway/commands/request/server_timing.hpp"
#include "gangway/view/progress.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

class Transcript {
  public:
    // `progress` must outlive this. Shows nothing unless `enabled`.
    Transcript(bool enabled, Progress& progress);

    void connected(const std::filesystem::path& socket);
    void sent(std::string_view request_head);
    void received(const ResponseHeader& header);
    // `client_time`: from before the connection until now.
    void ended(const Transfer& transfer, std::chrono::duration<double, std::milli> client_time);

  private:
    void write(const std::string& lines);

    bool enabled_;
    Progress& progress_;
    std::optional<ServerTiming> timing_;
};

// Request line and headers, a "> " before each; credentials are shown as "***".
[[nodiscard]] std::string sent_lines(std::string_view request_head);

// Status line and headers, a "< " before each; the same in place of cookies and the like.
[[nodiscard]] std::string received_lines(const ResponseHeader& header);

} // namespace gangway::command
