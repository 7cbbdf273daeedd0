// What becomes of a forwarded request's answer: shown, saved, or turned into a failure.
#pragma once

#include "exit_code.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "response_reader.hpp"
#include "transcript.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

struct AnswerOptions {
    bool include_header = false; // -i, -I
    bool fail = false;           // --fail: no output for HTTP >= 400
    std::string output_file;     // empty: standard output
};

class AnswerOutput final : public ResponseReceiver {
  public:
    // The references must outlive this.
    AnswerOutput(const AnswerOptions& options, Progress& progress, Transcript& transcript);

    void interim(const ResponseHeader& header) override;
    Wanted header(const ResponseHeader& header) override;
    void body(std::string_view piece) override;

    // After the exchange: throws the Failure that the answer amounts to, if any.
    void check(bool sent_credentials) const;

  private:
    enum class Use { show, gangway_error, refuse };

    const AnswerOptions& options_;
    Progress& progress_;
    Transcript& transcript_;
    std::optional<Output> output_; // opened when there is something to show
    Use use_ = Use::show;
    unsigned status_ = 0;
    std::string problem_; // body of an error of Gangway's own
};

} // namespace gangway::command
