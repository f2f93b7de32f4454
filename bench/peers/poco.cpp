// SPDX-License-Identifier: MIT
//
// Poco: Process::launch() without pipes, and ProcessHandle::wait(). In the child it closes every
// number from 3 up to RLIMIT_NOFILE, one by one.
//
// peer: Poco
// package: libpoco-dev
// starts by: fork
// not passed: closed one after the other
// passes: none
// cannot pass: has no way to pass them
// waits by: waitpid
// cmake: find_package(Poco QUIET COMPONENTS Foundation)
// link: Poco::Foundation
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

std::vector<Peer> peers() {
  const auto number = static_cast<unsigned>(POCO_VERSION);
  return {{"Poco",
           std::to_string(number >> 24) + "." + std::to_string(number >> 16 & 0xff) + "." +
               std::to_string(number >> 8 & 0xff),
           maker<PocoStarter>()}};
}

}  // namespace sysfd_bench
