#include "gangway/base/bounded_option.hpp"

#include <CLI/CLI.hpp>

namespace gangway::command {

void add_seconds_option(CLI::App& command, const std::string& name, std::optional<double>& seconds,
                        const SecondsRange& range, const std::string& text) {
    command.add_option(name, seconds, text)
        ->type_name("SECONDS")
        ->transform([](const std::string& value) { return plain_seconds(value); })
        ->check([range](const std::string& value) {
            return fault_of_seconds(value, range).value_or("");
        });
}

void add_count_option(CLI::App& command, const std::string& names, std::uint64_t& count,
                      std::uint64_t largest, const std::string& text) {
    command.add_option(names, count, text)
        ->type_name("N")
        ->check([largest](const std::string& value) {
            return fault_of_count(value, largest).value_or("");
        });
}

CLI::Option* add_repeatable_option(CLI::App& command, const std::string& names,
                                   const std::string& text, const char* type) {
    return command.add_option(names, text)
        ->type_name(type)
        ->expected(1)
        ->take_all()
        ->allow_extra_args(false);
}

} // namespace gangway::command
