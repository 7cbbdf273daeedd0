#include "check/verdict.hpp"

namespace gangway::check {

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
