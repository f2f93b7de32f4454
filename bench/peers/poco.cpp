// SPDX-License-Identifier: MIT
//
// Poco: Process::launch() without pipes, and ProcessHandle::wait(). In the child it closes every
// number from 3 up to RLIMIT_NOFILE, one by one.
#include <Poco/Exception.h>
#include <Poco/Process.h>
#include <Poco/Version.h>

#include <cerrno>
#include <deque>

#include "peers/peer.hpp"

namespace sysfd_bench {
namespace {

class PocoStarter : public Starter {
 public:
  int prepare(const Request& request) override {
    program_ = request.program;
    arguments_ = request.arguments;
    return 0;
  }
  int start() override {
    try {
      children_.push_back(Poco::Process::launch(program_, arguments_));
    } catch (const Poco::Exception&) {
      return EAGAIN;
    }
    return 0;
  }
  int wait() override {
    const int status = children_.front().wait();
    children_.pop_front();
    return status == 0 ? 0 : ECANCELED;
  }

 private:
  std::string program_;
  Poco::Process::Args arguments_;
  std::deque<Poco::ProcessHandle> children_;
};

}  // namespace

Peer poco_peer() {
  const auto number = static_cast<unsigned>(POCO_VERSION);
  return {.name = "Poco",
          .version = std::to_string(number >> 24) + "." + std::to_string(number >> 16 & 0xff) +
                     "." + std::to_string(number >> 8 & 0xff),
          .traits = {"fork", "closed one after the other", "none", "waitpid"},
          .cannot = passes_nothing,
          .make = [] { return std::make_unique<PocoStarter>(); }};
}

}  // namespace sysfd_bench
