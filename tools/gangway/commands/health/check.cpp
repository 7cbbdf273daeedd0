#include "gangway/commands/health/check.hpp"

#include "gangway/agent/agent_receiver.hpp"
#include "gangway/agent/pool_listing.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/client/fetch.hpp"
#include "gangway/client/text_body.hpp"
#include "gangway/commands/health/stream.hpp"
#include "gangway/view/progress.hpp"
#include "gangway/view/progress_text.hpp"
#include "gangway/view/transfer_progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::command {

namespace {

constexpr std::size_t problem_max_bytes = 65536;

class HealthReceiver final : public AgentReceiver {
  public:
    void body(std::string_view piece) override {
        if (is_good()) {
            stream_.feed(piece);
        } else {
            problem_.append(piece.substr(0, problem_max_bytes - problem_.size()));
        }
    }

    [[nodiscard]] const HealthStream& stream() const { return stream_; }

    [[nodiscard]] HealthReport report(const Asked& asked) && {
        check(problem_, asked);
        return std::move(stream_).finish();
    }

  private:
    std::string problem_;
    HealthStream stream_;
};

RequestHead head_of(const Credentials& credentials) {
    RequestHead head;
    head.method = "POST";
    head.target = "/v1/health";
    head.default_content_type = "application/json";
    head.user_headers.push_back({.name = "Accept", .value = "application/x-ndjson"});
    head.credentials = credentials;
    return head;
}

// Shows how many processes have been checked.
class HealthObserver final : public ExchangeObserver {
  public:
    // `stream` must outlive this.
    explicit HealthObserver(const HealthStream& stream) : stream_(stream) {}

    [[nodiscard]] int poll_timeout_ms() const override { return progress_.poll_timeout_ms(); }

    void look(const Transfer& /*transfer*/) override {
        if (progress_.is_due()) {
            progress_.draw(
                health_text(stream_.checked(), stream_.not_healthy(), progress_.elapsed()));
        }
    }

  private:
    const HealthStream& stream_;
    Progress progress_;
};

using Clock = std::chrono::steady_clock;

// One call of check_health(): several requests within one bound.
class Check {
  public:
    Check(const Endpoint& endpoint, const HealthRequest& request)
        : endpoint_(endpoint),
          request_(request),
          end_(Clock::now() + request.longest),
          ids_(process_ids(request.options)) {}

    HealthReport run() {
        // One that is there may go before it is checked, and would let the whole fail.
        constexpr int most_attempts = 3;
        for (int attempt = 1;; ++attempt) {
            const std::vector<ListedProcess> listed = list_processes(asking());
            std::vector<std::string> here;
            std::vector<std::string> gone;
            for (const std::string& id : ids_) {
                const bool is_listed =
                    std::any_of(listed.begin(), listed.end(),
                                [&id](const ListedProcess& process) { return process.is(id); });
                (is_listed ? here : gone).push_back(id);
            }
            const std::vector<ListedGroup> groups = groups_now(listed);
            try {
                HealthReport report =
                    ids_.empty() || !here.empty() ? report_on(here) : HealthReport();
                sort_results(report.results, gupids_of(listed));
                for (const std::string& id : gone) {
                    add_gone(report, id);
                }
                add_groups(report, groups, listed);
                return report;
            } catch (const ProblemFailure& failure) {
                const std::string code = json_text(json_member(failure.problem(), "code"));
                if (code == "group_not_found" && request_.options.group) {
                    throw no_such_group(*request_.options.group, list_groups(asking()));
                }
                if (code != "process_not_found" || attempt == most_attempts) {
                    throw;
                }
            }
        }
    }

  private:
    [[nodiscard]] std::chrono::milliseconds left() const {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now());
        return std::max(rest, std::chrono::milliseconds(1));
    }

    Asking asking() { return {endpoint_, request_.credentials, listing_observer_, left()}; }

