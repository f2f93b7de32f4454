// SPDX-License-Identifier: MIT
//
// Tests the supervisor of examples/supervise with a service that is killed, fails, exits, and does
// not want to exit.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/pidfd.hpp>

#include "support/prelude.hpp"

#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

// Connects to the service. Returns the error of connect(2).
Result<OwnedFd> connect_to(const std::string& path) {
  auto fd = OwnedFd::from_syscall(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == -1)
    return std::unexpected(std::error_code(errno, std::system_category()));
  return fd;
}

// Reads to the end of the line; returns "" if the service is gone, or sends nothing for long.
std::string read_line(const OwnedFd& fd) {
  std::string line;
  for (char c = 0; c != '\n'; line += c) {
    pollfd entry{fd.get(), POLLIN, 0};
    if (::poll(&entry, 1, 20'000) != 1 || ::read(fd.get(), &c, 1) != 1) return "";
  }
  return line.substr(0, line.size() - 1);
}

// Every process can see its end, on every kernel, but not its status.
bool ends(const PidFd& process) {
  pollfd entry{process.fd().get(), POLLIN, 0};
  return ::poll(&entry, 1, 20'000) == 1;
}

bool say(const OwnedFd& fd, std::string_view line) {
  return ::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(line.size());
}

struct Greeting {
  pid_t pid = -1;
  std::string name;
  std::string reloads;
};

Greeting greeting_of(const OwnedFd& connection) {
  const std::string line = read_line(connection);
  Greeting greeting;
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return greeting;
  std::from_chars(line.data(), line.data() + first, greeting.pid);
  greeting.name = line.substr(first + 1, second - first - 1);
  greeting.reloads = line.substr(second + 1);
  return greeting;
}

class Supervise : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }

  std::string path(const std::string& name = "socket") const {
    return (directory_.path() / name).string();
  }

  // Returns when it listens, which it reports.
  Child start(Command command) {
    auto child = must(command.stderr_to(Stdio::pipe()).spawn());
    EXPECT_EQ(read_line(*child.stderr_pipe()), "supervise: waiting for a connection");
    return child;
  }
  Command supervise() { return Command(SUPERVISE).args({"-l", path()}); }

  // Returns a greeting. A service that was about to exit may have accepted the connection: it is
  // not refused then, but cut off, and this tries again.
  Greeting ask() {
    for (int attempt = 0; attempt < 100; ++attempt) {
      const auto connection = connect_to(path());
      EXPECT_TRUE(connection.has_value()) << connection.error().message();
      if (!connection) break;
      if (Greeting greeting = greeting_of(*connection); greeting.pid > 1) return greeting;
    }
    ADD_FAILURE() << "nobody answers";
    return {};
  }

  void stop(Child& supervisor) {
    ASSERT_TRUE(supervisor.pidfd().send_signal(SIGTERM).has_value());
    EXPECT_TRUE(supervisor.wait()->success());
  }

  ScratchDirectory directory_;
};

TEST_F(Supervise, StartsTheServiceWithTheFirstConnectionAndKeepsIt) {
  Child supervisor = start(Command(SUPERVISE).args({"-l", "web=" + path(), "--", SERVICE}));
  const Greeting first = ask();
  EXPECT_EQ(first.name, "web");
  EXPECT_EQ(ask().pid, first.pid);
  stop(supervisor);
}

TEST_F(Supervise, RefusesNoConnectionWhenTheServiceIsKilled) {
  Child supervisor =
      start(supervise().args({"--first-pause", "1", "--longest-pause", "5", "--", SERVICE}));
  pid_t last = -1;
  for (int round = 0; round < 20; ++round) {
    const Greeting greeting = ask();
    ASSERT_GT(greeting.pid, 1);
    EXPECT_NE(greeting.pid, last) << "it was killed";
    last = greeting.pid;
    const PidFd service = must(PidFd::open(greeting.pid));
    ASSERT_TRUE(service.send_signal(SIGKILL).has_value());
    // Connects at once, and while no service runs.
    for (int i = 0; i < 10; ++i)
      EXPECT_TRUE(connect_to(path()).has_value());
    ASSERT_TRUE(ends(service));
  }
  EXPECT_GT(ask().pid, 1);
  stop(supervisor);
}

TEST_F(Supervise, StartsItAgainWhenItHasFailedAndWhenItHasEndedWell) {
  Child supervisor = start(supervise().args({"--first-pause", "1", "--", SERVICE}));
  for (const char* line : {"exit 1", "exit 0", "exit 0", "exit 7"}) {
    const auto connection = must(connect_to(path()));
    const Greeting greeting = greeting_of(connection);
    ASSERT_GT(greeting.pid, 1);
    EXPECT_TRUE(say(connection, line));
    EXPECT_EQ(read_line(connection), "") << "it is gone";
    EXPECT_NE(ask().pid, greeting.pid);
  }
  stop(supervisor);
}

// The connection is still there when the service exits without accepting it: without the delay, the
// service would be started again and again.
TEST_F(Supervise, HoldsAServiceUpThatEndsWellAtOnceAgainAndAgain) {
  Child supervisor = start(supervise().args({"--first-pause", "10000", "--", "/bin/true"}));
  const auto waiting = must(connect_to(path()));
  EXPECT_NE(read_line(*supervisor.stderr_pipe()), "");  // "process ... serves"
  EXPECT_EQ(read_line(*supervisor.stderr_pipe()), "supervise: the service exited with code 0");
  pollfd more{supervisor.stderr_pipe()->get(), POLLIN, 0};
  EXPECT_EQ(::poll(&more, 1, 50), 0) << "it is not started again yet";
  stop(supervisor);
}

TEST_F(Supervise, TriesAgainWithoutAPauseWhereNoneIsWanted) {
  Child supervisor = start(
      supervise().args({"--first-pause", "0", "--longest-pause", "0", "--", path("program")}));
  const auto waiting = must(connect_to(path()));
  for (int i = 0; i < 3; ++i)
    EXPECT_NE(read_line(*supervisor.stderr_pipe()).find("No such file"), std::string::npos);
  stop(supervisor);
}

TEST_F(Supervise, HandsReloadsOn) {
  Child supervisor = start(supervise().args({"--", SERVICE}));
  EXPECT_EQ(ask().reloads, "0");
  ASSERT_TRUE(supervisor.pidfd().send_signal(SIGHUP).has_value());
  Greeting greeting = ask();
  for (int i = 0; i < 10'000 && greeting.reloads == "0"; ++i)
    greeting = ask();
  EXPECT_EQ(greeting.reloads, "1");
  stop(supervisor);
}

TEST_F(Supervise, EndsTheServiceWhenItEnds) {
  Child supervisor = start(supervise().args({"--", SERVICE}));
  const PidFd service = must(PidFd::open(ask().pid));
  stop(supervisor);
  EXPECT_FALSE(service.send_signal(0).has_value());
  EXPECT_EQ(connect_to(path()).error(), std::errc::connection_refused);
}

TEST_F(Supervise, EndsWithoutAService) {
  Child supervisor = start(supervise().args({"--", SERVICE}));
  stop(supervisor);
}

TEST_F(Supervise, KillsAServiceThatDoesNotStop) {
  Child supervisor = start(supervise().args({"--stop-timeout", "1", "--", SERVICE}));
  const auto connection = must(connect_to(path()));
  const PidFd service = must(PidFd::open(greeting_of(connection).pid));
  EXPECT_TRUE(say(connection, "obstinate"));
  EXPECT_EQ(read_line(connection), "done");
  stop(supervisor);
  EXPECT_FALSE(service.send_signal(0).has_value());
}

TEST_F(Supervise, KillsItAtOnceAfterASecondSignal) {
  Child supervisor = start(supervise().args({"--stop-timeout", "1000000", "--", SERVICE}));
  const auto connection = must(connect_to(path()));
  EXPECT_GT(greeting_of(connection).pid, 1);
  EXPECT_TRUE(say(connection, "obstinate"));
  EXPECT_EQ(read_line(connection), "done");
  EXPECT_NE(read_line(*supervisor.stderr_pipe()), "");  // "process ... serves"
  ASSERT_TRUE(supervisor.pidfd().send_signal(SIGTERM).has_value());
  EXPECT_EQ(read_line(*supervisor.stderr_pipe()), "supervise: stopping");
  stop(supervisor);
}

TEST_F(Supervise, TriesAProgramThatCannotBeStartedAgain) {
  const std::string program = path("program");
  Child supervisor =
      start(supervise().args({"--first-pause", "1", "--longest-pause", "1", "--", program}));
  const auto waiting = must(connect_to(path()));
  EXPECT_EQ(read_line(*supervisor.stderr_pipe()),
            "supervise: exec of \"" + program + "\": No such file or directory");
  ASSERT_EQ(::symlink(SERVICE, program.c_str()), 0);
  EXPECT_GT(greeting_of(waiting).pid, 1);  // the same connection is still open
  stop(supervisor);
}

TEST_F(Supervise, PassesOnWhatWasPassedToItself) {
  const auto listener =
      must(OwnedFd::from_syscall(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  Child supervisor = start(Command(SUPERVISE).args({"--", SERVICE}).listen_fds("given", listener));
  EXPECT_EQ(ask().name, "given");
  stop(supervisor);
}

TEST_F(Supervise, TakesThePlaceOfOneThatIsGone) {
  for (int i = 0; i < 2; ++i) {
    Child supervisor = start(supervise().args({"--", SERVICE}));
    EXPECT_GT(ask().pid, 1);
    stop(supervisor);
  }
}

TEST_F(Supervise, SharesNoPlaceWithAnotherThatStartsAtTheSameTime) {
  for (int round = 0; round < 10; ++round) {
    std::vector<Child> both;
    for (int i = 0; i < 2; ++i)
      both.push_back(must(supervise().args({"--", SERVICE}).stderr_to(Stdio::pipe()).spawn()));
    int listening = 0;
    for (Child& each : both) {
      const std::string line = read_line(*each.stderr_pipe());
      if (line == "supervise: waiting for a connection") ++listening;
    }
    EXPECT_EQ(listening, 1);
    EXPECT_GT(ask().pid, 1);
    for (Child& each : both)
      ASSERT_TRUE(each.pidfd().send_signal(SIGTERM).has_value());
    for (Child& each : both)
      ASSERT_TRUE(each.wait().has_value());
  }
}

TEST_F(Supervise, PassesOnSocketsThatBlockAsThoseOfServiceManagersDo) {
  Child supervisor = start(supervise().args({"--", "/bin/sh", "-c", "cat /proc/$$/fdinfo/3 >&2"}));
  const auto waiting = must(connect_to(path()));
  EXPECT_NE(read_line(*supervisor.stderr_pipe()), "");  // "process ... serves"
  std::string flags;
  for (int i = 0; i < 10 && !flags.starts_with("flags:"); ++i)
    flags = read_line(*supervisor.stderr_pipe());
  ASSERT_TRUE(flags.starts_with("flags:")) << flags;
  EXPECT_EQ(std::stol(flags.substr(6), nullptr, 8) & O_NONBLOCK, 0);
  stop(supervisor);
}

TEST_F(Supervise, LeavesThePlaceOfOneThatIsThere) {
  Child supervisor = start(supervise().args({"--", SERVICE}));
  const auto second = must(supervise().args({"--", SERVICE}).output());
  EXPECT_EQ(second.status->code(), 2);
  EXPECT_NE(second.err.find("Address already in use"), std::string::npos) << second.err;
  EXPECT_GT(ask().pid, 1);
  stop(supervisor);
}

// Another program's service, which knows nothing about the lock.
class ForeignService {
 public:
  ForeignService(const std::string& path, int backlog) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_.get(), backlog), 0);
  }
  bool has_connection() const {
    pollfd entry{fd_.get(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }

 private:
  OwnedFd fd_ = must(OwnedFd::from_syscall(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
};

TEST_F(Supervise, DoesNotDisturbAForeignServiceThere) {
  const ForeignService service(path(), 5);
  const auto output = must(supervise().args({"--", SERVICE}).output());
  EXPECT_NE(output.err.find("Address already in use"), std::string::npos) << output.err;
  EXPECT_FALSE(service.has_connection());
}

TEST_F(Supervise, DoesNotWaitForAForeignServiceThatIsBusy) {
  const ForeignService service(path(), 0);
  const OwnedFd waiting = must(connect_to(path()));  // fills the backlog
  const auto output = must(supervise().args({"--", SERVICE}).output());
  EXPECT_NE(output.err.find("Address already in use"), std::string::npos) << output.err;
}

TEST_F(Supervise, SaysWhatIsWrong) {
  const auto complaint = [](Command command) {
    const auto output = must(command.output());
    EXPECT_EQ(output.status->code(), 2);
    return output.err;
  };
  EXPECT_NE(complaint(Command(SUPERVISE).args({"--", SERVICE})).find("nothing to listen on"),
            std::string::npos);
  EXPECT_NE(complaint(supervise()).find("no program"), std::string::npos);
  EXPECT_NE(complaint(Command(SUPERVISE).args({"-l", "\xc3\xbc=" + path("other"), SERVICE}))
                .find("\xc3\xbc"),
            std::string::npos);
  EXPECT_NE(
      complaint(Command(SUPERVISE).args({"-l", "127.0.0.1:none", SERVICE})).find("127.0.0.1:none"),
      std::string::npos);
  EXPECT_NE(complaint(supervise().args({"--stop-timeout", "soon", SERVICE})).find("soon"),
            std::string::npos);
}

}  // namespace
}  // namespace sysfd_test
