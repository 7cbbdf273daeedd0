#include "endpoints/request_rows.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "text/duration.hpp"
#include "text/printable.hpp"
#include "text/served_request.hpp"

namespace gangway::endpoints {

namespace {

using pool::view;

// Whom a caller sees, and what he asked for.
class Filter {
  public:
    Filter(const pool::Snapshot& snapshot, const admin::Access& access,
           const WantedRequests& wanted, std::uint64_t now)
        : sees_all_(access.sees_all()),
          only_process_(access.only_process()),
          wanted_(wanted),
          now_(now) {
        for (const gangway_group& group : snapshot.groups()) {
            if (!sees_all_ && access.sees(group)) {
                groups_.push_back(view(group.name));
            }
        }
        std::sort(groups_.begin(), groups_.end());
    }

    bool takes(const gangway_request& request) const {
        return sees(request) && (!wanted_.gupid || *wanted_.gupid == view(request.gupid)) &&
               (!wanted_.group || *wanted_.group == view(request.group_name)) &&
               (wanted_.states.empty() || has_state(request)) && is_old_enough(request);
    }

  private:
    bool sees(const gangway_request& request) const {
        return sees_all_ ||
               (only_process_ && request.gupid.size > 0 && *only_process_ == view(request.gupid)) ||
               std::binary_search(groups_.begin(), groups_.end(), view(request.group_name));
    }
    bool has_state(const gangway_request& request) const {
        const std::string_view word = request_state_word(request);
        return std::find(wanted_.states.begin(), wanted_.states.end(), word) !=
               wanted_.states.end();
    }
    bool is_old_enough(const gangway_request& request) const {
        return request.began_at_usec + wanted_.min_age_usec <= now_ || wanted_.min_age_usec == 0;
    }

    bool sees_all_;
    std::optional<std::string_view> only_process_;
    const WantedRequests& wanted_;
    std::uint64_t now_;
    std::vector<std::string_view> groups_; // that he sees, sorted
};

void write_cut(JsonWriter& json, std::uint32_t cut) {
    constexpr std::array<std::pair<std::uint32_t, std::string_view>, 3> words{
        {{GANGWAY_REQUEST_CUT_PATH, "path"},
         {GANGWAY_REQUEST_CUT_HOST, "host"},
         {GANGWAY_REQUEST_CUT_ID, "request_id"}}};
    json.key("cut");
    json.begin_array();
    for (const auto& [bit, word] : words) {
        if ((cut & bit) != 0) {
            json.string(word);
        }
    }
    json.end_array();
}

} // namespace

std::string_view request_state_word(const gangway_request& request) {
    const auto index = static_cast<std::size_t>(request.state);
    return index < request_state_words.size() ? request_state_words.at(index) : "unknown";
}

RequestRows::RequestRows(std::shared_ptr<const requests::Sample> sample,
                         const pool::Snapshot& snapshot, const std::list<requests::Own::Entry>& own,
                         const admin::Access& access, const WantedRequests& wanted)
    : sample_(std::move(sample)), sees_all_(access.sees_all()), query_(wanted.query) {
    add_own(own, snapshot);
    const Filter filter(snapshot, access, wanted, sample_->taken_at_usec);
    for (const gangway_request* request : sample_->rows) {
        if (filter.takes(*request)) {
            rows_.push_back({request, false});
        }
    }
    for (const gangway_request& request : own_) {
        if (filter.takes(request)) {
            rows_.push_back({&request, true});
        }
    }
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
        return a.request->began_at_usec < b.request->began_at_usec;
    });
    if (rows_.size() > wanted.limit) {
        beyond_limit_ = rows_.size() - wanted.limit;
        rows_.resize(wanted.limit);
    }
    begin();
}

