// Hands a descriptor over to the event loop.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <unistd.h>

#include "base/asio.hpp"

namespace gangway {

// Asio's constructor leaves fd open where it throws: where the event loop can take no more, or for
// want of memory.
inline net::posix::basic_stream_descriptor<Executor> take_descriptor(const Executor& executor,
                                                                     int fd) {
    try {
        return {executor, fd};
    } catch (...) {
        ::close(fd);
        throw;
    }
}

} // namespace gangway
