#include "config/config.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include <grp.h>
#include <pwd.h>

#include "text/json_reader.hpp"
#include "text/number.hpp"
#include "text/printable.hpp"
#include "visits/route.hpp"

namespace gangway::config {

namespace {

// What is wrong with a value, without the key: "must be true or false".
using Complaint = std::optional<std::string>;
using Setter = std::function<Complaint(const Json::Value&, Config&)>;

Setter boolean(bool Config::*field) {
    return [field](const Json::Value& value, Config& config) -> Complaint {
        if (!value.isBool()) {
            return "must be true or false";
        }
        config.*field = value.asBool();
        return std::nullopt;
    };
}

Setter absolute_path(std::string Config::*field, std::size_t max_bytes) {
    return [field, max_bytes](const Json::Value& value, Config& config) -> Complaint {
        if (!value.isString() || value.asString().empty() || value.asString().front() != '/' ||
            value.asString().find('\0') != std::string::npos) {
            return "must be an absolute path";
        }
        if (value.asString().size() > max_bytes) {
            return "is " + std::to_string(value.asString().size()) + " bytes long; at most " +
                   std::to_string(max_bytes) + " are possible";
        }
        config.*field = value.asString();
        return std::nullopt;
    };
}

template <typename T>
Setter whole_number(T Config::*field, T lowest, T highest) {
    return [=](const Json::Value& value, Config& config) -> Complaint {
        if (!value.isUInt64() || value.isBool() || value.asUInt64() < lowest ||
            value.asUInt64() > highest) {
            return "must be a whole number from " + std::to_string(lowest) + " to " +
                   std::to_string(highest);
        }
        config.*field = static_cast<T>(value.asUInt64());
        return std::nullopt;
    };
}

Setter seconds(std::chrono::milliseconds Config::*field, bool zero_allowed, unsigned highest) {
    return [=](const Json::Value& value, Config& config) -> Complaint {
        const auto parsed = check::parse_seconds(value, zero_allowed, highest);
        if (!parsed) {
            return parsed.error().text;
        }
        config.*field = *parsed;
        return std::nullopt;
    };
}

Complaint set_mode(const Json::Value& value, Config& config) {
    const std::string text = value.isString() ? value.asString() : "";
    const auto mode = parse_number<unsigned>(text, 8);
    if (text.size() > 4 || !mode || *mode > 0777) {
        return R"(must be an octal string from "0000" to "0777")";
    }
    config.socket_mode = static_cast<mode_t>(*mode);
    return std::nullopt;
}

Complaint set_access_log(const Json::Value& value, Config& config) {
    const std::string text = value.isString() ? value.asString() : "";
    if (text == "off") {
        config.access_log = AccessLogFormat::off;
    } else if (text == "text") {
        config.access_log = AccessLogFormat::text;
    } else if (text == "json") {
        config.access_log = AccessLogFormat::json;
    } else {
        return R"(must be "off", "text" or "json")";
    }
    return std::nullopt;
}

Complaint set_routes(const Json::Value& value, Config& config) {
    if (!value.isArray() || value.size() > visits::RouteRule::most_patterns) {
        return "must be an array of at most 100 strings";
    }
    std::vector<std::string> routes;
    for (const Json::Value& route : value) {
        if (!route.isString()) {
            return "must be an array of strings";
        }
        if (const auto fault = visits::fault_of_pattern(route.asString()); !fault.empty()) {
            return "has '" + printable(route.asString()) + "': " + std::string(fault);
        }
        routes.push_back(route.asString());
    }
    config.routes = std::move(routes);
    return std::nullopt;
}

std::optional<uid_t> find_user(const std::string& name) {
    std::vector<char> buffer(64 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? std::optional(found->pw_uid) : std::nullopt;
}

std::optional<gid_t> find_group(const std::string& name) {
    std::vector<char> buffer(64 * 1024);
    group entry{};
    group* found = nullptr;
    getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? std::optional(found->gr_gid) : std::nullopt;
}

template <typename Id>
Setter name_or_id(std::optional<Id> Config::*field, std::optional<Id> (*find)(const std::string&),
                  const char* noun) {
    return [=](const Json::Value& value, Config& config) -> Complaint {
        if (value.isUInt() && !value.isBool()) {
            config.*field = static_cast<Id>(value.asUInt());
            return std::nullopt;
        }
        if (!value.isString() || value.asString().empty()) {
            return std::string("must be the name or the number of a ") + noun;
        }
        config.*field = find(value.asString());
        if (!(config.*field).has_value()) {
            config.*field = parse_number<Id>(value.asString()); // As chown(1) takes it.
        }
        if (!(config.*field).has_value()) {
            return std::string("names a ") + noun +
                   " that does not exist: " + printable(value.asString());
        }
        return std::nullopt;
    };
}

const std::map<std::string, Setter>& keys() {
    constexpr unsigned day = 86400;
    constexpr unsigned hour = 3600;
    static const std::map<std::string, Setter> table{
        {"enabled", boolean(&Config::enabled)},
        {"module", absolute_path(&Config::module, 4095)},
        {"socket_path", absolute_path(&Config::socket_path, max_socket_path_bytes)},
        {"socket_mode", set_mode},
        {"socket_owner", name_or_id(&Config::socket_owner, find_user, "user")},
        {"socket_group", name_or_id(&Config::socket_group, find_group, "group")},
        {"max_connections", whole_number(&Config::max_connections, 1U, 65536U)},
        {"max_connections_per_user", whole_number(&Config::max_connections_per_user, 1U, 65536U)},
        {"reserved_descriptors", whole_number(&Config::reserved_descriptors, 0U, 65536U)},
        {"max_requests", whole_number(&Config::max_requests, 1U, 65536U)},
        {"max_requests_per_process", whole_number(&Config::max_requests_per_process, 1U, 65536U)},
        {"max_header_bytes",
         whole_number<std::uint32_t>(&Config::max_header_bytes, 1024, 64 * 1024)},
        {"client_timeout_seconds", seconds(&Config::client_timeout, false, day)},
        {"authorization_timeout_seconds", seconds(&Config::authorization_timeout, false, hour)},
        {"connect_timeout_seconds", seconds(&Config::connect_timeout, false, hour)},
        {"first_byte_timeout_seconds", seconds(&Config::first_byte_timeout, false, day)},
        {"idle_timeout_seconds", seconds(&Config::idle_timeout, false, day)},
        {"tunnel_timeout_seconds", seconds(&Config::tunnel_timeout, false, day)},
        {"total_timeout_seconds", seconds(&Config::total_timeout, true, day)},
        {"wait_seconds", seconds(&Config::wait, true, hour)},
        {"drain_timeout_seconds", seconds(&Config::drain_timeout, true, 60)},
        {"spool_directory", absolute_path(&Config::spool_directory, 4095)},
        {"max_spool_bytes", whole_number<std::uint64_t>(&Config::max_spool_bytes, 0, 1ULL << 50)},
        {"max_spool_bytes_per_user",
         whole_number<std::uint64_t>(&Config::max_spool_bytes_per_user, 0, 1ULL << 50)},
        {"slow_request_seconds", seconds(&Config::slow_request, true, day)},
        {"accounting", boolean(&Config::accounting)},
        {"routes", set_routes},
        {"access_log", set_access_log},
        {"access_log_query", boolean(&Config::access_log_query)},
    };
    return table;
}

// Jsoncpp's messages have several lines, and quote the text.
std::string one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

void set_key(const std::string& key, const Json::Value& value, Config& config,
             std::vector<Error>& errors) {
    if (key == "health") {
        auto plans = watch::parse_plans(value);
        if (plans) {
            config.health = *std::move(plans);
            return;
        }
        for (check::KeyComplaint& complaint : plans.error()) {
            std::string line = printable(complaint.line());
            errors.push_back({std::move(complaint.key), std::move(line)});
        }
        return;
    }
    const auto entry = keys().find(key);
    if (entry == keys().end()) {
        errors.push_back(
            {key, "unknown key \"" + printable(key) + "\"; docs/configuration.md lists all keys"});
    } else if (const Complaint complaint = entry->second(value, config)) {
        errors.push_back({key, "\"" + key + "\" " + *complaint});
    }
}

} // namespace

boost::system::result<Config, std::vector<Error>> parse(std::string_view json_text) {
    Config config;
    if (json_text.empty()) {
        return config;
    }

    std::string faults;
    const auto document = read_json(json_text, JsonRules::strict, &faults);
    if (!document) {
        return std::vector<Error>{{"", "not valid JSON: " + printable(one_line(faults))}};
    }
    if (!document->isObject()) {
        return std::vector<Error>{{"", "not a JSON object"}};
    }

    std::vector<Error> errors;
    for (const std::string& key : document->getMemberNames()) {
        set_key(key, (*document)[key], config, errors);
    }
    if (!errors.empty()) {
        return errors;
    }
    return config;
}

std::string in_one_line(const std::vector<Error>& errors) {
    const std::size_t more = errors.size() - 1;
    return errors.front().message +
           (more == 0 ? ""
                      : " (and " + std::to_string(more) +
                            " more that is wrong: 'gangway check-config' says all)");
}

} // namespace gangway::config
