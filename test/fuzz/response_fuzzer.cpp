// What the command is answered: the same in all pieces, and never more than an error.
//
// Input: a line whose bytes say where the rest is cut, the first of them also what was asked; the
// rest is what arrives.
#include "fuzz_target.hpp"
#include "gangway/agent/problem.hpp"
#include "gangway/client/response_header.hpp"
#include "gangway/client/response_reader.hpp"
#include "gangway/commands/request/server_timing.hpp"

namespace gangway::command {
namespace {

using fuzz::require;

// What was made of an answer, as one text; and what of its header the command looks at.
class Notes : public ResponseReceiver {
  public:
    std::string text;
    std::string body_text;

    void interim(const ResponseHeader& header) override { text += header_text(header); }
    Wanted header(const ResponseHeader& header) override {
        text += header_text(header);
        if (is_gangway_error(header)) {
            require(!gangway_error_code(header).empty(), "an error has a code");
        }
        if (const auto timing = server_timing(header)) {
            text += server_timing_text(*timing);
        }
        return Wanted::body;
    }
    void body(std::string_view piece) override { body_text += piece; }
};

struct Outcome {
    Notes notes;
    bool broken = false;
    bool done = false;
    bool leaves_open = false;
};

void read(std::string_view text, std::string_view sizes, bool answers_head, Outcome& outcome) {
    ResponseReader reader(outcome.notes, answers_head);
    try {
        for (std::size_t i = 0; !text.empty() && !reader.done(); i++) {
            const std::size_t size =
                sizes.empty() ? text.size()
                              : static_cast<std::uint8_t>(sizes[i % sizes.size()]) % 64U + 1U;
            reader.feed(text.substr(0, size));
            text.remove_prefix(std::min(size, text.size()));
        }
        if (!reader.done()) {
            reader.end(false);
        }
    } catch (const BrokenAnswer& broken) {
        require(*broken.what() != '\0', "a broken answer is explained");
        outcome.broken = true;
    }
    outcome.done = reader.done();
    outcome.leaves_open = outcome.done && text.empty() && reader.leaves_connection_open();
    require(reader.body_bytes() == outcome.notes.body_text.size(), "bytes are counted");
}

} // namespace
} // namespace gangway::command

GANGWAY_FUZZ_TARGET(response) {
    using namespace gangway;
    using namespace gangway::command;
    fuzz::Input input(bytes);
    const std::string_view sizes = input.line();
    const bool answers_head = fuzz::Input(sizes).flag();
    Outcome whole;
    Outcome pieces;
    read(input.rest(), {}, answers_head, whole);
    read(input.rest(), sizes, answers_head, pieces);
    require(whole.broken == pieces.broken && whole.done == pieces.done,
            "no split makes an answer good or bad");
    if (!whole.broken) {
        require(whole.notes.text == pieces.notes.text, "no split changes a header");
        require(whole.notes.body_text == pieces.notes.body_text, "no split changes a body");
    }
    const Failure failure = problem_failure(503, input.rest(), {.refused = std::string(sizes)});
    require(*failure.what() != '\0', "a problem is told");
}
