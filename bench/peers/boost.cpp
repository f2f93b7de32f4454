// SPDX-License-Identifier: MIT
//
// Boost.Process v2: basic_process with the default launcher, and its wait(). Not with the
// vfork_launcher, which lets Asio's handlers for the child of a fork run on the memory of the
// parent, and tells no error of execve. Not with bind_fd either, a function of which has no return
// statement in Boost 1.81: the initializer here does what it is to do.
//
// peer: Boost.Process v2
// package: libboost1.81-dev
// starts by: fork
// not passed: closed, all at once
// passes: any numbers, by an initializer
// waits by: waitpid; has a pidfd
// cmake: find_package(Boost 1.80 QUIET COMPONENTS filesystem)
// link: Boost::filesystem
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/version.hpp>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

namespace process = boost::process::v2;

struct PassFds {
  const std::vector<Move>* moves;
  template <class Launcher>
  process::error_code on_setup(Launcher& launcher, const process::filesystem::path& /*program*/,
                               const char* const* /*arguments*/) const {
    for (const Move& move : *moves)
      if (!move.aside) launcher.fd_whitelist.push_back(move.number);
    return {};
  }
  template <class Launcher>
  process::error_code on_exec_setup(Launcher& /*launcher*/,
                                    const process::filesystem::path& /*program*/,
                                    const char* const* /*arguments*/) const {
    if (do_moves(*moves)) return {};
    return {errno, boost::system::system_category()};
  }
};

class Boost : public Starter {
 public:
  int prepare(const Request& request) override {
    program_ = request.program;
    arguments_ = request.arguments;
    moves_ = in_safe_order(request.passed);
    return 0;
  }
  int start() override {
    try {
      if (moves_.empty())
        children_.emplace_back(context_, program_, arguments_);
      else
        children_.emplace_back(context_, program_, arguments_, PassFds{&moves_});
    } catch (const boost::system::system_error& error) {
      return error.code().value();
    }
    return 0;
  }
  int wait() override {
    boost::system::error_code error;
    const int status = children_.front().wait(error);
    children_.pop_front();
    if (error) return error.value();
    return status == 0 ? 0 : ECANCELED;
  }

 private:
  boost::asio::io_context context_;
  process::filesystem::path program_;
  std::vector<std::string> arguments_;
  std::vector<Move> moves_;
  std::deque<process::process> children_;
};

}  // namespace

std::vector<Peer> peers() {
  return {{"Boost.Process v2", BOOST_LIB_VERSION, maker<Boost>()}};
}

}  // namespace sysfd_bench
