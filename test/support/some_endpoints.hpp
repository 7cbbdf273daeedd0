// A table of endpoints of each kind, for tests of what looks one up.
#pragma once

#include <array>

#include "admin/endpoint.hpp"

namespace gangway::admin {

// Not a coroutine: clang 14, with which the fuzzers are built, makes none that is instrumented.
inline awaitable<bool> answer(Call& /*call*/) {
    return {};
}

inline constexpr Parameter parameters[] = {{"state", ParameterType::text, "which"}};

inline constexpr Endpoint list{.method = Method::get,
                               .path = "/v1/things",
                               .help = "All things",
                               .parameters = parameters,
                               .answer = answer};
inline constexpr Endpoint make{.method = Method::post,
                               .path = "/v1/things",
                               .help = "Makes one",
                               .need = Need::acts,
                               .takes_body = true,
                               .answer = answer};
inline constexpr Endpoint one{
    .method = Method::get, .path = "/v1/things/{id}", .help = "One thing", .answer = answer};
inline constexpr Endpoint drop{.method = Method::post,
                               .path = "/v1/things/{id}/drop",
                               .help = "Drops it",
                               .need = Need::acts,
                               .answer = answer};
inline constexpr Endpoint passed_on{
    .method = Method::any, .path = "/v1/things/{id}/request/{path}", .help = "Forwarded"};
inline constexpr std::array some_endpoints{&list, &make, &one, &drop, &passed_on};

} // namespace gangway::admin
