#include "check/verdict.hpp"

namespace gangway::check {

std::string_view word(Verdict verdict) {
    switch (verdict) {
    case Verdict::healthy:
        return "healthy";
    case Verdict::unhealthy:
        return "unhealthy";
    case Verdict::busy:
        return "busy";
    case Verdict::skipped:
        return "skipped";
    }
    return "";
}

std::string_view word(Reason reason) {
    switch (reason) {
    case Reason::none:
        return "";
    case Reason::connect_timeout:
        return "connect_timeout";
    case Reason::first_byte_timeout:
        return "first_byte_timeout";
    case Reason::read_timeout:
        return "read_timeout";
    case Reason::refused:
        return "refused";
    case Reason::reset:
        return "reset";
    case Reason::bad_status:
        return "bad_status";
    case Reason::unexpected_body:
        return "unexpected_body";
    case Reason::not_http:
        return "not_http";
    case Reason::body_too_large:
        return "body_too_large";
    case Reason::gone:
        return "gone";
    case Reason::busy_too_long:
        return "busy_too_long";
    case Reason::busy:
        return "busy";
    case Reason::last_free_slot:
        return "last_free_slot";
    case Reason::disabling:
        return "disabling";
    case Reason::disabled:
        return "disabled";
    case Reason::detached:
        return "detached";
    case Reason::shutting_down:
        return "shutting_down";
    case Reason::not_routable:
        return "not_routable";
    case Reason::deadline:
        return "deadline";
    }
    return "";
}

bool depends_on_route(const Result& result) {
    return result.route == direct_route;
}

void say_failed(Result& result, const std::exception& why) noexcept {
    result.verdict = Verdict::skipped;
    result.reason = Reason::not_routable;
    try {
        result.detail = std::string("The check itself failed: ") + why.what() + ".";
    } catch (...) {
        result.detail = "Out of memory."; // So short a text needs none.
    }
}

} // namespace gangway::check
