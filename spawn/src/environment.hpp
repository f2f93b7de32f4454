// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_ENVIRONMENT_HPP
#define SYSFD_SPAWN_SRC_ENVIRONMENT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sysfd {
inline namespace v0 {
namespace detail {

// What an environment is put together in, kept from one child to the next.
struct EnvironmentBuffer {
  std::string listen_texts[4];
  std::vector<char*> variables;
};

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

  // `call`: by which it can be named.
  void set(std::string_view name, std::string_view value, int call = -1);
  void remove(std::string_view name);
  void clear();
  // Behind those that it starts from, as it is. Not once there are changes.
  void add(std::string_view entry, int call);

  // One that stays what this one is now, whatever becomes of this process's own.
  Environment frozen() const;

  // For execve(2). Valid as long as the buffer is not used again, and nobody changes this process's
  // environment.
  char* const* resolve(EnvironmentBuffer& buffer) const;
  // The same, with the variables for that many descriptors.
  char* const* resolve_for_listeners(std::size_t count, const std::string& names,
                                     ListenSlots& slots, EnvironmentBuffer& buffer) const;
  // A LISTEN_... variable that was set in spite of them, if one was.
  const char* listen_variable() const noexcept;
  // By which call the variable was set; -1: it was not.
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

// Of a PATH; an empty one is the working directory.
template <class Visit>
void for_each_directory(std::string_view path, Visit visit) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    visit(path.substr(begin, end - begin));
    begin = end + 1;
  }
}

// The value of a variable in such an environment; a null pointer if it has none.
const char* find_variable(char* const* environment, std::string_view name) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_ENVIRONMENT_HPP
