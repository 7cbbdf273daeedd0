// Group names for a narrow table. Passenger names groups by path and environment,
// "/var/www/customers/shop/public (production)": the end tells them apart.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace gangway::command {

// For each name what to show. A long name loses leading directories (".../shop/public
// (production)"); where two names would then look alike, all keep their full form.
[[nodiscard]] std::map<std::string, std::string>
abbreviate_group_names(const std::vector<std::string>& names);

} // namespace gangway::command
