#include "gangway/commands/top/top.hpp"

#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/base/bounded_option.hpp"
#include "gangway/base/interrupt.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/percent_encoding.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/commands/pool_documents.hpp"
#include "gangway/commands/top/model.hpp"
#include "gangway/commands/watch.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/process_values.hpp"
#include "gangway/view/screen.hpp"
#include "gangway/view/terminal.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace gangway::command {

namespace {

using Clock = std::chrono::steady_clock;

struct TopOptions {
    std::string group;
    std::string sort = "-busy";
    std::optional<double> interval_seconds;
    bool readonly = false;
    bool batch = false;
    std::uint64_t looks = 0; // 0: without an end
};

constexpr double usual_interval = 2;
constexpr std::string_view batch_columns =
    "pid,state,health,sess,busy,done,req/s,cpu,mem,growth,up,now";
// A person waits: what a list takes is milliseconds.
constexpr std::chrono::milliseconds longest_look{2'000};
constexpr std::chrono::milliseconds longest_check{4'000};

std::chrono::milliseconds interval_of(const TopOptions& options) {
    return std::chrono::milliseconds(
        std::llround(options.interval_seconds.value_or(usual_interval) * 1000));
}

std::string processes_target(const TopOptions& options) {
    return options.group.empty() ? "/v1/processes"
                                 : "/v1/processes?group=" + percent_encode(options.group);
}

Json::Value fetch_one(const Asking& asking, const std::string& target) {
    try {
        return get_admin_document(asking.endpoint, asking.credentials, target, {}, asking.observer,
                                  asking.longest)
            .value;
    } catch (const ProblemFailure& failure) {
        if (json_text(json_member(failure.problem(), "code")) != "process_not_found") {
            throw;
        }
        return failure.problem();
    }
}

// The agent that is there now: a top outlives it.
template <typename Ask>
void with_agent(const GlobalOptions& global, Ask ask) {
    const Endpoint endpoint = find_endpoint(global.agent);
    const Credentials credentials =
        choose_credentials(global.agent.password, endpoint, Purpose::list, ::geteuid());
    ExchangeObserver nobody;
    ask(Asking{endpoint, credentials, nobody, longest_look});
}

TopLook look_at(const Asking& asking, const TopModel& model, const TopOptions& options) {
    TopLook look;
    switch (model.page()) {
    case TopPage::processes:
    case TopPage::help:
        look.pool =
            fetch_pool(asking, fetch_processes(asking, processes_target(options)).value, true);
        break;
    case TopPage::requests:
        look.requests = fetch_one(
            asking, options.group.empty() ? "/v1/requests"
                                          : "/v1/requests?group=" + percent_encode(options.group));
        break;
    case TopPage::detail:
        look.process = fetch_one(asking, "/v1/processes/" + model.detailed());
        look.requests = fetch_one(asking, "/v1/requests?process=" + model.detailed());
        look.health = fetch_one(asking, "/v1/health");
        break;
    }
    return look;
}

std::string check_one(const Asking& asking, const std::string& gupid) {
    try {
        const Json::Value document =
            fetch_one(asking, "/v1/processes/" + gupid + "/health?timeout=1.5&wait=0");
        const Json::Value& result = json_member(document, "result");
        const std::string reason = process_value(result, "reason");
        return result.isObject()
                   ? process_value(result, "pid") + " is " + process_value(result, "state") +
                         (reason == "-" ? "" : " (" + reason + ")")
                   : printable(gupid + ": " + json_text(json_member(document, "code")));
    } catch (const Failure& failure) {
        if (failure.code() == ExitCode::interrupted) {
            throw;
        }
        return printable(gupid) + ": no answer";
    }
}

// In a few words, what each says.
std::string check_now(const Asking& asking, const std::vector<std::string>& gupids) {
    constexpr std::size_t most = 8;
    const Asking patient{asking.endpoint, asking.credentials, asking.observer, longest_check};
    std::string text;
    for (std::size_t i = 0; i < std::min(gupids.size(), most); ++i) {
        text += (text.empty() ? "" : ", ") + check_one(patient, gupids[i]);
    }
    return gupids.size() > most ? text + " (no more than " + std::to_string(most) + " at once)"
                                : text;
}

// The whole life of the screen.
class Top {
  public:
    Top(const GlobalOptions& global, const TopOptions& options)
        : global_(global),
          options_(options),
          model_({.group = options.group,
                  .sort = options.sort,
                  .by_group = true,
                  .readonly = options.readonly,
                  .where = {}}) {}

    void run() {
        const std::chrono::milliseconds interval = interval_of(options_);
        Clock::time_point next = Clock::now();
        for (TopOrder order; !order.quit;) {
            if (order.look || Clock::now() >= next) {
                look();
                next = Clock::now() + interval;
            }
            screen_.draw(model_.draw(screen_.rows(), screen_.columns(), local_time()));
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now());
            order = model_.press(screen_.wait_key(left));
            if (!order.check.empty()) {
                model_.say("checking ...");
                screen_.draw(model_.draw(screen_.rows(), screen_.columns(), local_time()));
                check(order.check);
            }
        }
    }

  private:
    void look() {
        try {
            with_agent(global_, [&](const Asking& asking) {
                TopLook seen = look_at(asking, model_, options_);
                Around around;
                if (seen.pool.processes.isObject()) {
                    around = rates_.look(seen.pool.processes);
                }
                model_.update(std::move(seen), std::move(around));
            });
        } catch (const Failure& failure) {
            lose(failure);
        }
    }
    void lose(const Failure& failure) {
        if (failure.code() == ExitCode::interrupted) {
            throw failure;
        }
        model_.lose(failure.what());
    }
    void check(const std::vector<std::string>& gupids) {
        try {
            with_agent(global_,
                       [&](const Asking& asking) { model_.say(check_now(asking, gupids)); });
        } catch (const Failure& failure) {
            lose(failure);
        }
    }

    const GlobalOptions& global_;
    const TopOptions& options_;
    TopModel model_;
    Rates rates_;
    Screen screen_;
};

// ---------------------------------------------------------------- --batch

std::string batch_text(PoolDocuments documents, const Around& around, const TopOptions& options,
                       bool json, bool is_first) {
    if (json) {
        Json::Value line = std::move(documents.processes);
        line["groups"] = json_member(documents.groups, "groups");
        line["pool"] = documents.pool;
        for (Json::Value& row : line["processes"]) {
            if (!row.isObject()) {
                continue;
            }
            const std::string gupid = json_text(json_member(row, "gupid"));
            const auto number = [&](const auto& numbers) {
                const auto found = numbers.find(gupid);
                return found == numbers.end() ? Json::Value() : Json::Value(found->second);
            };
            row["requests_per_second"] = number(around.rates);
            row["memory_growth_bytes_per_hour"] = number(around.growths);
        }
        return json_document(line);
    }
    PoolTableOptions table;
    std::string_view rest = batch_columns;
    for (std::size_t comma = 0; comma != std::string_view::npos;) {
        comma = rest.find(',');
        table.columns.push_back(*find_process_column(rest.substr(0, comma)));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    table.descending = options.sort.starts_with('-');
    table.sorted_by =
        find_process_column(std::string_view(options.sort).substr(table.descending ? 1 : 0));
    table.group = options.group;
    return below_the_time(pool_table(documents, table, around, standard_output_terminal()),
                          is_first);
}

ExitCode run_batch(const GlobalOptions& global, const TopOptions& options) {
    const InterruptWatch between_looks;
    Rates rates;
    for (std::uint64_t count = 1;; ++count) {
        with_agent(global, [&](const Asking& asking) {
            PoolDocuments documents =
                fetch_pool(asking, fetch_processes(asking, processes_target(options)).value, true);
            const Around around = rates.look(documents.processes);
            Output::standard().write(
                batch_text(std::move(documents), around, options, global.json, count == 1));
        });
        if (count == options.looks) {
            return ExitCode::ok;
        }
        pause_for(interval_of(options));
    }
}

ExitCode run(const GlobalOptions& global, const TopOptions& options) {
    if (options.batch) {
        return run_batch(global, options);
    }
    if (global.json) {
        throw Failure(ExitCode::usage, "--json needs --batch");
    }
    with_agent(global, [](const Asking&) {}); // Why there is none is said without a screen.
    Top(global, options).run();
    return ExitCode::ok;
}

} // namespace

void add_top_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command = app.add_subcommand("top", "Shows the processes live, with their rates");
    const auto chosen = std::make_shared<TopOptions>();
    command->add_option("--group", chosen->group, "Only this application group (its whole name)")
        ->type_name("NAME");
    command
        ->add_option("--sort", chosen->sort,
                     "By this column; --sort=-COLUMN: the largest first. Later: < and >")
        ->type_name("[-]COLUMN")
        ->capture_default_str()
        ->check([](const std::string& text) {
            const std::string_view name =
                std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
            return find_process_column(name) ? std::string()
                                             : "'" + printable(name) + "' is no column";
        });
    add_seconds_option(*command, "-d,--interval", chosen->interval_seconds,
                       {.zero_allowed = false, .longest = 3600},
                       "Time from one look to the next; 2 unless given");
    command->add_flag("--readonly", chosen->readonly, "No key does anything to a process");
    command->add_flag("--batch", chosen->batch,
                      "Look after look as text, or with --json a line each, instead of a screen");
    add_count_option(*command, "-n", chosen->looks, UINT32_MAX,
                     "With --batch: so many looks; else until Ctrl-C");
    command->get_option("-n")->needs("--batch");
    command->footer(std::string("Examples:\n"
                                "  gangway top\n"
                                "  gangway top --sort=-mem -d 5\n"
                                "  gangway top --batch -n 2 -d 10 --json\n\n"
                                "Keys: ? shows them.\n\n") +
                    exit_codes_help);
    command->callback([&options, &action, chosen] {
        action = [&options, chosen] { return run(options, *chosen); };
    });
}

} // namespace gangway::command
