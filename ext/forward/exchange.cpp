#include "forward/exchange.hpp"

#include "forward/upstream.hpp"

namespace gangway::forward {

net::awaitable<bool> Exchange::pause(std::chrono::milliseconds duration) {
    if (!aborted_) {
        timer_.expires_after(duration);
        co_await timer_.async_wait(as_result);
    }
    co_return !aborted_;
}

void Exchange::abort() {
    aborted_ = true;
    timer_.cancel();
    if (upstream_ != nullptr) {
        upstream_->cancel();
    }
}

} // namespace gangway::forward
