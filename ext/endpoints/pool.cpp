#include "endpoints/pool.hpp"

namespace gangway::endpoints {

constinit const admin::Endpoint show_pool{.method = admin::Method::get,
                                          .path = "/v1/pool",
                                          .help = "Totals of the pool, versions",
                                          .answer = answer_with<begin_pool>};

Result<Listing> begin_pool(const Question& question) {
    Listing listing(question.snapshot, question.self, {});
    write_pool(listing.json(), question.snapshot, question.access, question.self);
    return listing;
}

} // namespace gangway::endpoints
