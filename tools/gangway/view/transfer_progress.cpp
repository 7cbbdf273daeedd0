#include "gangway/view/transfer_progress.hpp"

#include "gangway/view/progress_text.hpp"

namespace gangway::command {

int TransferProgress::poll_timeout_ms() const {
    return progress_.poll_timeout_ms();
}

void TransferProgress::look(const Transfer& transfer) {
    if (progress_.is_due()) {
        progress_.draw(transfer_text(transfer, progress_.elapsed(), waiting(transfer)));
    }
}

std::string TransferProgress::waiting(const Transfer& /*transfer*/) {
    return waiting_for_answer;
}

} // namespace gangway::command
