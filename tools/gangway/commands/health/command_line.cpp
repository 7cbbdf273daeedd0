#include "gangway/base/bounded_option.hpp"
#include "gangway/commands/health/options.hpp"
#include "gangway/commands/watch.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gangway::command {

namespace {

constexpr SecondsRange hour_with_zero{.zero_allowed = true, .longest = 3600};
constexpr SecondsRange hour{.longest = 3600};
constexpr SecondsRange day_with_zero{.zero_allowed = true, .longest = 86400};

void declare_aim(CLI::App& command, HealthOptions& options) {
    command.add_option("ID", options.arguments,
                       "Processes, by pid or gupid; an argument that begins with '/' is the path");
    command.add_option("--group", options.group, "All processes of this group (its whole name)")
        ->type_name("NAME");
    command.add_flag("--all", options.all, "All processes that you may reach");
    command.add_option("--path", options.path, "Path that is asked for; / unless given")
        ->type_name("PATH");
}

void declare_check(CLI::App& command, HealthOptions& options) {
    command.add_option("--method", options.method, "GET unless given")
        ->type_name("GET|HEAD|OPTIONS")
        ->check(CLI::IsMember(std::vector<std::string>{"GET", "HEAD", "OPTIONS"}).description(""));
    add_repeatable_option(command, "-H,--header", "Header to send; may be repeated",
                          "'NAME: VALUE'");
    command
        .add_option("--route", options.route,
                    "pool: as visitors' requests go; direct: past them, Ruby only; auto: direct "
                    "where the process is busy")
        ->type_name("auto|pool|direct")
        ->check(CLI::IsMember(std::vector<std::string>{"auto", "pool", "direct"}).description(""));
    add_seconds_option(command, "--timeout", options.timeout_seconds, hour,
                       "How long a process may take to answer; 5 unless given");
    add_seconds_option(command, "--wait", options.wait_seconds, hour_with_zero,
                       "How long to wait for a busy process; 0.5 unless given");
    add_seconds_option(command, "--busy-limit", options.busy_limit_seconds, day_with_zero,
                       "Busy for longer than this is unhealthy; 0, as unless given: never");
    add_seconds_option(command, "--deadline", options.deadline_seconds, hour,
                       "How long all checks together may take; 30 unless given");
    add_count_option(command, "--concurrency", options.concurrency, 256,
                     "So many processes are asked at once; 32 unless given");
}

void declare_expectation(CLI::App& command, HealthOptions& options) {
    command.add_option("--status", options.status, "Healthy statuses; 200-399 unless given")
        ->type_name("RANGES");
    command.add_option("--body", options.body, "Text that the answer's body must contain")
        ->type_name("TEXT");
    command.add_option("--regex", options.regex, "Expression (RE2) that its body must match")
        ->type_name("REGEX");
    command
        .add_option("--json-pointer", options.json_pointer,
                    "Where in its body, which must be JSON, to find the value, such as /status; "
                    "anything but null and false will do without --json-value")
        ->type_name("POINTER");
    command
        .add_option("--json-value", options.json_value,
                    "What must be there: JSON, or a string without quotes")
        ->type_name("VALUE");
}

void declare_view(CLI::App& command, HealthOptions& options) {
    add_watch_option(command, options.watch_seconds, "2");
    command.add_flag("--nagios", options.nagios,
                     "One line with performance data, and exit codes, for Nagios, Icinga and "
                     "others");
    add_repeatable_option(command, "-w,--warning",
                          "With --nagios: a warning unless the figure is in the range; may be "
                          "repeated. Labels: healthy, unhealthy, busy, skipped, queue, time",
                          "LABEL=RANGE");
    add_repeatable_option(command, "-c,--critical", "The same, critical", "LABEL=RANGE");
}

} // namespace

void declare_health_options(CLI::App& command, HealthOptions& options) {
    declare_aim(command, options);
    declare_check(command, options);
    declare_expectation(command, options);
    declare_view(command, options);
}

void collect_repeated_options(const CLI::App& command, HealthOptions& options) {
    options.headers = command.get_option("--header")->results();
    options.warning = command.get_option("--warning")->results();
    options.critical = command.get_option("--critical")->results();
}

} // namespace gangway::command
