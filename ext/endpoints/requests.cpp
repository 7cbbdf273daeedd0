#include "endpoints/requests.hpp"

#include <algorithm>
#include <utility>

#include "admin/call.hpp"
#include "endpoints/listing.hpp"
#include "endpoints/parts.hpp"
#include "endpoints/processes.hpp"
#include "endpoints/request_rows.hpp"
#include "text/number.hpp"

namespace gangway::endpoints {

namespace {

std::vector<std::string_view> state_words_of_requests() {
    return {request_state_words.begin(), request_state_words.end()};
}

constexpr admin::Parameter parameters[] = {
    {"process", admin::ParameterType::text,
     "only those that this process has, by its pid or gupid"},
    {"group", admin::ParameterType::text, "only those of that group"},
    {.name = "state",
     .type = admin::ParameterType::words,
     .help = "only those in these states",
     .words = state_words_of_requests},
    {"min_age", admin::ParameterType::seconds, "only those that began so long ago"},
    {"limit", admin::ParameterType::count, "so many at most, the oldest; 1000 unless given"},
    {.name = "query",
     .type = admin::ParameterType::flag,
     .help = "the queries of their URLs, too",
     .need = admin::Need::acts},
};

constexpr unsigned rows_unless_given = 1000;
constexpr double usec_of_second = 1e6;
constexpr double longest_age = 1e10; // 300 years

Result<WantedRequests> understand(const admin::Call& call, const pool::Snapshot& snapshot) {
    WantedRequests wanted;
    wanted.group = call.arguments.find("group");
    wanted.states = call.arguments.words("state");
    wanted.limit = call.arguments.count("limit", rows_unless_given);
    if (!call.access.sees_all()) { // His answer waits in our memory for as long as he reads.
        wanted.limit = std::min<std::size_t>(wanted.limit, rows_unless_given);
    }
    wanted.query = call.arguments.flag("query");
    if (const auto seconds = call.arguments.find("min_age")) {
        const double age = *parse_decimal(*seconds);
        if (age < 0) {
            return Problem{Code::bad_parameter, "min_age must not be below 0."};
        }
        wanted.min_age_usec =
            static_cast<std::uint64_t>(std::min(age, longest_age) * usec_of_second);
    }
    if (const auto id = call.arguments.find("process")) {
        const gangway_process* process = find_process(*id, snapshot);
        if (process == nullptr || !call.access.sees(snapshot.group(*process), *process)) {
            return process_not_found();
        }
        wanted.gupid = pool::view(process->gupid);
    }
    return wanted;
}

// The document; what it was made of has gone when it is sent, since a client may take its time to
// read.
awaitable<Result<std::string>> write_requests(admin::Call& call) {
    auto sample = co_await call.context.requests.sampler.take();
    while (!call.stream.has_turn()) { // Others wait for the same sample.
        co_await call.stream.let_others_go();
    }
    const auto snapshot = call.take_snapshot();
    if (!snapshot || sample == nullptr) {
        co_return admin::no_snapshot();
    }
    const auto wanted = understand(call, *snapshot);
    if (!wanted) {
        co_return wanted.error();
    }
    RequestRows rows(std::move(sample), *snapshot, call.context.requests.own.entries(), call.access,
                     *wanted);
    co_return co_await write_all(call.stream, rows);
}

awaitable<bool> answer_requests(admin::Call& call) {
    auto text = co_await write_requests(call);
    if (!text) {
        co_return co_await call.answering.send(text.error());
    }
    admin::Answer answer{200, json_type};
    answer.body = *std::move(text);
    co_return co_await call.answering.send(answer);
}

} // namespace

constinit const admin::Endpoint list_requests{
    .method = admin::Method::get,
    .path = "/v1/requests",
    .help = "What every worker is doing, for whom, since when: one row a request, oldest first",
    .parameters = parameters,
    .answer = answer_requests};

} // namespace gangway::endpoints
