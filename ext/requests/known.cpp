#include "requests/known.hpp"

#include <algorithm>
#include <string>

#include "pool/pool.hpp"
#include "text/printable.hpp"

namespace gangway::requests {

namespace {

std::string path_of(std::string_view target) {
    return shortened(target.substr(0, target.find('?')), most_shown_of_path);
}

ServedRequest told(const gangway_request& request) {
    using pool::view;
    return {std::string(view(request.method)), path_of(view(request.path)),
            std::string(view(request.client)), request.began_at_usec};
}

ServedRequest told(const Own::Entry& entry) {
    return {shortened(entry.method, most_shown_of_method),
            path_of(entry.target),
            {},
            entry.began_at_usec,
            true};
}

void keep_oldest(std::vector<ServedRequest>& requests, std::size_t most) {
    std::stable_sort(requests.begin(), requests.end(),
                     [](const ServedRequest& a, const ServedRequest& b) {
                         return a.began_at_usec < b.began_at_usec;
                     });
    if (requests.size() > most) {
        requests.resize(most);
    }
}

} // namespace

std::vector<ServedRequest> served_by(std::string_view gupid, const Sample* sample, const Own& own,
                                     std::size_t most) {
    std::vector<ServedRequest> result;
    if (sample != nullptr) {
        for (const gangway_request* request : sample->rows) {
            if (result.size() < most && pool::view(request->gupid) == gupid) {
                result.push_back(told(*request));
            }
        }
    }
    for (const Own::Entry& entry : own.entries()) {
        if (entry.serving && entry.gupid == gupid) {
            result.push_back(told(entry));
        }
    }
    keep_oldest(result, most);
    return result;
}

ServedByProcess served_by_process(const Sample& sample, const Own& own, std::size_t most) {
    ServedByProcess result;
    for (const gangway_request* request : sample.rows) {
        if (request->gupid.size > 0) {
            auto& requests = result[std::string(pool::view(request->gupid))];
            if (requests.size() < most) {
                requests.push_back(told(*request));
            }
        }
    }
    for (const Own::Entry& entry : own.entries()) {
        if (entry.serving) {
            result[std::string(entry.gupid)].push_back(told(entry));
        }
    }
    for (auto& [gupid, requests] : result) {
        keep_oldest(requests, most);
    }
    return result;
}

awaitable<std::vector<ServedRequest>> ask_what(const Known& known, std::string_view gupid) {
    const auto sample = co_await known.sampler.take();
    co_return served_by(gupid, sample.get(), known.own, most_served_told);
}

} // namespace gangway::requests
