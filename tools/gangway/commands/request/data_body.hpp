// Bodies as curl's -d, --data-binary and -T name them.
#pragma once

#include "gangway/client/request_body.hpp"

#include <memory>
#include <string>
#include <vector>

namespace gangway::command {

struct DataArgument {
    std::string text;    // literal, "@FILE", or "@-" for standard input
    bool binary = false; // --data-binary: a file's CR, LF and NUL are kept
};

// Several are joined by '&'. Files are opened here; Failure(usage) where one cannot be.
[[nodiscard]] std::unique_ptr<RequestBody> data_body(const std::vector<DataArgument>& arguments);

// The file as it is; "-" is standard input.
[[nodiscard]] std::unique_ptr<RequestBody> upload_body(const std::string& file);

} // namespace gangway::command
