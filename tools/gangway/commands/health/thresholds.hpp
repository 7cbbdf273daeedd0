// Which figures of a check of many processes are good, which are a warning and which critical:
// ranges as plugins of monitoring systems have them
// (https://www.monitoring-plugins.org/doc/guidelines.html, "Threshold and Ranges"). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "text/fault.hpp"

namespace gangway::command {

// "10" is 0 to 10, "10:" at least 10, "~:10" at most 10, "10:20" what it says, and "@10:20" all
// but that. Both ends belong to it.
class Range {
  public:
    // The range, or what is wrong with it.
    [[nodiscard]] static OrFault<Range> parse(std::string_view text);

    [[nodiscard]] bool holds(double value) const;
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    Range(std::string text, double lowest, double highest, bool inverted)
        : text_(std::move(text)), lowest_(lowest), highest_(highest), inverted_(inverted) {}

    std::string text_;
    double lowest_;
    double highest_;
    bool inverted_;
};

// In the order in which they are written.
inline constexpr std::array<std::string_view, 6> plugin_labels{"healthy", "unhealthy", "busy",
                                                               "skipped", "queue",     "time"};

// For one figure. Empty: any value is good.
struct Threshold {
    std::optional<Range> warning;
    std::optional<Range> critical;
};

class Thresholds {
  public:
    // None is unhealthy, and one at least healthy, or it is critical; none is busy or was skipped,
    // or it is a warning.
    Thresholds();

    enum class Level { warning, critical };

    // "LABEL=RANGE" in place of what held before. What is wrong with it; nothing where it is good.
    [[nodiscard]] std::optional<std::string> set(Level level, std::string_view argument);

    // Of a label of those above.
    [[nodiscard]] const Threshold& of(std::string_view label) const;

  private:
    std::array<Threshold, plugin_labels.size()> thresholds_;
};

} // namespace gangway::command
