#include "endpoints/openapi.hpp"

#include <string>

#include "admin/call.hpp"

namespace gangway::endpoints {

namespace {

awaitable<bool> answer_openapi(admin::Call& call) {
    const admin::Answer answer{200, "application/yaml", std::string(openapi_text)}; // RFC 9512
    co_return co_await call.answering.send(answer);
}

} // namespace

constinit const admin::Endpoint show_openapi{.method = admin::Method::get,
                                             .path = "/v1/openapi.yaml",
                                             .help = "This API as an OpenAPI document",
                                             .answer = answer_openapi};

} // namespace gangway::endpoints
