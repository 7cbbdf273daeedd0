// What is wrong with a value that was given, for whoever gave it.
#pragma once

#include <string>

namespace gangway::check {

struct Complaint {
    std::string text; // "must be …": without the key, which the caller knows
};

} // namespace gangway::check
