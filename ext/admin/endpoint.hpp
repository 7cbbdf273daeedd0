// An endpoint of the API, as a row of the one table (endpoints/table.hpp): what it takes, who may
// ask it, what answers. And which one a request is for.
//
// Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "admin/parameters.hpp"
#include "base/asio.hpp"
#include "problem/result.hpp"

namespace gangway::admin {

struct Call;

enum class Method : std::uint8_t {
    get, // and HEAD
    post,
    any,
};

struct Endpoint {
    Method method;
    // "/v1/processes/{id}/health": one segment in braces at most, which is never empty.
    std::string_view path;
    std::string_view help; // for people: what it is, without a full stop
    std::span<const Parameter> parameters{};
    Need need = Need::reads;
    bool takes_body = false;
    // False when the connection cannot take another request. Null: the connection forwards it, and
    // path ends with the rest of the target.
    awaitable<bool> (*answer)(Call&) = nullptr;
};

using Table = std::span<const Endpoint* const>;

// "GET", "POST", "any"
std::string_view word(Method method);

struct Asked {
    std::string_view method;
    std::string_view path; // of the target
    std::string_view query;
    bool has_body;
    bool may_act;
};

struct Match {
    const Endpoint* endpoint;
    std::string_view subject; // what stands in the path's braces, still percent-encoded
    Arguments arguments;
};

// Which of table it is for, with everything that can be said of it before its body is read and the
// pool looked at. The order is a promise: not_found, with what was probably meant;
// method_not_allowed; body_not_allowed; forbidden; bad_parameter, or forbidden of a parameter.
Result<Match> match(Table table, const Asked& asked);

} // namespace gangway::admin
