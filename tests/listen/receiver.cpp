// SPDX-License-Identifier: MIT
//
// The program that the tests of listen activate: listen_receiver <what>, where <what> is
//   report          prints what was passed to it on stdout, one line each
//   answer          sends that to the client of the first socket
//   borrow <index>  starts another receiver, which reports, and which borrows all descriptors but
//                   this one (-1: all)
//   own <index>     does the same, but passes the ownership
//   exec <index>    becomes the other receiver
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <sysfd/command.hpp>
#include <sysfd/listen_fds.hpp>

namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "listen_receiver: %s\n", why.c_str());
  return 1;
}

const char* kind_of(sysfd::BorrowedFd fd) {
  const auto is = [&](const sysfd::FdType& type) { return type.matches(fd) == true; };
  if (is(sysfd::FdType::stream_listener())) return "stream listener";
  if (is(sysfd::FdType::stream())) return "stream";
  if (is(sysfd::FdType::seqpacket_listener())) return "seqpacket listener";
  if (is(sysfd::FdType::datagram())) return "datagram";
  return is(sysfd::FdType::special_file()) ? "file" : "other";
}

// Writes lines: <number> "<name>" <device>:<inode> <kind>
std::string report_of(const sysfd::ListenFds& fds, bool was_identified) {
  std::string report = was_identified ? "identified\n" : "";
  for (const auto& [index, name, fd] : fds) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return "?";
    report += std::to_string(fd.get()) + " \"" + std::string(name) + "\" " +
              std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino) + ' ' +
              kind_of(fd) + '\n';
  }
  for (char** variable = ::environ; *variable; ++variable)
    if (std::string_view(*variable).starts_with("LISTEN")) report += *variable + std::string("\n");
  return report;
}

int answer(sysfd::ListenFds& fds, const std::string& report) {
  const auto first = fds.get(0);
  if (sysfd::FdType::datagram().matches(first) == true) {
    sockaddr_storage client{};
    socklen_t size = sizeof client;
    char request = 0;
    if (::recvfrom(first.get(), &request, 1, 0, reinterpret_cast<sockaddr*>(&client), &size) == -1)
      return fail("recvfrom");
    return ::sendto(first.get(), report.data(), report.size(), 0,
                    reinterpret_cast<sockaddr*>(&client), size) == -1
               ? fail("sendto")
               : 0;
  }
  int connection = first.get();
  if (sysfd::FdType::stream().matches(first) != true &&
      sysfd::FdType::seqpacket().matches(first) != true)
    connection = ::accept4(first.get(), nullptr, nullptr, SOCK_CLOEXEC);
  return ::send(connection, report.data(), report.size(), MSG_NOSIGNAL) == -1 ? fail("send") : 0;
}

int pass_on(std::string_view how, std::string_view without, sysfd::ListenFds fds) {
  std::optional<sysfd::OwnedFd> taken_out;
  if (without != "-1") taken_out = fds.take(static_cast<std::size_t>(without[0] - '0'));
  sysfd::Command command("/proc/self/exe");
  command.arg("report");
  if (how == "borrow")
    command.listen_fds(fds);
  else
    command.listen_fds(std::move(fds));
  if (how == "exec") return fail(command.exec().describe());
  auto child = command.spawn();
  if (!child) return fail(child.error().describe());
  const auto status = child->wait();
  return status && status->success() ? 0 : fail("the other one has failed");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return fail("what?");
  const std::string_view what = argv[1];
  const bool was_identified = std::getenv("LISTEN_PIDFDID") != nullptr;
  auto fds = sysfd::ListenFds::take();
  if (!fds) return fail(fds.error().describe());
  const std::string report = report_of(*fds, was_identified);
  if (what == "report") return std::fputs(report.c_str(), stdout) < 0 ? 1 : 0;
  if (what == "answer") return answer(*fds, report);
  if (argc == 3) return pass_on(what, argv[2], *std::move(fds));
  return fail("what?");
}
