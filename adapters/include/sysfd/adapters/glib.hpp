// SPDX-License-Identifier: MIT
//
// Awaits children in a main context of GLib.
//
//     auto wait = sysfd::await_end(g_main_context_default(), std::move(*child), 5s,
//                                  [](sysfd::AwaitedEnd end) { use(end.status); });
//     if (!wait) return fail(wait.error());
//     g_main_loop_run(loop);
//
// See <sysfd/adapters/await.hpp> for await_end() and await_start(). Unlike with
// g_child_watch_add(), GLib neither reaps the child nor handles SIGCHLD for it. Link to glib-2.0
// (2.36 or newer).
#ifndef SYSFD_ADAPTERS_GLIB_HPP
#define SYSFD_ADAPTERS_GLIB_HPP
#include <sysfd/detail/cxx23.hpp>

#include <glib-unix.h>
#include <glib.h>

#include <limits>

#include <sysfd/adapters/await.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// await_end() and await_start() in a GMainContext have no errors of their own: GLib ends the
// program if there is no memory. The sources have the default priority.
template <>
struct detail::WatchOf<GMainContext*> {
  class type {  // NOLINT(readability-identifier-naming): as in std::remove_cv
   public:
    type(GMainContext* context, Watcher& watcher) noexcept : context_(context), watcher_(watcher) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() {
      unwatch();
      clear_timer();
    }

    Result<> watch(BorrowedFd fd, Awaited) noexcept {
      const GUnixFDSourceFunc ready = [](gint, GIOCondition, gpointer watcher) -> gboolean {
        static_cast<Watcher*>(watcher)->on_ready();
        return G_SOURCE_CONTINUE;  // the watcher has destroyed the source, or wants it
      };
      fd_source_ = ::g_unix_fd_source_new(fd.get(),
                                          static_cast<GIOCondition>(G_IO_IN | G_IO_HUP | G_IO_ERR));
      attach(fd_source_, reinterpret_cast<GSourceFunc>(reinterpret_cast<void (*)()>(ready)));
      return {};
    }

    void unwatch() noexcept { end(fd_source_); }

    Result<> set_timer(std::chrono::nanoseconds after) noexcept {
      clear_timer();
      timer_source_ = ::g_timeout_source_new(
          timer_units<std::chrono::milliseconds>(after, std::numeric_limits<guint>::max()));
      attach(timer_source_, [](gpointer watcher) -> gboolean {
        static_cast<Watcher*>(watcher)->on_timer();
        return G_SOURCE_CONTINUE;
      });
      return {};
    }

    void clear_timer() noexcept { end(timer_source_); }

   private:
    void attach(GSource* source, GSourceFunc function) noexcept {
      ::g_source_set_callback(source, function, &watcher_, nullptr);
      ::g_source_attach(source, context_);
    }

    static void end(GSource*& source) noexcept {
      if (!source) return;
      ::g_source_destroy(source);
      ::g_source_unref(source);
      source = nullptr;
    }

    GMainContext* context_;
    Watcher& watcher_;
    GSource* fd_source_ = nullptr;
    GSource* timer_source_ = nullptr;
  };
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_GLIB_HPP
