// A request that a process is serving, as whoever asks why the process is busy is told of it.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "text/json_writer.hpp"

namespace gangway {

// Its texts are as they came, cut where they are long, and not yet printable.
struct ServedRequest {
    std::string method;
    std::string path;   // without the query
    std::string client; // an address; empty: none is known
    std::uint64_t began_at_usec = 0;
    bool is_own = false; // one of Gangway's; else a visitor's
};

// How it came to the process.
inline constexpr std::string_view via_gangway = "gangway";
inline constexpr std::string_view via_visitor = "visitor";

// So many of a process are told.
inline constexpr std::size_t most_served_told = 5;

// "GET /hang from 203.0.113.9"; "GET /report through Gangway"; of several, oldest first: "3
// requests, the oldest GET /hang from 203.0.113.9". all: how many there are. Printable; empty where
// there is none.
std::string describe(std::span<const ServedRequest> requests, std::size_t all);

// An array, as in docs/api.md.
void write(JsonWriter& json, std::span<const ServedRequest> requests);

} // namespace gangway
