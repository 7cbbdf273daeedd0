// What was asked for, or the Problem why not.
//
//     Result<Order> read_order(std::string_view text);
//     const auto order = read_order(text);
//     if (!order) { return order.error(); }
#pragma once

#include <boost/system/result.hpp>

#include "problem/problem.hpp"

namespace gangway {

template <typename T>
using Result = boost::system::result<T, Problem>;

} // namespace gangway
