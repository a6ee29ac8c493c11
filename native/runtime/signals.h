// Threads of ours block all signals, so that the process's own threads handle them.
#pragma once

#if defined(__unix__) || defined(__APPLE__)
#include <csignal>
#endif

namespace evenkeel {

// Blocks all signals on this thread, and restores what was blocked. A thread that is started meanwhile inherits it.
class SignalsBlocked {
 public:
#if defined(__unix__) || defined(__APPLE__)
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#else
  SignalsBlocked() noexcept {}
  ~SignalsBlocked() {}
#endif
};

}  // namespace evenkeel
