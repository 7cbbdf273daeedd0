// What a process sends: read the same in all pieces, and then refused, or passed on to the client
// as exactly one answer.
//
// Input: a line whose bytes say where the rest is cut, the first of them also for whom the answer
// is; the rest is what arrives.
#include "http_reading.hpp"

namespace gangway::fuzz {
namespace {

struct Client {
    bool asked_for_head;
    bool is_http_1_1;
};

void pass_on(const Reading& came, const Client& client) {
    const message::Head& head = came.head;
    const forward::Framing framing = forward::choose_framing(client.asked_for_head, head.status,
                                                             client.is_http_1_1, came.length);
    const forward::AnswerHead encoded{head.status,
                                      head.reason,
                                      worker::answer_headers(head.fields, true),
                                      came.length,
                                      client.is_http_1_1 &&
                                          framing != forward::Framing::until_close,
                                      head.fields.find("Upgrade").value_or(""),
                                      "7 gupid"};
    std::string bytes = forward::encode_answer_head(encoded, framing, forward::Report(), "now");
    if (framing == forward::Framing::chunked) {
        append_chunked(bytes, came.body, worker::answer_trailers(head.trailers));
    } else if (framing != forward::Framing::none) {
        bytes += came.body;
    }
    const bool no_body = client.asked_for_head || head.status == 204 || head.status == 304;
    const auto arrived = strict::one_answer(bytes, no_body);
    require(arrived.has_value(), "what is sent to a client is exactly one answer");
    require(arrived->body == came.body, "a client gets the body that the process sent");
    require(arrived->values("x-gangway-process") == std::vector<std::string>{"7 gupid"},
            "an answer says once who gave it, and not what he says of himself");
    require(arrived->values("x-gangway-route").size() == 1 &&
                arrived->values("x-gangway-error").empty() && arrived->values("status").empty(),
            "a process cannot speak for Gangway");
}

void pass_interim(const Reading& came) {
    const std::string bytes = forward::encode_interim_head(
        came.head.status, came.head.reason, worker::answer_headers(came.head.fields, false));
    const auto arrived = strict::one_answer(bytes, true);
    require(arrived.has_value(), "an interim answer is one, too");
}

} // namespace
} // namespace gangway::fuzz

GANGWAY_FUZZ_TARGET(answer) {
    using namespace gangway::fuzz;
    Input input(bytes);
    const std::string_view sizes = input.line();
    const std::uint8_t kind = Input(sizes).byte();
    const Client client{(kind & 1U) != 0, (kind & 2U) == 0};
    const Reading whole = read_message<false>(input.rest(), {}, client.asked_for_head);
    require_the_same(whole, read_message<false>(input.rest(), {sizes}, client.asked_for_head));
    require_the_same(whole, read_message<false>(input.rest(), {std::string_view("\0", 1)},
                                                client.asked_for_head));
    if (whole.error || gangway::message::check_answer(whole.head)) {
        return;
    }
    if (whole.head.status >= 200) {
        pass_on(whole, client);
    } else if (whole.head.status >= 100 && whole.head.status != 101) {
        pass_interim(whole);
    }
}
