#include "worker/steering.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "text/number.hpp"
#include "text/printable.hpp"

namespace gangway::worker {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_shown_of_name = 64;
constexpr unsigned hour = 3600;
constexpr unsigned day = 86400;

std::optional<milliseconds> parse_seconds(std::string_view text, bool zero_allowed,
                                          unsigned highest) {
    const auto seconds = parse_decimal(text);
    if (!seconds || *seconds < 0 || *seconds > highest || (!zero_allowed && *seconds < 0.001)) {
        return std::nullopt;
    }
    return milliseconds(std::llround(*seconds * 1000));
}

// All of them do, and of what a browser sends hardly any.
bool begins_with_x(std::string_view name) {
    return name.size() > 2 && (name[0] == 'X' || name[0] == 'x') && name[1] == '-';
}

bool is_own(std::string_view name) {
    constexpr std::string_view own = "X-Gangway-";
    return begins_with_x(name) && message::same_token(name.substr(0, own.size()), own);
}

bool has_own(const message::Fields& fields) {
    return std::any_of(fields.begin(), fields.end(),
                       [](const message::Field& field) { return is_own(field.name); });
}

// A slip of the pen would leave a request without the bound that it should have.
std::optional<Problem> unknown_own(const message::Fields& fields) {
    for (const message::Field field : fields) {
        if (!is_own(field.name) || is_steering(field.name)) {
            continue;
        }
        std::string known;
        for (const std::string_view name : steering_headers) {
            if (is_own(name)) {
                known += known.empty() ? "" : ", ";
                known += name;
            }
        }
        return Problem{Code::bad_header, shortened(field.name, most_shown_of_name) +
                                             " is no header of Gangway's; there are " + known +
                                             "."};
    }
    return std::nullopt;
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

    check::Route route() {
        const auto text = fields_.find("X-Gangway-Route");
        const auto value = text ? check::parse_route(*text) : check::Route::automatic;
        if (!value) {
            problem_ = {Code::bad_header, "X-Gangway-Route must be auto, pool or direct."};
        }
        return value.value_or(check::Route::automatic);
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

Result<Steering> parse_steering(const message::Fields& fields, const Bounds& defaults) {
    if (!has_own(fields)) {
        return Steering{check::Route::automatic, defaults};
    }
    if (auto problem = unknown_own(fields)) {
        return std::move(*problem);
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

} // namespace gangway::worker
