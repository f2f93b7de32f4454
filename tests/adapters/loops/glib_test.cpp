// SPDX-License-Identifier: MIT
#include <sysfd/adapters/glib.hpp>

#include <glib.h>

#include <string>
#include <vector>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"
#include "adapters/driver.hpp"

namespace sysfd_test {
namespace {

class GlibLoop {
 public:
  static std::string missing() { return {}; }
  GlibLoop() : context_(::g_main_context_new()) {}
  GlibLoop(const GlibLoop&) = delete;
  GlibLoop& operator=(const GlibLoop&) = delete;
  ~GlibLoop() { ::g_main_context_unref(context_); }
  GMainContext* loop() { return context_; }
  void turn() { ::g_main_context_iteration(context_, TRUE); }
  // What it would poll.
  std::size_t registered() {
    EXPECT_TRUE(::g_main_context_acquire(context_));
    gint priority = 0, timeout = 0;
    ::g_main_context_prepare(context_, &priority);
    const gint count = ::g_main_context_query(context_, G_MAXINT, &timeout, nullptr, 0);
    std::vector<GPollFD> polled(static_cast<std::size_t>(count));
    ::g_main_context_query(context_, G_MAXINT, &timeout, polled.data(), count);
    ::g_main_context_release(context_);
    return polled.size();
  }

 private:
  GMainContext* context_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Glib, Await, CallbackDriver<GlibLoop>);

}  // namespace
}  // namespace sysfd_test