// Copies what it needs of them: they may end before the document is written.
void RequestRows::add_own(const std::list<requests::Own::Entry>& own,
                          const pool::Snapshot& snapshot) {
    if (own.empty()) {
        return;
    }
    std::map<std::string_view, const gangway_process*> processes;
    for (const gangway_process& process : snapshot.processes()) {
        processes.emplace(view(process.gupid), &process);
    }
    for (const requests::Own::Entry& entry : own) {
        const auto found = processes.find(entry.gupid);
        if (found == processes.end()) { // It has left the pool.
            continue;
        }
        const gangway_process& process = *found->second;
        gangway_request request{};
        request.group_name = keep(std::string(view(snapshot.group(process).name)));
        request.pid = process.pid;
        request.gupid = keep(std::string(entry.gupid));
        request.method = keep(shortened(entry.method, most_shown_of_method));
        request.path = keep(std::string(entry.target.substr(0, most_shown_of_path)));
        if (entry.target.size() > most_shown_of_path) {
            request.cut = GANGWAY_REQUEST_CUT_PATH;
        }
        request.state = entry.serving ? GANGWAY_REQUEST_WAITING : GANGWAY_REQUEST_QUEUED;
        request.began_at_usec = entry.began_at_usec;
        own_.push_back(request);
    }
}

gangway_str RequestRows::keep(std::string text) {
    return pool::abi(own_texts_.emplace_back(std::move(text)));
}

void RequestRows::begin() {
    json_.begin_object();
    json_.key("taken_at");
    json_.time(sample_->taken_at_usec);
    json_.key("requests");
    json_.begin_array();
}

void RequestRows::write(const Row& row) {
    const gangway_request& request = *row.request;
    const bool has_process = request.gupid.size > 0;
    const std::string_view target = view(request.path);
    const std::size_t question = target.find('?');
    json_.begin_object();
    json_.member("group", view(request.group_name));
    json_.key("pid");
    has_process ? json_.number(request.pid) : json_.null();
    string_or_null(json_, "gupid", view(request.gupid));
    json_.member("state", request_state_word(request));
    json_.member("via", row.is_own ? via_gangway : via_visitor);
    json_.key("started_at");
    json_.time(request.began_at_usec);
    json_.key("age_seconds");
    const std::uint64_t now = std::max(sample_->taken_at_usec, request.began_at_usec);
    json_.raw_number(print_seconds(std::chrono::microseconds(now - request.began_at_usec)));
    json_.member("method", view(request.method));
    string_or_null(json_, "host", view(request.host));
    json_.member("path", target.substr(0, question));
    json_.member("has_query", question != std::string_view::npos);
    if (query_) {
        json_.key("query");
        question == std::string_view::npos ? json_.null()
                                           : json_.string(target.substr(question + 1));
    }
    write_cut(json_, request.cut);
    string_or_null(json_, "client", view(request.client));
    string_or_null(json_, "request_id", view(request.id));
    if (!row.is_own) {
        json_.member("https", request.https != 0);
        json_.member("keep_alive", request.keep_alive != 0);
        json_.member("received_bytes", request.received_bytes);
        json_.member("sent_bytes", request.sent_bytes);
    }
    json_.end_object();
}

void RequestRows::end() {
    json_.end_array();
    json_.member("beyond_limit", beyond_limit_);
    json_.member("complete", sample_->is_complete());
    if (sees_all_) {
        json_.member("clients", sample_->client_count);
        json_.member("unseen_clients", sample_->unseen_client_count);
        json_.member("left_out", sample_->left_out);
        json_.key("cost_seconds");
        json_.begin_array();
        for (const pool::Requests& answer : sample_->answers) {
            json_.raw_number(print_seconds(std::chrono::microseconds(answer.totals().took_usec)));
        }
        json_.end_array();
        write_stuck();
    }
    json_.end_object();
}

void RequestRows::write_stuck() {
    json_.key("stuck_controllers");
    json_.begin_array();
    for (const requests::Stuck& stuck : sample_->stuck) {
        json_.begin_object();
        json_.member("controller", stuck.controller);
        json_.key("since");
        json_.time(stuck.since_usec);
        json_.end_object();
    }
    json_.end_array();
    json_.key("failed_controllers");
    json_.begin_array();
    for (const std::uint32_t controller : sample_->failed) {
        json_.number(controller);
    }
    json_.end_array();
}

bool RequestRows::write(std::size_t rows) {
    for (; rows > 0 && written_ < rows_.size(); rows--) {
        write(rows_[written_++]);
    }
    if (written_ < rows_.size()) {
        return true;
    }
    if (!std::exchange(is_whole_, true)) {
        end();
    }
    return false;
}

} // namespace gangway::endpoints
