#include "gangway/view/group_names.hpp"

#include "gangway/base/printable.hpp"

#include <set>

namespace gangway::command {

namespace {

constexpr std::size_t comfortable_columns = 30;

std::string without_leading_directories(const std::string& name) {
    if (display_columns(name) <= comfortable_columns) {
        return name;
    }
    constexpr std::string_view mark = "...";
    std::size_t slash = name.find('/', 1);
    std::string shortened = name;
    while (slash != std::string::npos && display_columns(shortened) > comfortable_columns) {
        shortened = std::string(mark).append(name, slash);
        slash = name.find('/', slash + 1);
    }
    return shortened;
}

} // namespace

std::map<std::string, std::string> abbreviate_group_names(const std::vector<std::string>& names) {
    std::map<std::string, std::string> shown;
    for (const std::string& name : names) {
        shown.emplace(name, without_leading_directories(name));
    }
    std::set<std::string> distinct;
    for (const auto& [name, abbreviation] : shown) {
        distinct.insert(abbreviation);
    }
    if (distinct.size() < shown.size()) {
        for (auto& [name, abbreviation] : shown) {
            abbreviation = name;
        }
    }
    return shown;
}

} // namespace gangway::command
