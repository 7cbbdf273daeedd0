// Whatever is in order is read the same in any pieces.
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "message/rules.hpp"
#include "support/http_generators.hpp"
#include "support/wire.hpp"

namespace gangway::message {
namespace {

RC_GTEST_PROP(RequestProperties, IsReadTheSameHoweverItArrives, ()) {
    const random::Wire wire = *random::request();
    const std::string behind = *random::bytes();
    const Script script = random::cut(wire.bytes() + behind);
    const Reading reading = read_request(script);
    RC_ASSERT(reading.error().message() == error_code().message());
    RC_ASSERT(reading.head.method == wire.method);
    RC_ASSERT(reading.head.target == wire.target);
    RC_ASSERT(reading.head.version == wire.version);
    RC_ASSERT(random::lines(reading.head.fields) == wire.fields);
    RC_ASSERT(reading.chunked == wire.chunked);
    RC_ASSERT(reading.body == wire.body);
    RC_ASSERT(random::lines(reading.head.trailers) == wire.trailers);
    RC_ASSERT(reading.rest == behind);
}

RC_GTEST_PROP(AnswerProperties, IsReadTheSameHoweverItArrives, ()) {
    const random::Wire wire = *random::answer();
    const bool ends_itself =
        wire.chunked || random::to_fields(wire.fields).count("Content-Length") == 1;
    const std::string behind = ends_itself ? *random::bytes() : std::string();
    const Script script = random::cut(wire.bytes() + behind);
    const Reading reading = read_answer(script);
    RC_ASSERT(reading.error().message() == error_code().message());
    RC_ASSERT(reading.head.status == wire.status);
    RC_ASSERT(reading.head.reason == wire.reason);
    RC_ASSERT(reading.head.version == wire.version);
    RC_ASSERT(random::lines(reading.head.fields) == wire.fields);
    RC_ASSERT(reading.body == wire.body);
    RC_ASSERT(random::lines(reading.head.trailers) == wire.trailers);
    RC_ASSERT(reading.rest == behind);
    RC_ASSERT(!check_answer(reading.head));
}

// Nothing of a message that is not in order depends on how it arrives, either; but which error is
// said may, where it has several.
RC_GTEST_PROP(RequestProperties, IsRefusedTheSameHoweverItArrives, ()) {
    const std::string text = random::mutate((*random::request()).bytes());
    const Reading whole = read_request({text});
    const Reading pieces = read_request(random::cut(text));
    RC_CLASSIFY(!whole.error());
    RC_ASSERT(whole.error().failed() == pieces.error().failed());
    if (!whole.error()) {
        RC_ASSERT(whole.head.method == pieces.head.method);
        RC_ASSERT(whole.head.target == pieces.head.target);
        RC_ASSERT(random::lines(whole.head.fields) == random::lines(pieces.head.fields));
        RC_ASSERT(whole.body == pieces.body);
        RC_ASSERT(random::lines(whole.head.trailers) == random::lines(pieces.head.trailers));
        RC_ASSERT(whole.rest == pieces.rest);
    }
}

RC_GTEST_PROP(AnswerProperties, IsRefusedTheSameHoweverItArrives, ()) {
    const std::string text = random::mutate((*random::answer()).bytes());
    const Reading whole = read_answer({text});
    const Reading pieces = read_answer(random::cut(text));
    RC_CLASSIFY(!whole.error());
    RC_ASSERT(whole.error().failed() == pieces.error().failed());
    if (!whole.error()) {
        RC_ASSERT(whole.head.status == pieces.head.status);
        RC_ASSERT(random::lines(whole.head.fields) == random::lines(pieces.head.fields));
        RC_ASSERT(whole.body == pieces.body);
        RC_ASSERT(random::lines(whole.head.trailers) == random::lines(pieces.head.trailers));
        RC_ASSERT(whole.rest == pieces.rest);
    }
}

} // namespace
} // namespace gangway::message
