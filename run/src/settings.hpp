// SPDX-License-Identifier: MIT
//
// What was given, checked: values of the types of the library. Nothing has been opened or changed.
#ifndef SYSFD_RUN_SETTINGS_HPP
#define SYSFD_RUN_SETTINGS_HPP

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/cgroup_limits.hpp>
#include <sysfd/identity.hpp>
#include <sysfd/landlock_rights.hpp>
#include <sysfd/namespaces.hpp>
#include <sysfd/resources.hpp>

#include "checked.hpp"
#include "command_line.hpp"

namespace sysfd_run {

struct Variable {
  std::string name;
  std::optional<std::string> value;  // empty: is removed
};

// A file for a descriptor of the program.
struct File {
  enum class Kind : unsigned char { unset, path, null, own, like_stdout };
  Kind kind = Kind::unset;
  std::string path{};
  int flags = 0;    // of open(2)
  int number = -1;  // of the program
  std::string where{};
};

struct Listener {
  std::string name;
  std::string address;  // as it was given
  bool is_datagram = false;
  std::string where;
};

struct PathRule {
  std::string path;
  sysfd::FileRights rights;
  std::string where;
  Id option;
};

struct PortRule {
  std::uint16_t port;
  sysfd::PortRights rights;
  std::string where;
};

struct Confinement {
  bool files = false;  // whether files are confined at all
  bool startup_files = false;
  std::vector<PathRule> paths;
  sysfd::PortRights ports;  // those that are confined
  std::vector<PortRule> port_rules;
  sysfd::Scopes scopes;

  bool is_set() const { return files || !ports.empty() || !scopes.empty(); }
};

struct Lock {
  std::string path;
  bool shared = false;
  std::optional<std::chrono::nanoseconds> timeout;
};

struct Settings {
  std::vector<std::string> program;

  std::optional<std::chrono::nanoseconds> deadline;
  std::chrono::nanoseconds kill_after = std::chrono::seconds(5);
  std::optional<int> signal;  // empty: SIGTERM to the whole tree
  bool tree = false;
  bool no_tree = false;
  int parent_death = 0;

  sysfd::Identity identity;
  sysfd::Resources resources;
  sysfd::Namespaces namespaces;
  sysfd::CgroupLimits cgroup;
  Confinement confinement;

  bool clear_env = false;
  std::vector<Variable> environment;
  std::optional<std::string> directory;
  std::optional<std::string> root;
  bool nohup = false;
  bool session = false;

  File streams[3];
  std::vector<File> passed;
  std::vector<Listener> listeners;
  std::optional<Lock> lock;

  std::optional<std::string> json;
  bool why = false;

  bool has_cgroup() const { return !cgroup.controllers().empty(); }
  // Whether the program and all that it starts end together.
  bool is_contained() const { return tree || has_cgroup() || (deadline && !no_tree); }
  // Whether sysfd-run stays, instead of becoming the program.
  bool is_supervised() const {
    return is_contained() || deadline || lock || json || why ||
           namespaces.create.contains(sysfd::Namespace::pid) ||
           (session && ::getpgrp() == ::getpid());  // setsid(2) refuses the leader of a group
  }
};

// Complaints name the option.
Checked<Settings> check_settings(const CommandLine& line);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_SETTINGS_HPP
