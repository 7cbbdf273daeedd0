// What is wrong with a value that was given, for whoever gave it.
#pragma once

#include <string>

#include <boost/system/result.hpp>

namespace gangway::check {

struct Complaint {
    std::string text; // "must be …": without the key, which the caller knows
};

// What the value means, or what is wrong with it.
template <typename T>
using Parsed = boost::system::result<T, Complaint>;

} // namespace gangway::check
