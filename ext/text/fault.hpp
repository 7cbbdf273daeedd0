// What was asked for, or one line that says why not, to whoever set it up: what a Problem is to the
// client of a request.
//
//     OrFault<Range> parse_range(std::string_view text);
//     const auto range = parse_range(text);
//     if (!range) { return range.error(); }
#pragma once

#include <string>

#include <boost/system/result.hpp>

namespace gangway {

struct Fault {
    std::string text; // what is wrong, and what to do
};

template <typename T>
using OrFault = boost::system::result<T, Fault>;

} // namespace gangway
