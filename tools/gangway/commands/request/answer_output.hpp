// What becomes of a forwarded request's answer: shown, saved, or turned into a failure.
#pragma once

#include "gangway/agent/own_words.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/client/response_reader.hpp"
#include "gangway/commands/request/answer_document.hpp"
#include "gangway/commands/request/transcript.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/progress.hpp"
#include "gangway/view/terminal_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

struct AnswerOptions {
    bool include_header = false; // -i, -I
    bool fail = false;           // --fail: exit code 1 and no output for HTTP >= 400
    bool fail_with_body = false; // --fail-with-body: exit code 1, and the answer nevertheless
    bool json = false;           // --json: the answer as a document
    std::string output_file;     // empty: standard output
};

class AnswerOutput final : public ResponseReceiver {
  public:
    // The references must outlive this. Throws Failure(usage) where the output's file cannot be
    // written: better before the request is sent. What it holds is kept until an answer comes.
    AnswerOutput(const AnswerOptions& options, Progress& progress, Transcript& transcript);
    AnswerOutput(const AnswerOutput&) = delete;
    AnswerOutput& operator=(const AnswerOutput&) = delete;
    ~AnswerOutput() override;

    void interim(const ResponseHeader& header) override;
    Wanted header(const ResponseHeader& header) override;
    void body(std::string_view piece) override;

    // After the exchange: throws the Failure that the answer amounts to, if any.
    void check(const Asked& asked);

  private:
    void write(std::string_view text);

    enum class Use { show, gangway_error, strange };

    const AnswerOptions& options_;
    Progress& progress_;
    Transcript& transcript_;
    std::optional<Output> file_;             // -o, until there is something to write
    std::optional<Output> output_;           // once there is something to show
    std::optional<TerminalText> terminal_;   // where that is one
    std::optional<AnswerDocument> document_; // --json
    std::uint64_t body_bytes_ = 0;           // written to the file
    bool is_refused_ = false;                // by --fail or --fail-with-body
    Use use_ = Use::show;
    unsigned status_ = 0;
    std::string problem_; // body of an error of Gangway's own
};

} // namespace gangway::command
