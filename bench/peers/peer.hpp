// SPDX-License-Identifier: MIT
//
// A peer is a way to start programs that is measured: one file for each library in this directory,
// in any language. It is used as its documentation says for "start a program, wait until it has
// ended", in the fastest way that is correct.
//
// A peer's file begins with a comment that says what to know of it, in lines "key: value". The
// lines above the first "peer:" are about all peers of the file. An indented line goes on with the
// one above.
//
//     peer: NAME                  its name in the tables
//     package: NAME               the Debian package that it needs
//     starts by: ...              the system call
//     not passed: ...             what becomes of descriptors that were not passed
//     passes: ...                 which descriptors it can give the child
//     waits by: ...
//     cannot pass: WHY            it has no way to pass descriptors
//     cannot swap: WHY            it can pass them, but cannot exchange two numbers
//     runs to the end: yes        start() waits, too
//     only in: DIMENSION          it is measured in these cases only (see report/cases.py)
//     makes namespaces: ...       it can; what it does beyond that
//     cmake: COMMAND              of C++: how CMake finds the library
//     link: TARGET                of C++: what to link with; where there is no such target, the
//                                 peer is missing
//     build: COMMAND              of other languages: {file} is the file, {out} the program to make
//     run: COMMAND                of other languages: how to run it
//     version: COMMAND            of other languages: prints the version
//
// Each file becomes a program. It is told what to start by words "key=value": program, arguments
// (how many), memory (bytes to hold), descriptors (how many to hold open), passed (how many
// descriptors), threads. Then it reads numbers from its standard input, one a line. For each it
// starts so many programs, and prints a line with the nanoseconds that each took; with more than
// one thread, one number: the time that passed, divided by the starts. In C++, spawn/worker.cpp
// does all this for the Starter that the file defines; report_test.py checks the comments.
#ifndef SYSFD_BENCH_PEERS_PEER_HPP
#define SYSFD_BENCH_PEERS_PEER_HPP

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sysfd_bench {

// A descriptor of this process, and its number in the child.
struct Passed {
  int source;
  int number;
};

// What is to be started. The environment is this process's.
struct Request {
  std::string program;                   // a path
  std::vector<std::string> arguments{};  // behind argument 0, which is the path
  std::vector<Passed> passed{};
  std::vector<std::string> namespaces{};  // new ones for the child: "user", "mount", "pid", ...
};

// Starts one and the same program again and again. Used by one thread.
class Starter {
 public:
  Starter() = default;
  Starter(const Starter&) = delete;
  Starter& operator=(const Starter&) = delete;
  virtual ~Starter() = default;

  // What can be said once; not measured. Answers are 0 or an errno value, here and below.
  virtual int prepare(const Request& request) = 0;

  // Starts one, or so many; more may be started before the first one is waited for.
  virtual int start() = 0;
  virtual int start_many(int count) {
    for (int i = 0; i < count; ++i)
      if (const int error = start()) return error;
    return 0;
  }

  // Waits until one of those that were started has ended, and reaps it. An error also if it failed.
  virtual int wait() = 0;
};

struct Peer {
  std::string name;  // as in the comment
  std::string version;
  std::function<std::unique_ptr<Starter>()> make{};
  std::string missing{};  // why it is not here, though it was built
};

// Makes a Starter of this type.
template <class S, class... Arguments>
std::function<std::unique_ptr<Starter>()> maker(Arguments... arguments) {
  return [=] { return std::make_unique<S>(arguments...); };
}

// Each file defines it.
std::vector<Peer> peers();

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_PEERS_PEER_HPP
