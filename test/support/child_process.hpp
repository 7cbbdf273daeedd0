// A process that does nothing, which a test may signal.
#pragma once

#include <csignal>
#include <stdexcept>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gangway {

// Ends with the test.
class ChildProcess {
  public:
    ChildProcess() : pid_(::fork()) {
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;) {
                ::pause();
            }
        }
        if (pid_ < 0) {
            throw std::runtime_error("fork failed");
        }
    }
    ~ChildProcess() {
        if (!reaped_) {
            ::kill(pid_, SIGKILL);
            reap();
        }
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    pid_t pid() const { return pid_; }
    bool is_running() const {
        siginfo_t info{};
        return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == 0;
    }
    // It ends, and stays to be reaped.
    void end() const {
        ::kill(pid_, SIGTERM);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }
    void reap() {
        ::waitpid(pid_, nullptr, 0);
        reaped_ = true;
    }
    // Waits for its end: the signal that it came by, 0 for none.
    int wait_for_signal() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        reaped_ = true;
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }

  private:
    pid_t pid_;
    bool reaped_ = false;
};

} // namespace gangway
