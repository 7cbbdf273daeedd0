#include "gangway/base/percent_encoding.hpp"

namespace gangway::command {

namespace {

bool is_unreserved(char byte) {
    constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "abcdefghijklmnopqrstuvwxyz"
                                            "0123456789-._~";
    return unreserved.find(byte) != std::string_view::npos;
}

} // namespace

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char byte : text) {
        if (is_unreserved(byte)) {
            result.push_back(byte);
        } else {
            const auto value = static_cast<unsigned char>(byte);
            result.push_back('%');
            result.push_back(digits[value >> 4U]);
            result.push_back(digits[value & 0x0FU]);
        }
    }
    return result;
}

} // namespace gangway::command
