// SPDX-License-Identifier: MIT
//
// libuv: uv_spawn(), and its loop until the exit callback has come and the handle is closed.
// Descriptors that are passed become those of the indices of `stdio`.
//
// peer: libuv
// package: libuv1-dev
// starts by: fork
// not passed: stay open unless close-on-exec
// passes: any numbers, in any order
// waits by: SIGCHLD handler, event loop
// cmake: pkg_check_modules(BENCH_LIBUV QUIET IMPORTED_TARGET libuv)
// link: PkgConfig::BENCH_LIBUV
#include <uv.h>

#include <cerrno>
#include <deque>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

class Libuv : public Starter {
 public:
  Libuv() { ::uv_loop_init(&loop_); }
  Libuv(const Libuv&) = delete;
  Libuv& operator=(const Libuv&) = delete;
  ~Libuv() override {
    ::uv_run(&loop_, UV_RUN_DEFAULT);
    ::uv_loop_close(&loop_);
  }

  int prepare(const Request& request) override {
    arguments_.assign(request);
    stdio_.assign(3, {});
    for (int i = 0; i < 3; ++i)
      inherit(static_cast<std::size_t>(i), i);
    for (const Passed& each : request.passed) {
      const auto index = static_cast<std::size_t>(each.number);
      if (index >= stdio_.size()) stdio_.resize(index + 1, uv_stdio_container_t{UV_IGNORE, {}});
      inherit(index, each.source);
    }
    options_ = {};
    options_.file = arguments_.program();
    options_.args = arguments_.get();
    options_.stdio = stdio_.data();
    options_.stdio_count = static_cast<int>(stdio_.size());
    options_.exit_cb = [](uv_process_t* process, int64_t status, int signo) {
      auto* self = static_cast<Libuv*>(process->data);
      if (status != 0 || signo != 0) self->failed_ = true;
      ::uv_close(reinterpret_cast<uv_handle_t*>(process),
                 [](uv_handle_t* handle) { ++static_cast<Libuv*>(handle->data)->ended_; });
    };
    return 0;
  }

  int start() override {
    if (running_ == 0) processes_.clear();  // nobody refers to them any more
    uv_process_t& process = processes_.emplace_back();
    process.data = this;
    const int error = ::uv_spawn(&loop_, &process, &options_);
    ++running_;
    if (error == 0) return 0;
    ::uv_close(reinterpret_cast<uv_handle_t*>(&process), nullptr);
    --running_;
    return -error;
  }

  int wait() override {
    while (ended_ == 0)
      ::uv_run(&loop_, UV_RUN_ONCE);
    --ended_;
    --running_;
    return failed_ ? ECANCELED : 0;
  }

 private:
  void inherit(std::size_t index, int source) {
    stdio_[index].flags = UV_INHERIT_FD;
    stdio_[index].data.fd = source;
  }

  uv_loop_t loop_{};
  ArgumentVector arguments_;
  std::vector<uv_stdio_container_t> stdio_;
  uv_process_options_t options_{};
  std::deque<uv_process_t> processes_;
  int running_ = 0;
  int ended_ = 0;
  bool failed_ = false;
};

}  // namespace

std::vector<Peer> peers() {
  return {{"libuv", ::uv_version_string(), maker<Libuv>()}};
}

}  // namespace sysfd_bench
