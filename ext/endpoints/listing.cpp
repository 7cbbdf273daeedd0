#include "endpoints/listing.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "endpoints/parts.hpp"

namespace gangway::endpoints {

namespace {

// Of a process: a row is to stay a row.
constexpr std::size_t most_requests = 3;

} // namespace

void Listing::begin() {
    json_.begin_object();
    json_.key("taken_at");
    json_.time(snapshot_->totals().taken_at_usec);
}

void Listing::begin_rows(std::string_view key) {
    json_.key(key);
    json_.begin_array();
    is_array_ = is_open_ = true;
}

void Listing::begin_row(std::string_view key) {
    json_.key(key);
    is_open_ = true;
}

bool Listing::tells_requests() const {
    return (fields_ & request_fields()).any() &&
           std::any_of(rows_.begin(), rows_.end(),
                       [](const gangway_process* process) { return process->sessions > 0; });
}

bool Listing::write(std::size_t rows) {
    for (; rows > 0 && written_ < groups_.size(); rows--) {
        write_group(json_, *snapshot_, *groups_[written_++], *self_);
    }
    for (; rows > 0 && written_ < rows_.size(); rows--) {
        write_process(json_, *snapshot_, *rows_[written_++], fields_, *self_);
    }
    if (written_ < std::max(groups_.size(), rows_.size())) {
        return true;
    }
    if (std::exchange(is_open_, false)) {
        if (is_array_) {
            json_.end_array();
        }
        json_.end_object();
    }
    return false;
}

awaitable<bool> answer_listing(admin::Call& call, Begin begin) {
    auto snapshot = call.take_snapshot();
    if (!snapshot) {
        const Problem problem = admin::no_snapshot();
        co_return co_await call.answering.send(problem);
    }
    const admin::Context& context = call.context;
    Self self{context.passenger_version, context.statistics,        context.config,
              context.in_flight.size(),  context.process_passwords, &context.monitor.watch(),
              &context.spawning};
    auto listing = begin({call.subject, call.arguments, call.access, *snapshot, self});
    if (!listing) {
        co_return co_await call.answering.send(listing.error());
    }
    std::optional<requests::ServedByProcess> served;
    if (listing->tells_requests()) {
        if (const auto sample = co_await context.requests.sampler.take()) {
            served = requests::served_by_process(*sample, context.requests.own, most_requests);
            self.served = &*served;
            self.served_is_complete = sample->is_complete();
        }
    }
    admin::Answer answer{200, json_type};
    answer.body = co_await write_all(call.stream, *listing);
    served.reset();
    snapshot.reset(); // A client may take its time to read.
    co_return co_await call.answering.send(answer);
}

FieldSet fields_of(const Question& question) {
    FieldSet fields = all_public_fields();
    if (question.arguments.find(fields_parameter.name)) {
        fields.reset();
        for (const std::string_view word : question.arguments.words(fields_parameter.name)) {
            fields.set(*find_process_field(word));
        }
    }
    if (question.arguments.flag(secrets_parameter.name)) {
        fields |= secret_fields();
    }
    return question.access.only_process() ? fields & ~group_password_field() : fields;
}

} // namespace gangway::endpoints
