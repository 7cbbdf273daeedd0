// The rows of GET /v1/requests (docs/api.md): visitors' requests and Gangway's own, of those that a
// caller sees the ones that he asked for.
//
// Pure: everything comes from a Sample and a Snapshot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/authorization.hpp"
#include "pool/pool.hpp"
#include "requests/own.hpp"
#include "requests/sample.hpp"
#include "text/json_writer.hpp"

namespace gangway::endpoints {

// By gangway_request_state.
inline constexpr std::array<std::string_view, 6> request_state_words{
    "reading", "queued", "sending", "waiting", "answering", "upgraded"};
// "unknown" for one that an agent of a later version has.
std::string_view request_state_word(const gangway_request& request);

// Views outlive the rows.
struct WantedRequests {
    std::optional<std::string_view> gupid{};
    std::optional<std::string_view> group{};
    std::vector<std::string_view> states{}; // none: all
    std::uint64_t min_age_usec = 0;
    std::size_t limit = SIZE_MAX;
    bool query = false;
};

// The document, written in parts (parts.hpp).
class RequestRows {
  public:
    RequestRows(std::shared_ptr<const requests::Sample> sample, const pool::Snapshot& snapshot,
                const std::list<requests::Own::Entry>& own, const admin::Access& access,
                const WantedRequests& wanted);

    // Writes so many rows more at most. False: the document is whole.
    bool write(std::size_t rows);
    // Once it is whole.
    std::string take() { return json_.take(); }

  private:
    struct Row {
        const gangway_request* request; // of the sample, or of own_
        bool is_own;
    };

    void add_own(const std::list<requests::Own::Entry>& own, const pool::Snapshot& snapshot);
    gangway_str keep(std::string text);
    void begin();
    void write(const Row& row);
    void end();
    void write_stuck();

    std::shared_ptr<const requests::Sample> sample_;
    std::deque<gangway_request> own_;
    std::deque<std::string> own_texts_;
    std::vector<Row> rows_;
    bool sees_all_;
    bool query_;
    std::size_t beyond_limit_ = 0;
    JsonWriter json_;
    std::size_t written_ = 0;
    bool is_whole_ = false;
};

} // namespace gangway::endpoints