    static std::vector<std::string> gupids_of(const std::vector<ListedProcess>& listed) {
        std::vector<std::string> gupids;
        std::transform(listed.begin(), listed.end(), std::back_inserter(gupids),
                       [](const ListedProcess& process) { return process.gupid; });
        return gupids;
    }

    [[nodiscard]] bool is_meant(const ListedGroup& group,
                                const std::vector<ListedProcess>& listed) const {
        if (request_.options.group) {
            return group.name == *request_.options.group;
        }
        return ids_.empty() ||
               std::any_of(listed.begin(), listed.end(), [&](const ListedProcess& process) {
                   return process.group == group.name &&
                          std::any_of(ids_.begin(), ids_.end(),
                                      [&process](const std::string& id) { return process.is(id); });
               });
    }

    // Those whose processes are checked; asked for also where there is no process, to say why.
    std::vector<ListedGroup> groups_now(const std::vector<ListedProcess>& listed) {
        const auto& name = request_.options.group;
        const bool is_one_there =
            !ids_.empty() || std::any_of(listed.begin(), listed.end(), [&](const auto& process) {
                return !name || process.group == *name;
            });
        std::vector<ListedGroup> groups;
        if (request_.wants_groups || !is_one_there) {
            groups = list_groups(asking());
            std::erase_if(groups,
                          [&](const ListedGroup& group) { return !is_meant(group, listed); });
        }
        return groups;
    }

    // Whether it is worth to be said that no process can be started: where others serve, Passenger
    // does not try again until they are too few, so that what was long ago may be over.
    static bool matters(const ListedGroup& group, const std::vector<ListedProcess>& listed) {
        constexpr std::chrono::minutes recently{10};
        const bool is_served =
            std::any_of(listed.begin(), listed.end(), [&group](const ListedProcess& process) {
                return process.group == group.name;
            });
        return !group.cannot_start.empty() &&
               (!is_served || group.queue.value_or(0) > 0 || !group.failed_at ||
                std::chrono::system_clock::now() - *group.failed_at < recently);
    }

    static void add_groups(HealthReport& report, const std::vector<ListedGroup>& groups,
                           const std::vector<ListedProcess>& listed) {
        for (const ListedGroup& group : groups) {
            if (group.queue) {
                report.queue = report.queue.value_or(0) + *group.queue;
            }
            if (matters(group, listed)) {
                report.cannot_start.push_back(group.cannot_start);
            }
        }
    }

    HealthReport report_on(const std::vector<std::string>& ids) {
        HealthOptions options = request_.options;
        if (request_.held_back) {
            const auto rest = left();
            options.deadline_seconds =
                std::chrono::duration<double>(rest - std::min(*request_.held_back, rest / 10))
                    .count();
        }
        HealthReceiver receiver;
        TextBody body(json_line(health_body(options, ids)));
        HealthObserver observer(receiver.stream());
        try {
            const auto longest = left();
            fetch(endpoint_, {head_of(request_.credentials), &body}, receiver,
                  {.connecting = std::min(longest, FetchBounds().connecting), .whole = longest},
                  observer);
        } catch (const BrokenAnswer& broken) {
            if (broken.kind() == BrokenAnswer::Kind::cut_off) {
                throw Failure(ExitCode::bad_answer, health_broke_off);
            }
            throw;
        }
        return std::move(receiver).report({.process = ids.size() == 1 ? ids.front() : "",
                                           .group = request_.options.group.value_or(""),
                                           .refused = request_.credentials.refused});
    }

    const Endpoint& endpoint_;
    const HealthRequest& request_;
    Clock::time_point end_;
    std::vector<std::string> ids_;
    Progress listing_progress_;
    TransferProgress listing_observer_{listing_progress_};
};

} // namespace

HealthReport check_health(const Endpoint& endpoint, const HealthRequest& request) {
    return Check(endpoint, request).run();
}

} // namespace gangway::command
