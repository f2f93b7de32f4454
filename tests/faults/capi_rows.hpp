// SPDX-License-Identifier: MIT
//
// What the rows of the C interface share. What it adds to the C++ functions are objects, buffers
// and error structs.
#ifndef SYSFD_TESTS_FAULTS_CAPI_ROWS_HPP
#define SYSFD_TESTS_FAULTS_CAPI_ROWS_HPP

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "capi/objects.hpp"
#include "faults/operations.hpp"
#include "faults/subjects.hpp"

namespace sysfd_test {

// A sweep of functions of C. One that throws ends the run by a signal.
class CSweep : public Sweep {
 public:
  template <class Call>
  auto operator()(Call call) {
    return Sweep::operator()([&]() noexcept { return call(); });
  }
};

// Closes what a function returned, if that is a descriptor.
inline void close_if_open(std::int64_t fd) {
  if (fd >= 0) ::close(static_cast<int>(fd));
}

// Calls of the set-up succeed.
inline int need(int code) {
  if (code < 0) std::abort();
  return code;
}

// The first error of several calls, or 0.
inline int first_error(std::initializer_list<int> codes) {
  for (const int code : codes)
    if (code < 0) return code;
  return 0;
}

// The error that a call is to have is its success.
inline std::int64_t expect_code(std::int64_t code, int wanted) {
  return code == -wanted ? 0 : code < 0 ? code : -EBADMSG;
}

inline CCommand c_program(const char* word) {
  return command(sweep_program().c_str(), {word});
}

// Owns a descriptor.
inline CCommand program_with_descriptor(const char* word) {
  auto it = c_program(word);
  need(sysfd_command_pass_take(it.get(), some_file().release(), 4));
  return it;
}

// Frees what a call has made. There is an object if it has succeeded, and only then.
template <class T>
void free_made(CSweep& sweep, std::int64_t code, T* object, void (*release)(T*)) {
  sweep.check((code >= 0) == (object != nullptr), "an object, or none");
  release(object);
}

// An error struct has the error, unless that is of what a function refuses itself.
template <class Error>
void check_error(CSweep& sweep, std::int64_t code, const Error& error) {
  if (code < 0 && error.code != 0) sweep.check(error.code == -code, "another error");
}

inline constexpr auto no_subject = [] { return 0; };

// Rows of the sweep, and the usual kinds of them.
class CRows {
 public:
  using Translations = std::vector<Operation::Translation>;

  // `name` is without "sysfd_". That of a row about several functions lists them: "one, other".
  // `run` is given a CSweep.
  template <class Run>
  Operation& add(const std::string& name, Run run, Translations translations = {}) {
    rows_.push_back({"capi: sysfd_" + name,
                     [run](Sweep&) {
                       CSweep sweep;
                       run(sweep);
                     },
                     std::move(translations)});
    return rows_.back();
  }

  // `call` returns a new descriptor. It is given what `make` makes, as in those below.
  template <class Make, class Call>
  Operation& makes_fd(const std::string& name, Make make, Call call,
                      Translations translations = {}) {
    return add(
        name,
        [=](CSweep& sweep) {
          const auto subject = make();
          const int fd = sweep([&] { return call(subject); });
          sweep.check(fd < 0 || fd > 2, "the number");
          close_if_open(fd);
        },
        std::move(translations));
  }
  template <class Call>
  Operation& makes_fd(const std::string& name, Call call) {
    return makes_fd(name, no_subject, [call](int) { return call(); });
  }

  // `call` is also given a pointer for an object, which `release` frees.
  template <class T, class Make, class Call>
  Operation& makes(const std::string& name, void (*release)(T*), Make make, Call call,
                   Translations translations = {}) {
    return add(
        name,
        [=](CSweep& sweep) {
          const auto subject = make();
          T* object = nullptr;
          const std::int64_t code = sweep([&] { return call(subject, &object); });
          free_made(sweep, code, object, release);
        },
        std::move(translations));
  }

  // Frees what `make` makes, which has an owner.
  template <class Make>
  Operation& frees(const std::string& name, Make make) {
    return add(name, [make](CSweep& sweep) {
      auto owner = make();
      sweep([&] { owner.reset(); });
    });
  }

  // `call` returns `answer`.
  template <class Make, class Call>
  Operation& answers(const std::string& name, int answer, Make make, Call call,
                     Translations translations = {}) {
    return add(
        name,
        [=](CSweep& sweep) {
          const auto subject = make();
          const auto code = sweep([&] { return call(subject); });
          if (code >= 0) sweep.check(code == answer, "the answer");
        },
        std::move(translations));
  }

  std::vector<Operation> take() && { return std::move(rows_); }

 private:
  std::vector<Operation> rows_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FAULTS_CAPI_ROWS_HPP
