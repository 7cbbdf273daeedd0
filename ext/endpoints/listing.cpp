#include "endpoints/listing.hpp"

#include <algorithm>
#include <utility>

#include "endpoints/parts.hpp"

namespace gangway::endpoints {

void Listing::begin() {
    json_.begin_object();
    json_.key("taken_at");
    json_.time(snapshot_->totals().taken_at_usec);
}

void Listing::begin_rows(std::string_view key) {
    json_.key(key);
    json_.begin_array();
    has_rows_ = true;
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
    if (std::exchange(has_rows_, false)) {
        json_.end_array();
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
    const Self self{context.passenger_version, context.statistics,        context.config,
                    context.in_flight.size(),  context.process_passwords, &context.monitor.watch(),
                    &context.spawning};
    auto listing = begin({call.subject, call.arguments, call.access, *snapshot, self});
    if (!listing) {
        co_return co_await call.answering.send(listing.error());
    }
    admin::Answer answer{200, json_type};
    answer.body = co_await write_all(call.stream, *listing);
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
