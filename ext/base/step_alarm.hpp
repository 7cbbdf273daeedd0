// Tells when the machine's clock has been set, or has jumped because the machine slept.
#pragma once

#include <functional>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "base/asio.hpp"

namespace gangway {

// A timerfd(2) that never goes off, and that the kernel cancels when the clock is set: until then
// it costs a descriptor and nothing else. Used on the server's thread only.
class StepAlarm {
  public:
    // on_step is called on the thread that runs the executor's context, soon after a step, once for
    // any number of them since the last call. Throws std::system_error when there is no descriptor
    // left.
    StepAlarm(const Executor& executor, std::function<void()> on_step);

    // False: the system does not tell, as some sandboxes do not; on_step is never called.
    bool works() const { return works_; }
    // Nothing is waited for any more.
    void close();

  private:
    void wait();

    net::posix::basic_stream_descriptor<Executor> descriptor_;
    std::function<void()> on_step_;
    bool works_;
};

} // namespace gangway
