#include "gangway/commands/request/answer_output.hpp"

#include "gangway/agent/problem.hpp"
#include "gangway/view/terminal.hpp"

#include <unistd.h>

#include <utility>

namespace gangway::command {

namespace {

constexpr std::size_t problem_max_bytes = 65536;

} // namespace

AnswerOutput::AnswerOutput(const AnswerOptions& options, Progress& progress, Transcript& transcript)
    : options_(options), progress_(progress), transcript_(transcript) {
    if (!options.output_file.empty() && options.output_file != "-") {
        file_ = Output::to_file(options.output_file);
    }
}

AnswerOutput::~AnswerOutput() {
    if (file_ && file_->has_created_file()) {
        ::unlink(options_.output_file.c_str());
    }
}

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
    if (!is_of_process(header)) {
        use_ = Use::strange;
        return Wanted::nothing_more;
    }
    is_refused_ = status_ >= 400 && (options_.fail || options_.fail_with_body);
    if (is_refused_ && options_.fail) {
        return Wanted::nothing_more;
    }
    if (options_.json) {
        document_.emplace(header);
    }
    progress_.before_output(!file_ && standard_output_terminal().is_terminal);
    if (file_) {
        output_ = std::exchange(file_, std::nullopt);
        output_->empty_file();
    } else if (document_) {
        return Wanted::body; // written at its end
    } else {
        output_ = Output::standard();
        if (standard_output_terminal().is_terminal) {
            terminal_.emplace();
        }
    }
    if (options_.include_header && !options_.json) {
        write(header_text(header));
    }
    return Wanted::body;
}

void AnswerOutput::body(std::string_view piece) {
    if (use_ == Use::gangway_error) {
        problem_.append(piece.substr(0, problem_max_bytes - problem_.size()));
    } else if (output_) {
        write(piece);
        body_bytes_ += piece.size();
    } else if (document_) {
        document_->add(piece);
    }
}

void AnswerOutput::write(std::string_view text) {
    if (terminal_) {
        output_->write(terminal_->feed(text));
    } else {
        output_->write(text);
    }
}

void AnswerOutput::check(const Asked& asked) {
    if (terminal_) {
        output_->write(terminal_->finish());
    }
    if (use_ == Use::gangway_error) {
        throw problem_failure(status_, problem_, asked);
    }
    if (use_ == Use::strange) {
        throw strange_answer(status_);
    }
    if (document_) {
        Output::standard().write(output_
                                     ? document_->text_with_file(options_.output_file, body_bytes_)
                                     : document_->text());
    }
    if (is_refused_) {
        throw Failure(ExitCode::bad_answer,
                      "the application answered HTTP " + std::to_string(status_));
    }
}

} // namespace gangway::command
