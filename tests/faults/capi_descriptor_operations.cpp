// SPDX-License-Identifier: MIT
//
// The C interface to ownedfd, to the descriptions, memory and messages of sharing, and to handle.
#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>

#include <sysfd/create.hpp>
#include <sysfd/sealed_memory.hpp>

#include "faults/capi_rows.hpp"
#include "handle/made_events.hpp"
#include "handle/scratch_file_system.hpp"

namespace sysfd_test {
namespace {

void add_ownedfd(CRows& rows) {
  rows.makes_fd("open", [] { return sysfd_open(SYSFD_CWD, "/etc", O_RDONLY | O_DIRECTORY, 0); });
  rows.makes_fd("open_resolve", [] {
    return sysfd_open_resolve(SYSFD_CWD, "/etc", O_RDONLY | O_DIRECTORY, 0,
                              SYSFD_RESOLVE_NO_SYMLINKS);
  });
  rows.makes_fd("memfd", [] { return sysfd_memfd("name", 0); });
  rows.makes_fd("event_fd", [] { return sysfd_event_fd(0, 0); });
  rows.makes_fd("duplicate", [] { return sysfd_duplicate(0); });
  const auto makes_ends = [&](const char* name, auto call) {
    rows.add(name, [=](CSweep& sweep) {
      std::array<int, 2> fds{-1, -1};
      const int code = sweep([&] { return call(fds.data()); });
      for (const int fd : fds) {
        sweep.check((fd >= 0) == (code >= 0), "two descriptors, or none");
        close_if_open(fd);
      }
    });
  };
  makes_ends("pipe", [](int* fds) { return sysfd_pipe(0, fds); });
  makes_ends("socket_pair", [](int* fds) { return sysfd_socket_pair(SOCK_STREAM, fds); });
  rows.add("open_missing_standard_streams", [](CSweep& sweep) {
    const ClosedStreams closed;
    const int code = sweep([] {
      const int opened = sysfd_open_missing_standard_streams();
      if (opened < 0)  // those that it could open stay
        for (const int fd : {0, 1, 2})
          if (is_open(fd)) ::close(fd);
      return opened;
    });
    if (code >= 0) sweep.check(is_open(0) && is_open(1) && is_open(2), "not open");
  });
  rows.add("replace", [](CSweep& sweep) {
    const OwnedFd slot = some_file(), source = some_file(), before = must(slot.duplicate());
    const int code = sweep([&] { return sysfd_replace(slot.get(), source.get()); });
    sweep.check(same_file(slot.get(), code < 0 ? before.get() : source.get()), "wrong file");
  });
  rows.add("close_take", [](CSweep& sweep) {
    const int open = some_file().release();
    (void)sweep([&] { return sysfd_close_take(open); });
    sweep.check(!is_open(open), "still open");
  });
  const auto asks = [&](const char* name, int answer, int (*ask)(int fd)) {
    rows.answers(name, answer, some_file, [ask](const OwnedFd& file) { return ask(file.get()); });
  };
  asks("is_open", 1, sysfd_is_open);
  asks("is_nonblocking", 0, sysfd_is_nonblocking);
  asks("is_close_on_exec", 1, sysfd_is_close_on_exec);
  const auto sets = [&](const char* name, auto set, auto is_set) {
    rows.add(name, [=](CSweep& sweep) {
      const OwnedFd file = some_file();
      const int code = sweep([&] { return set(file.get()); });
      sweep.check(is_set(file.get()) == (code >= 0), "the flag");
    });
  };
  sets(
      "set_nonblocking", [](int fd) { return sysfd_set_nonblocking(fd, 1); },
      [](int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; });
  sets(
      "set_close_on_exec", [](int fd) { return sysfd_set_close_on_exec(fd, 0); },
      [](int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0; });
}

void add_descriptions_and_memory(CRows& rows) {
  rows.add("same_description",
           [](CSweep& sweep) {
             const OwnedFd file = some_file(), copy = must(file.duplicate());
             const int same = sweep([&] { return sysfd_same_description(file.get(), copy.get()); });
             if (same >= 0) sweep.check(same == 1, "they differ");
           },
           {{SYS_kcmp, 0, EOPNOTSUPP}});
  // EOPNOTSUPP: there is no procfs.
  rows.makes_fd("reopen", some_file,
                [](const OwnedFd& file) { return sysfd_reopen(file.get(), O_RDONLY); },
                {{SYS_openat, ENOENT, EOPNOTSUPP}});
  rows.makes_fd("sealed_memfd", [] { return sysfd_sealed_memfd("name", "content", 7); });
  rows.makes_fd("fixed_memfd", [] { return sysfd_fixed_memfd("name", 4096); });
  const auto sealed = [] {
    return must(sealed_memfd("name", std::as_bytes(std::span("content"sv))));
  };
  const auto fixed = [] { return must(fixed_memfd("name", 4096)); };
  rows.makes("sealed_memory_map", sysfd_sealed_memory_free, sealed,
             [](const OwnedFd& file, auto out) {
               sysfd_error error = SYSFD_ERROR_INIT;
               return sysfd_sealed_memory_map(file.get(), SYSFD_UNLIMITED, out, &error);
             },
             {{SYS_fcntl, EINVAL, EPERM}});  // no memfd: a kind of its own
  rows.makes(
      "sealed_memory_copy", sysfd_sealed_memory_free, [] { return file_with("content"); },
      [](const OwnedFd& file, auto out) { return sysfd_sealed_memory_copy(file.get(), 100, out); });
  rows.makes("shared_memory_map", sysfd_shared_memory_free, fixed,
             [](const OwnedFd& file, auto out) {
               sysfd_error error = SYSFD_ERROR_INIT;
               return sysfd_shared_memory_map(file.get(), SYSFD_UNLIMITED, out, &error);
             },
             {{SYS_fcntl, EINVAL, EPERM}});
  rows.frees("sealed_memory_free", [=] {
    return made<CObject<sysfd_sealed_memory, sysfd_sealed_memory_free>>([&](auto out) {
      return sysfd_sealed_memory_map(sealed().get(), SYSFD_UNLIMITED, out, nullptr);
    });
  });
  rows.frees("shared_memory_free", [=] {
    return made<CObject<sysfd_shared_memory, sysfd_shared_memory_free>>([&](auto out) {
      return sysfd_shared_memory_map(fixed().get(), SYSFD_UNLIMITED, out, nullptr);
    });
  });
}

using CMessage = CObject<sysfd_message, sysfd_message_free>;

struct Connection {
  SocketPair pair = must(socket_pair(SOCK_STREAM));
  OwnedFd file = some_file();
  std::array<int, 2> fds{file.get(), file.get()};
  std::int64_t send() const {
    return sysfd_send_fds(pair.first.get(), fds.data(), fds.size(), "hello", 5);
  }
  std::int64_t receive(const sysfd_receive_options& options, sysfd_message** message) const {
    std::array<char, 16> payload{};
    return sysfd_receive_fds(pair.second.get(), payload.data(), payload.size(), &options, message);
  }
};

sysfd_receive_options receive_options(std::uint32_t flags, std::uint32_t max_fds,
                                      const sysfd_timeout* timeout = nullptr) {
  sysfd_receive_options options = SYSFD_RECEIVE_OPTIONS_INIT;
  options.flags = flags;
  options.max_fds = max_fds;
  options.timeout = timeout;
  return options;
}

void add_messages(CRows& rows) {
  static const sysfd_timeout second = timeout_of(1'000'000'000);
  const auto sends = [&](const char* name, auto send) {
    rows.add(name, [=](CSweep& sweep) {
      const Connection it;
      const auto sent = sweep([&] { return send(it); });
      sysfd_message* arrived = nullptr;
      const auto size = it.receive(receive_options(SYSFD_RECEIVE_NOWAIT, 2), &arrived);
      const CMessage message(arrived);
      sweep.check((size == 5) == (sent == 5), "nothing arrived, or something did");
      if (message) sweep.check(sysfd_message_fd_count(arrived) == 2, "the descriptors");
    });
  };
  sends("send_fds", [](const Connection& it) { return it.send(); });
  sends("send_fds_for", [](const Connection& it) {
    return sysfd_send_fds_for(it.pair.first.get(), it.fds.data(), it.fds.size(), "hello", 5,
                              &second);
  });
  const auto receives = [&](const char* name, const sysfd_receive_options& options) {
    rows.add(name, [=](CSweep& sweep) {
      const Connection it;
      if (it.send() != 5) std::abort();
      sysfd_message* message = nullptr;
      const auto size = sweep([&] { return it.receive(options, &message); });
      if (message)
        sweep.check(size == 5 && (sysfd_message_fd_count(message) == 2 ||
                                  sysfd_message_fds_error(message) < 0),
                    "the message");
      free_made(sweep, size, message, sysfd_message_free);
    });
  };
  receives("receive_fds", receive_options(0, 2));
  receives("receive_fds, nowait", receive_options(SYSFD_RECEIVE_NOWAIT, 2));
  receives("receive_fds, timeout", receive_options(0, 2, &second));
  receives("receive_fds, too many descriptors", receive_options(0, 1));
  receives("receive_fds, unwanted", receive_options(SYSFD_RECEIVE_KEEP_UNWANTED, 1));
  rows.frees("message_free", [] {
    const Connection it;
    if (it.send() != 5) std::abort();
    return made<CMessage>(
        [&](auto out) { return it.receive(receive_options(SYSFD_RECEIVE_KEEP_UNWANTED, 1), out); });
  });
  const auto passes = [&](const char* name, int (*pass)(int socket, int on)) {
    rows.add(name,
             [=](CSweep& sweep) {
               const Connection it;
               if (pass(it.pair.second.get(), 1) < 0) return sweep.skip("needs that socket option");
               (void)sweep([&] { return pass(it.pair.second.get(), 1); });
             },
             {{SYS_setsockopt, ENOPROTOOPT, EOPNOTSUPP}});
  };
  passes("pass_credentials", sysfd_pass_credentials);
  passes("pass_pidfd", sysfd_pass_pidfd);
  passes("pass_fds", sysfd_pass_fds);
}

using CMountCache = CObject<sysfd_mount_cache, sysfd_mount_cache_free>;

// A file in a mount of its own, and its names.
struct NamedFile {
  ScratchFileSystem files;
  std::string path = files.create("file", "content");
  sysfd_mount_id mount{};
  CHandle handle = made<CHandle>(
      [&](auto out) { return sysfd_name_to_handle(SYSFD_CWD, path.c_str(), 0, out, &mount); });
  CMountCache cache = made<CMountCache>(sysfd_mount_cache_new);
};

void add_handles(CRows& rows) {
  const auto on_file = [&](const char* name, auto run,
                           CRows::Translations translations = {}) -> Operation& {
    return rows.add(
        name,
        [=](CSweep& sweep) {
          if (!can_mount(sweep)) return;
          const NamedFile file;
          run(sweep, file);
        },
        std::move(translations));
  };
  const auto names = [&](const char* name, auto name_it) {
    on_file(name, [=](CSweep& sweep, const NamedFile& file) {
      const OwnedFd opened = must(sysfd::open(cwd(), file.path, O_RDONLY));
      sysfd_file_handle* handle = nullptr;
      sysfd_mount_id mount{};
      const int code = sweep([&] { return name_it(file.path.c_str(), opened, &handle, &mount); });
      if (handle)
        sweep.check(sysfd_file_handle_equal(handle, file.handle.get()) == 1, "another file");
      free_made(sweep, code, handle, sysfd_file_handle_free);
    });
  };
  names("name_to_handle", [](const char* path, const OwnedFd&, auto out, auto mount) {
    return sysfd_name_to_handle(SYSFD_CWD, path, 0, out, mount);
  });
  names("name_to_handle_of", [](const char*, const OwnedFd& file, auto out, auto mount) {
    return sysfd_name_to_handle_of(file.get(), 0, out, mount);
  });
  const auto opens = [&](const char* name, auto open_it, auto is_right,
                         CRows::Translations translations = {}) -> Operation& {
    return on_file(
        name,
        [=](CSweep& sweep, const NamedFile& file) {
          const int fd = sweep([&] { return open_it(file); });
          if (fd >= 0) sweep.check(is_right(fd, file), "another file");
          close_if_open(fd);
        },
        std::move(translations));
  };
  const auto is_file = [](int fd, const NamedFile&) { return content_of(fd) == "content"; };
  const auto is_mount = [](int fd, const NamedFile& file) {
    return same_file(fd, file.files.root().get());
  };
  opens(
      "open_by_handle",
      [](const NamedFile& file) {
        return sysfd_open_by_handle(file.files.root().get(), file.handle.get(), O_RDONLY);
      },
      is_file);
  opens(
      "find_mount", [](const NamedFile& file) { return sysfd_find_mount(file.mount); }, is_mount,
      of_mounts);

  // What a cache has found stays there.
  const CRows::Translations of_cache = {{-1, 0, ENOSYS}};  // as for find_mount
  opens(
      "mount_cache_open_by_handle",
      [](const NamedFile& file) {
        return sysfd_mount_cache_open_by_handle(file.cache.get(), file.handle.get(), file.mount,
                                                O_RDONLY);
      },
      is_file, of_cache)
      .keeps_descriptors = true;
  on_file(
      "mount_cache_find_borrow",
      [=](CSweep& sweep, const NamedFile& file) {
        const int fd =
            sweep([&] { return sysfd_mount_cache_find_borrow(file.cache.get(), file.mount); });
        if (fd >= 0) sweep.check(is_mount(fd, file), "another mount");
      },
      of_cache)
      .keeps_descriptors = true;
  on_file("mount_cache_clear", [](CSweep& sweep, const NamedFile& file) {
    need(sysfd_mount_cache_find_borrow(file.cache.get(), file.mount));
    (void)sweep([&] { return sysfd_mount_cache_clear(file.cache.get()); });
  });
  on_file("mount_cache_free", [](CSweep& sweep, const NamedFile& file) {
    auto cache = made<CMountCache>(sysfd_mount_cache_new);
    need(sysfd_mount_cache_find_borrow(cache.get(), file.mount));
    sweep([&] { cache.reset(); });
  });
  rows.makes("mount_cache_new", sysfd_mount_cache_free, no_subject,
             [](int, auto out) { return sysfd_mount_cache_new(out); });

  const auto from_parts = [] {
    return made<CHandle>(
        [](auto out) { return sysfd_file_handle_from_parts(1, "content", 7, out); });
  };
  rows.makes("file_handle_from_parts", sysfd_file_handle_free, no_subject,
             [](int, auto out) { return sysfd_file_handle_from_parts(1, "content", 7, out); });
  rows.makes(
      "file_handle_copy", sysfd_file_handle_free, from_parts,
      [](const CHandle& handle, auto out) { return sysfd_file_handle_copy(handle.get(), out); });
  rows.makes(
      "file_handle_serialize, file_handle_deserialize", sysfd_file_handle_free, from_parts,
      [](const CHandle& handle, auto out) {
        std::array<char, 160> stored{};
        const int size = sysfd_file_handle_serialize(handle.get(), stored.data(), stored.size());
        if (size < 0) return size;
        return sysfd_file_handle_deserialize(stored.data(), static_cast<std::size_t>(size), out);
      });
  rows.answers("file_system_id", 0, some_file, [](const OwnedFd& file) {
    std::array<std::int32_t, 2> id{};
    return sysfd_file_system_id(file.get(), id.data());
  });
}

void add_events(CRows& rows) {
  // Two events, each with a descriptor of its own and a handle.
  const auto events_of_files = [] {
    EventBytes bytes;
    for (int i = 0; i < 2; ++i)
      append_bytes(bytes,
                   event_of({fid_record(FAN_EVENT_INFO_TYPE_FID, 20)}, some_file().release()));
    return bytes;
  };
  rows.makes("fanotify_events_take", sysfd_fanotify_events_free, events_of_files,
             [](const EventBytes& bytes, auto out) {
               return sysfd_fanotify_events_take(bytes.data(), bytes.size(), out);
             });
  static EventBytes kept;  // the buffer must live as long as the object
  const auto taken = [=] {
    kept = events_of_files();
    return made<CObject<sysfd_fanotify_events, sysfd_fanotify_events_free>>(
        [](auto out) { return sysfd_fanotify_events_take(kept.data(), kept.size(), out); });
  };
  rows.add("fanotify_events_next, fanotify_events_next_fid", [=](CSweep& sweep) {
    const auto events = taken();
    (void)sweep([&] {
      sysfd_fanotify_event event = SYSFD_FANOTIFY_EVENT_INIT;
      sysfd_fanotify_fid fid = SYSFD_FANOTIFY_FID_INIT;
      int count = 0, code = 0;
      while ((code = sysfd_fanotify_events_next(events.get(), &event)) > 0) {
        ++count;
        code = sysfd_fanotify_events_next_fid(events.get(), &fid);
        sweep.check(code == 1 && event.file >= 0, "the event");
      }
      sweep.check(count == 2, "the events");
      return code;
    });
  });
  rows.frees("fanotify_events_free", taken);
}

}  // namespace

std::vector<Operation> capi_descriptor_operations() {
  CRows rows;
  add_ownedfd(rows);
  add_descriptions_and_memory(rows);
  add_messages(rows);
  add_handles(rows);
  add_events(rows);
  return std::move(rows).take();
}

}  // namespace sysfd_test
