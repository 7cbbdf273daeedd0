// The body of a request that an endpoint reads and parses itself.
#pragma once

#include <string>

#include "admin/call.hpp"
#include "base/asio.hpp"
#include "base/shares.hpp"
#include "problem/result.hpp"

namespace gangway::admin {

// 2,000 gupids fit.
inline constexpr std::size_t max_body_bytes = 64 * 1024;

// The whole. What it takes counts in share until that goes.
awaitable<Result<std::string>> read_body(Call& call, Shares::Share& share);

} // namespace gangway::admin
