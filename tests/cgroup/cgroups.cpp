// SPDX-License-Identifier: MIT
#include "cgroup/cgroups.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <random>

#include <sysfd/create.hpp>

namespace sysfd_test {

std::string try_create_cgroup() {
  const auto own = Cgroup::own();
  if (!own) return "needs cgroups of version 2: " + own.error().describe();
  const auto made = Cgroup::create(*own, cgroup_name());
  return made ? "" : "needs to create cgroups: " + made.error().describe();
}

const std::string& cgroup_name() {
  static const std::string name = "sysfd-test-" + std::to_string(std::random_device()());
  return name;
}

Cgroup make_cgroup(const CgroupLimits& limits) {
  return make_cgroup_in(must(Cgroup::own()), cgroup_name(), limits);
}

Cgroup make_cgroup_in(const Cgroup& parent, CStr name, const CgroupLimits& limits) {
  return must(Cgroup::create(parent, name, limits));
}

bool is_there(const Cgroup& parent, CStr name) {
  return sysfd::open(parent.fd(), name, O_PATH | O_DIRECTORY).has_value();
}

std::string content_of(const Cgroup& cgroup, CStr file) {
  const auto opened = sysfd::open(cgroup.fd(), file, O_RDONLY);
  std::string content(65536, '\0');
  const auto size = opened ? ::read(opened->get(), content.data(), content.size()) : 0;
  content.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return content;
}

void write_to(const Cgroup& cgroup, CStr file, std::string_view text) {
  const auto opened = must(sysfd::open(cgroup.fd(), file, O_WRONLY));
  EXPECT_EQ(::write(opened.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()))
      << std::strerror(errno);
}

Child start_in(const Cgroup& cgroup, const std::string& line) {
  return must(Command::shell(line).cgroup(cgroup.fd()).spawn());
}

std::string outlive(const std::string& line) {
  return "echo -1000 >/proc/self/oom_score_adj; (echo 0 >/proc/self/oom_score_adj; " + line +
         "); exit 5";
}

std::set<pid_t> numbers_of(const Cgroup& cgroup) {
  std::set<pid_t> numbers;
  for (const PidFd& process : must(cgroup.processes()))
    if (const auto number = process.pid()) numbers.insert(*number);
  return numbers;
}

bool await(const std::function<bool()>& is_true) {
  for (int i = 0; i < 4000; ++i) {
    if (is_true()) return true;
    ::poll(nullptr, 0, 5);
  }
  return false;
}

bool await_processes(const Cgroup& cgroup, std::size_t count) {
  return await([&] { return must(cgroup.processes()).size() >= count; });
}

}  // namespace sysfd_test
