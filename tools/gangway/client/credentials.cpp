#include "gangway/client/credentials.hpp"

#include "text/base64.hpp"

namespace gangway::command {

std::string basic_authorization(std::string_view user, std::string_view password) {
    return "Basic " + encode_base64(std::string(user).append(":").append(password));
}

void add_credentials(const Credentials& credentials, boost::beast::http::fields& headers) {
    if (credentials.process_password) {
        headers.set("X-Passenger-Connect-Password", *credentials.process_password);
    }
    if (credentials.authorization) {
        headers.set(boost::beast::http::field::authorization, *credentials.authorization);
    }
}

} // namespace gangway::command
