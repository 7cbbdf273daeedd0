#include "forward/steering.hpp"

#include <charconv>
#include <cmath>
#include <string>

namespace gangway::forward {

namespace {

using admin::Code;
using admin::Problem;
using std::chrono::milliseconds;

constexpr unsigned hour = 3600;
constexpr unsigned day = 86400;

std::optional<milliseconds> parse_seconds(std::string_view text, bool zero_allowed,
                                          unsigned highest) {
    double seconds = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds) ||
        seconds < 0 || seconds > highest || (!zero_allowed && seconds < 0.001)) {
        return std::nullopt;
    }
    return milliseconds(std::llround(seconds * 1000));
}

class Reader {
  public:
    explicit Reader(const message::Fields& fields) : fields_(fields) {}

    // Nothing when the header is not there, or is wrong: then problem() says so.
    std::optional<milliseconds> seconds(std::string_view name, bool zero_allowed,
                                        unsigned highest) {
        const auto text = fields_.find(name);
        if (!text) {
            return std::nullopt;
        }
        const auto value = parse_seconds(*text, zero_allowed, highest);
        if (!value) {
            problem_ = {Code::bad_header,
                        std::string(name) + " must be a number of seconds " +
                            (zero_allowed ? "from 0 to " : "above 0 and at most ") +
                            std::to_string(highest) + "."};
        }
        return value;
    }

    Route route() {
        const auto text = fields_.find("X-Gangway-Route");
        const auto value = text ? parse_route(*text) : Route::automatic;
        if (!value) {
            problem_ = {Code::bad_header, "X-Gangway-Route must be auto, pool or direct."};
        }
        return value.value_or(Route::automatic);
    }

    const std::optional<Problem>& problem() const { return problem_; }

  private:
    const message::Fields& fields_;
    std::optional<Problem> problem_;
};

} // namespace

std::variant<Steering, Problem> parse_steering(const message::Fields& fields,
                                               const Bounds& defaults) {
    Reader reader(fields);
    Steering result{reader.route(), defaults};
    Bounds& bounds = result.bounds;
    bounds.wait = reader.seconds("X-Gangway-Wait", true, hour).value_or(defaults.wait);
    bounds.connect =
        reader.seconds("X-Gangway-Connect-Timeout", false, hour).value_or(defaults.connect);
    const auto total = reader.seconds("X-Gangway-Timeout", false, day);
    if (total) {
        bounds.total = total;
    }
    bounds.first_byte = reader.seconds("X-Gangway-First-Byte-Timeout", false, day)
                            .value_or(total.value_or(defaults.first_byte));
    bounds.idle = reader.seconds("X-Gangway-Idle-Timeout", false, day)
                      .value_or(total.value_or(defaults.idle));
    if (reader.problem()) {
        return *reader.problem();
    }
    return result;
}

} // namespace gangway::forward
