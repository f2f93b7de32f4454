// SPDX-License-Identifier: MIT
//
// What the owner of a tree and its keeper say to each other, through a SOCK_SEQPACKET socket.
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_PROTOCOL_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_PROTOCOL_HPP

namespace sysfd {
inline namespace v0 {
namespace detail {

// The descriptors of the keeper.
enum KeeperFd : int {
  keeper_control,  // the socket
  keeper_owner,    // the pidfd of the owner's process
  keeper_program,  // its own program, close-on-exec
  keeper_parent,   // the directory that the tree's cgroup is in, if it has one
  keeper_fds,      // how many
};

struct KeeperMessage {
  enum What : int {
    // From the owner.
    send_signal,  // `value` to all processes of the tree
    kill_all,     // and go on until none is left
    release,      // the tree outlives the owner's end
    // From the keeper.
    program_ended,  // `value` is the status of wait(2)
    signal_sent,
  };
  What what;
  int value;
  int program;  // that has ended, counted from 0
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_KEEPER_PROTOCOL_HPP
