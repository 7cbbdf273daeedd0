#include "admin/request_body.hpp"

#include <string_view>

#include "message/rules.hpp"
#include "worker/problems.hpp"

namespace gangway::admin {

awaitable<Result<std::string>> read_body(Call& call, Shares::Share& share) {
    const config::Config& config = call.context.config;
    if (message::expects_continue(call.head)) {
        co_await call.stream.write_continue(config.client_timeout);
    }
    std::string body;
    for (;;) {
        std::string_view piece;
        const error_code ec = co_await call.stream.read_piece(call.parser, config.max_header_bytes,
                                                              config.client_timeout, piece);
        if (ec == net::error::timed_out) {
            co_return worker::late_body();
        }
        if (ec) {
            co_return worker::bad_body(ec);
        }
        if (piece.empty()) {
            co_return body;
        }
        if (body.size() + piece.size() > max_body_bytes) {
            co_return Problem{Code::body_too_large, "The body of this request may have 64 KiB."};
        }
        if (!share.grow(piece.size())) {
            co_return Problem{Code::too_many_requests, "This user sends too many bodies at once "
                                                       "already; try again later."};
        }
        body += piece;
    }
}

} // namespace gangway::admin
