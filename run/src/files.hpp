// SPDX-License-Identifier: MIT
//
// The values of --pass, --stdin, --stdout, --stderr and --listen, from text.
#ifndef SYSFD_RUN_FILES_HPP
#define SYSFD_RUN_FILES_HPP

#include <string_view>

#include "checked.hpp"
#include "settings.hpp"

namespace sysfd_run {

// "3=data.txt", "4=w:log.txt", "5".
Checked<File> to_passed(std::string_view text);
// "out.txt", "append:out.txt", "null"; for stderr also "stdout".
Checked<File> to_stream(int stream, std::string_view text);
// "8080", "web=127.0.0.1:8080", "udp:53", "/run/x.sock", "@abstract".
Checked<Listener> to_listener(std::string_view text);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_FILES_HPP
