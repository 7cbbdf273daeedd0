#include "gangway/commands/health/thresholds.hpp"

#include "gangway/base/printable.hpp"
#include "text/number.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace gangway::command {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Fault fault_of(std::string_view text) {
    return {"'" + printable(text) +
            "' is no range: 10 is 0 to 10, 10: at least 10, ~:10 at most 10, 10:20 what it says, "
            "and @10:20 all but that"};
}

std::optional<std::size_t> find_label(std::string_view label) {
    const auto* const found = std::find(plugin_labels.begin(), plugin_labels.end(), label);
    return found == plugin_labels.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(found - plugin_labels.begin()));
}

std::string all_labels() {
    std::string text;
    for (const std::string_view label : plugin_labels) {
        text.append(text.empty() ? "" : ", ").append(label);
    }
    return text;
}

} // namespace

OrFault<Range> Range::parse(std::string_view text) {
    std::string_view rest = text;
    const bool inverted = rest.starts_with('@');
    rest.remove_prefix(inverted ? 1 : 0);
    const std::size_t colon = rest.find(':');
    const std::string_view begin = colon == std::string_view::npos ? "0" : rest.substr(0, colon);
    const std::string_view end = colon == std::string_view::npos ? rest : rest.substr(colon + 1);
    const auto lowest = begin == "~" ? std::optional(-infinity) : parse_decimal(begin);
    const auto highest = end.empty() && colon != std::string_view::npos ? std::optional(infinity)
                                                                        : parse_decimal(end);
    if (!lowest || !highest || *lowest > *highest) {
        return fault_of(text);
    }
    return Range(std::string(text), *lowest, *highest, inverted);
}

bool Range::holds(double value) const {
    return (value >= lowest_ && value <= highest_) != inverted_;
}

Thresholds::Thresholds() {
    for (const auto& [level, argument] :
         {std::pair(Level::critical, "healthy=1:"), std::pair(Level::critical, "unhealthy=0"),
          std::pair(Level::warning, "busy=0"), std::pair(Level::warning, "skipped=0")}) {
        static_cast<void>(set(level, argument));
    }
}

std::optional<std::string> Thresholds::set(Level level, std::string_view argument) {
    const std::size_t equals = argument.find('=');
    const auto label = find_label(argument.substr(0, equals));
    if (equals == std::string_view::npos || !label) {
        return "'" + printable(argument) + "' is not of the form LABEL=RANGE, such as queue=10; " +
               "labels are " + all_labels();
    }
    auto parsed = Range::parse(argument.substr(equals + 1));
    if (!parsed) {
        return parsed.error().text;
    }
    Threshold& threshold = thresholds_.at(*label);
    (level == Level::warning ? threshold.warning : threshold.critical) = *std::move(parsed);
    return std::nullopt;
}

const Threshold& Thresholds::of(std::string_view label) const {
    return thresholds_.at(find_label(label).value());
}

} // namespace gangway::command
