#include "forward/report.hpp"

#include <algorithm>

namespace gangway::forward {

std::string print_milliseconds(Report::Clock::duration duration) {
    constexpr std::int64_t thousandth = 1000;
    const auto micros = std::max<std::int64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count(), 0);
    const std::string rest = std::to_string(thousandth + micros % thousandth);
    return std::to_string(micros / thousandth) + '.' + rest.substr(1);
}

} // namespace gangway::forward
