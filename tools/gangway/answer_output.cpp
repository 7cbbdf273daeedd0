#include "answer_output.hpp"

#include "terminal.hpp"

namespace gangway::command {

namespace {

constexpr std::size_t problem_max_bytes = 65536;

} // namespace

AnswerOutput::AnswerOutput(const AnswerOptions& options, Progress& progress, Transcript& transcript)
    : options_(options), progress_(progress), transcript_(transcript) {}

void AnswerOutput::interim(const ResponseHeader& header) {
    transcript_.received(header);
}

ResponseReceiver::Wanted AnswerOutput::header(const ResponseHeader& header) {
    transcript_.received(header);
    status_ = header.result_int();
    if (is_gangway_error(header)) {
        use_ = Use::gangway_error;
        return Wanted::body;
    }
    if (options_.fail && status_ >= 400) {
        use_ = Use::refuse;
        return Wanted::nothing_more;
    }
    const bool to_file = !options_.output_file.empty() && options_.output_file != "-";
    progress_.before_output(!to_file && standard_output_terminal().is_terminal);
    output_ = to_file ? Output::to_file(options_.output_file) : Output::standard();
    if (options_.include_header) {
        output_->write(header_text(header));
    }
    return Wanted::body;
}

void AnswerOutput::body(std::string_view piece) {
    if (use_ == Use::gangway_error) {
        problem_.append(piece.substr(0, problem_max_bytes - problem_.size()));
    } else if (output_) {
        output_->write(piece);
    }
}

void AnswerOutput::check(bool sent_credentials) const {
    if (use_ == Use::gangway_error) {
        throw problem_failure(status_, problem_, sent_credentials);
    }
    if (use_ == Use::refuse) {
        throw Failure(ExitCode::bad_answer,
                      "the application answered HTTP " + std::to_string(status_));
    }
}

} // namespace gangway::command
