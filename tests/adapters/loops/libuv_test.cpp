// SPDX-License-Identifier: MIT
#include <sysfd/adapters/libuv.hpp>

#include <uv.h>

#include <string>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"
#include "adapters/driver.hpp"

namespace sysfd_test {
namespace {

// libuv keeps some descriptors from its first loop to the end of the process.
class FirstLoop final : public testing::Environment {
  void SetUp() override {
    uv_loop_t loop;
    ASSERT_EQ(::uv_loop_init(&loop), 0);
    ASSERT_EQ(::uv_loop_close(&loop), 0);
  }
};
[[maybe_unused]] const auto* const first_loop = testing::AddGlobalTestEnvironment(new FirstLoop);

class LibuvLoop {
 public:
  static std::string missing() { return {}; }
  LibuvLoop() { EXPECT_EQ(::uv_loop_init(&loop_), 0); }
  ~LibuvLoop() {
    EXPECT_EQ(::uv_run(&loop_, UV_RUN_DEFAULT), 0) << "a handle is still active";
    EXPECT_EQ(::uv_loop_close(&loop_), 0) << "a handle was not closed";
  }
  uv_loop_t* loop() { return &loop_; }
  void turn() { ::uv_run(&loop_, UV_RUN_ONCE); }
  // libuv adds a descriptor to its epoll(7) set in the next turn.
  std::size_t registered() {
    std::size_t handles = 0;
    ::uv_walk(
        &loop_,
        [](uv_handle_t* handle, void* count) {
          if (handle->type == UV_POLL && !::uv_is_closing(handle))
            ++*static_cast<std::size_t*>(count);
        },
        &handles);
    return handles;
  }

 private:
  uv_loop_t loop_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Libuv, Await, CallbackDriver<LibuvLoop>);

TEST(Libuv, ForgetsTheDescriptorBeforeTheHandlerIsCalled) {
  SYSFD_REQUIRE_ISOLATION();
  LibuvLoop loop;
  const auto set = BorrowedFd::unsafe_borrow(::uv_backend_fd(loop.loop()));
  Held one = held();
  const int fd = one.child.fd().get();
  bool called = false;
  const auto wait = must(await_end(loop.loop(), std::move(one.child), 1h, [&](AwaitedEnd) {
    called = true;
    EXPECT_FALSE(registered_in(set).contains(fd));
  }));
  ::uv_run(loop.loop(), UV_RUN_NOWAIT);
  EXPECT_TRUE(registered_in(set).contains(fd));
  one.let_go();
  while (!called)
    loop.turn();
}

TEST(Libuv, RefusesADescriptorThatTheLoopWatchesAlready) {
  SYSFD_REQUIRE_ISOLATION();
  LibuvLoop loop;
  Held one = held();
  uv_poll_t poll;
  ASSERT_EQ(::uv_poll_init(loop.loop(), &poll, one.child.fd().get()), 0);
  ASSERT_EQ(::uv_poll_start(&poll, UV_READABLE, [](uv_poll_t*, int, int) {}), 0);
  const auto wait = await_end(loop.loop(), std::move(one.child), 1h, [](AwaitedEnd) {});
  EXPECT_EQ(error_of(wait), std::errc::file_exists);
  ::uv_close(reinterpret_cast<uv_handle_t*>(&poll), nullptr);
  one.let_go();
  EXPECT_EQ(one.child.wait()->code(), 7);
}

}  // namespace
}  // namespace sysfd_test
