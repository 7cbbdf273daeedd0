// Random numbers, as RapidCheck generates and shrinks them.
#pragma once

#include <rapidcheck.h>

namespace gangway::random {

// From min to below max, whatever the size of the case: inRange() begins with small ones.
template <typename T>
rc::Gen<T> uniform(T min, T max) {
    return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(min, max));
}

} // namespace gangway::random
