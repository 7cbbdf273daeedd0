// "Did you mean …?"
//
// Pure.
#pragma once

#include <span>
#include <string_view>

namespace gangway {

// The word of words that somebody who wrote `written` probably meant; empty where none is near.
// Costs the product of the two lengths for each word: of a text of more than 64 bytes, none is.
std::string_view nearest(std::string_view written, std::span<const std::string_view> words);

} // namespace gangway
