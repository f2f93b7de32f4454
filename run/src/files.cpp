// SPDX-License-Identifier: MIT
#include "files.hpp"

#include <fcntl.h>

#include "values.hpp"

namespace sysfd_run {

Checked<File> to_passed(std::string_view text) {
  std::string_view path = text;
  const bool is_own = text.find('=') == text.npos;
  const auto descriptor = to_number(take_part(path, '='));
  if (!descriptor || *descriptor < 0 || *descriptor > 1 << 20)
    return complain({"write NUMBER=FILE, as 3=data.txt, or a NUMBER that is open here"});
  const std::string digits = number(*descriptor);
  File file{.kind = is_own ? File::Kind::own : File::Kind::path,
            .flags = O_RDONLY,
            .number = static_cast<int>(*descriptor)};
  if (is_own) {
    if (::fcntl(file.number, F_GETFD) == -1)
      return complain({"sysfd-run has no open descriptor ", digits, ": write ", digits,
                       "=FILE, or open it in the shell: ", digits, "<FILE"});
    return file;
  }
  struct Mode {
    std::string_view prefix;
    int flags;
  };
  for (const Mode& mode :
       {Mode{"w:", O_WRONLY | O_CREAT | O_TRUNC}, Mode{"r:", O_RDONLY},
        Mode{"a:", O_WRONLY | O_CREAT | O_APPEND}, Mode{"rw:", O_RDWR | O_CREAT}})
    if (path.starts_with(mode.prefix)) {
      path.remove_prefix(mode.prefix.size());
      file.flags = mode.flags;
      break;
    }
  if (path.empty()) return complain({"has no file: write NUMBER=FILE"});
  file.path = path;
  return file;
}

Checked<File> to_stream(int stream, std::string_view text) {
  constexpr std::string_view append = "append:";
  const bool is_output = stream > 0;
  File file{.kind = File::Kind::path,
            .flags = is_output ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY,
            .number = stream};
  if (is_output && text.starts_with(append)) {
    text.remove_prefix(append.size());
    file.flags = O_WRONLY | O_CREAT | O_APPEND;
  }
  if (text.empty()) return complain({"is empty: write a file, or null"});
  const bool is_like_stdout = text == "stdout" && stream == 2;
  if ((text == "stdout" || text == "stderr") && !is_like_stdout)
    return complain({"there is only --stderr stdout: for a file of this name, write ./", text});
  if (text == "null") file.kind = File::Kind::null;
  if (is_like_stdout) file.kind = File::Kind::like_stdout;
  file.path = text;
  return file;
}

Checked<Listener> to_listener(std::string_view text) {
  Listener listener{.name = "unknown", .address = {}, .is_datagram = false, .where = {}};
  const std::size_t equals = text.find('=');
  if (equals != text.npos && text.find('/') > equals && !text.starts_with('@')) {
    listener.name = text.substr(0, equals);
    if (listener.name.empty() || listener.name.size() > 255 ||
        listener.name.find(':') != std::string::npos)
      return complain(
          {"\"", listener.name,
           "\" is no name of a socket: write 1 to 255 characters without :, as web=8080"});
    text.remove_prefix(equals + 1);
  }
  if (text.starts_with("udp:")) {
    listener.is_datagram = true;
    text.remove_prefix(4);
  }
  if (text.empty()) return complain({"has no address: write 8080, 127.0.0.1:80 or /run/x.sock"});
  listener.address = text;
  return listener;
}

}  // namespace sysfd_run
