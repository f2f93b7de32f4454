// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_SPEC_ENVIRONMENT_HPP
#define SYSFD_SPAWN_SRC_SPEC_ENVIRONMENT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sysfd {
inline namespace v0 {
namespace detail {

// The environment of a child: this process's own or a given one, with changes. This process's
// LISTEN_... variables are not in it, since they say that they are for this process.
class Environment {
 public:
  // Where the child writes what only it knows.
  struct ListenSlots {
    char* number;              // of LISTEN_PID
    char* identity;            // of LISTEN_PIDFDID
    char** identity_variable;  // the whole of it: the last one
  };

  // `call`: the index of the call, for errors.
  void set(std::string_view name, std::string_view value, int call = -1);
  void remove(std::string_view name);
  void clear();
  // Adds an entry to those that it starts from, unchanged. Not once there are changes.
  void add(std::string_view entry, int call);

  // A copy that does not change with this process's own.
  Environment frozen() const;

  // For execve(2). Valid as long as the buffer is not used again, and nobody changes this process's
  // environment.
  char* const* resolve(std::vector<char*>& buffer) const;
  // The same, with the variables for that many descriptors, whose texts are in `texts`.
  char* const* resolve_for_listeners(std::size_t count, const std::string& names,
                                     ListenSlots& slots, std::string (&texts)[4],
                                     std::vector<char*>& buffer) const;
  // A LISTEN_... variable that the Command sets, or null.
  const char* listen_variable() const noexcept;
  // The index of the call that set the variable, or -1.
  int call_of(std::string_view name) const noexcept;

 private:
  struct Change {
    std::string text;  // "name=value", or "name" to remove it
    std::size_t name_size;
    bool removes;
    int call = -1;
    std::string_view name() const noexcept { return std::string_view(text).substr(0, name_size); }
  };
  void put(Change change);
  bool changes(std::string_view name) const noexcept;
  void collect(std::vector<char*>& variables) const;

  bool starts_empty_ = false;
  std::vector<Change> block_;  // what it starts from then
  std::vector<Change> changes_;
  std::vector<char*> frozen_;  // ends with a null pointer, if it is
};

// Visits the directories of a PATH. An empty one is the working directory.
template <class Visit>
void for_each_directory(std::string_view path, Visit visit) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    visit(path.substr(begin, end - begin));
    begin = end + 1;
  }
}

// The value of a variable of an environment, or null.
const char* find_variable(char* const* environment, std::string_view name) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_SPEC_ENVIRONMENT_HPP
