#include "forward/steering.hpp"

#include <algorithm>
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

// All of them do, and of what a browser sends hardly any.
bool begins_with_x(std::string_view name) {
    return name.size() > 2 && (name[0] == 'X' || name[0] == 'x') && name[1] == '-';
}

bool has_own(const message::Fields& fields) {
    return std::any_of(fields.begin(), fields.end(), [](const message::Field& field) {
        constexpr std::string_view own = "X-Gangway-";
        return begins_with_x(field.name) &&
               message::same_token(field.name.substr(0, own.size()), own);
    });
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

bool is_steering(std::string_view name) {
    return begins_with_x(name) &&
           std::any_of(steering_headers.begin(), steering_headers.end(),
                       [&](std::string_view known) { return message::same_token(known, name); });
}

std::string_view repeated_steering(const message::Fields& fields) {
    for (const message::Field field : fields) {
        if (is_steering(field.name) && fields.count(field.name) > 1) {
            return *std::find_if(
                steering_headers.begin(), steering_headers.end(),
                [&](std::string_view known) { return message::same_token(known, field.name); });
        }
    }
    return {};
}

std::variant<Steering, Problem> parse_steering(const message::Fields& fields,
                                               const Bounds& defaults) {
    if (!has_own(fields)) {
        return Steering{Route::automatic, defaults};
    }
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
