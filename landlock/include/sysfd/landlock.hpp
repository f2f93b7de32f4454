// SPDX-License-Identifier: MIT
//
// Landlock (landlock(7)): takes rights away from a thread, or from a child, for ever. A Ruleset is
// a descriptor. It forbids what it handles, except what its rules allow.
//
//     auto ruleset = sysfd::Ruleset::create(sysfd::rights::of_abi(3));
//     if (!ruleset) return fail(ruleset.error().describe());
//     if (auto ok = ruleset->allow("/usr", sysfd::rights::run | sysfd::rights::read); !ok)
//       return fail(ok.error().describe());
//     if (auto ok = ruleset->allow("/tmp/job", sysfd::rights::read_write); !ok)
//       return fail(ok.error().describe());
//     if (auto ok = ruleset->restrict_self(); !ok) return fail(ok.error().describe());
//
// Kernels know different rights. What is `required` and not known is an error. What is only
// `wanted` and not known stays allowed, and create() tells which rights those are.
//
// Landlock restricts what is opened later. Descriptors that are open keep what they can do.
#ifndef SYSFD_LANDLOCK_HPP
#define SYSFD_LANDLOCK_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/landlock_error.hpp>
#include <sysfd/landlock_rights.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

class PartialRuleset;

// What the Landlock of this kernel knows.
struct LandlockSupport {
  int abi = 0;   // 1 (Linux 5.13) to 11 (Linux 7.3), or newer
  Rights known;  // of those that sysfd knows
};

// landlock_create_ruleset(2): asks the kernel.
//
// Errors: those of LandlockStep::support.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<LandlockSupport, LandlockError> landlock_support();

// landlock_create_ruleset(2): which faults of Landlock this kernel has mended, a bit for each. See
// landlock(7). Since Linux 6.15, and in older stable kernels; 0 before.
//
// Errors: those of LandlockStep::support.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<std::uint32_t, LandlockError> landlock_errata();

struct RestrictOptions {
  // prctl(PR_SET_NO_NEW_PRIVS): no set-user-ID program gives privileges any more. Without it, the
  // caller needs CAP_SYS_ADMIN, and such programs may be made to misuse their privileges.
  bool no_new_privileges = true;
  // Records what is denied after an execve(2) in the audit log, which the kernel does not do by
  // default. Since Linux 6.15 (ABI 7); before, nothing is recorded in any case.
  bool log_after_exec = false;
};

// What a rule allows, and to what.
struct LandlockRule {
  std::string path;   // as it was given to allow(), or "descriptor 5"
  FileRights rights;  // without those that the ruleset does not handle, or a file cannot have
  // Of the file, which may have another path since.
  std::uint64_t device;
  std::uint64_t inode;
};

class [[nodiscard("a Ruleset restricts nothing by itself")]] Ruleset {
 public:
  // landlock_create_ruleset(2): makes a ruleset that handles these rights.
  //
  // Errors: those of LandlockStep::support; create: ENOTSUP: `missing` are not known here; EINVAL:
  //   no right at all; EMFILE; ENFILE; ENOMEM.
  // Allocates: only for errors.
  // Cost: two system calls.
  [[nodiscard]] SYSFD_API static Result<Ruleset, LandlockError> create(const Rights& required);

  // Does the same, and also handles what is known here of `wanted`.
  //
  // Errors: as above. EINVAL also if nothing is left to handle.
  [[nodiscard]] SYSFD_API static Result<PartialRuleset, LandlockError> create(
      const Rights& required, const Rights& wanted);

  // Makes a ruleset for one program. It handles `required` and, as far as they are known here, all
  // rights to files. It allows what the program needs in order to start: rights::run for itself,
  // for the interpreters of scripts and for ELF interpreters; read_file for shared libraries. What
  // the program opens afterwards, plugins included, needs more rules. Which programs and libraries
  // it needs says the file itself: of one that is not trusted, look at rules().
  //
  // Libraries are searched as ld.so(8) does: RPATH, RUNPATH with $ORIGIN, $LIB and $PLATFORM,
  // /etc/ld.so.cache, the default directories; or as that of musl, if the ELF interpreter has its
  // name. Nothing is allowed for LD_LIBRARY_PATH, LD_PRELOAD, /etc/ld.so.preload and the old
  // subdirectories for processors (before glibc 2.37). If a library is found in several places, all
  // are allowed: which ld.so takes depends on the processor. Relative paths start in the caller's
  // working directory.
  //
  // Errors: those of create() and allow(); program: EACCES: a file cannot be read; ENOEXEC: it is
  //   neither an ELF file for this machine nor a script, or damaged; ENOENT: also a library; ELOOP:
  //   more than five interpreters; E2BIG: more than 4,096 libraries, or too many places to search;
  //   EMFILE, ENFILE, ENOMEM.
  // Cost: a system call for each header and entry of an ELF file: some 400 for /bin/sh.
  [[nodiscard]] SYSFD_API static Result<PartialRuleset, LandlockError> for_program(
      CStr path, const Rights& required = {});

  // landlock_add_rule(2): allows these rights to a file, or to a directory and all that is below
  // it. Leaves away rights that are not handled, as nothing forbids them, and those of directories
  // if `file` is none. The file may be open with O_PATH. The rule stays with it when it is renamed.
  //
  // Errors: rule: EINVAL: no right is left for a file, or FileRight::refer is not handled, which
  //   is forbidden all the same where other rights to files are; EBADFD: a pipe, a socket, a memfd,
  //   ...; EBADF; ENOMEM.
  // Cost: two system calls.
  SYSFD_API Result<void, LandlockError> allow(BorrowedFd file, FileRights rights);
  // Opens the path with O_PATH before. Follows symbolic links.
  // Errors: also open: ENOENT, EACCES, ...
  // Cost: four system calls.
  SYSFD_API Result<void, LandlockError> allow(CStr path, FileRights rights);

  // landlock_add_rule(2): allows these rights to a port, in the byte order of the host. Port 0 of
  // bind_tcp and bind_udp stands for those of /proc/sys/net/ipv4/ip_local_port_range.
  //
  // Errors: as for files.
  // Since: Linux 6.7 (ABI 4).
  // Cost: one system call.
  SYSFD_API Result<void, LandlockError> allow_port(std::uint16_t port, PortRights rights);

  // landlock_restrict_self(2): restricts the calling thread, what it starts, and nothing else.
  // Other threads of the process stay as they are: call it before there are any. It cannot be
  // undone.
  //
  // Errors: restrict. Then nothing is restricted, but no_new_privileges stays set.
  // Allocates: nothing but for errors.
  // Cost: one system call, and one for no_new_privileges.
  SYSFD_API Result<void, LandlockError> restrict_self(const RestrictOptions& options = {}) const;

  // For Command::landlock(). Any number of children may be restricted with one Ruleset.
  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return fd_; }
  // What is denied where no rule allows it.
  Rights handled() const noexcept { return handled_; }
  // What was allowed, in that order. A restricted process cannot be asked for it: keep the Ruleset.
  const std::vector<LandlockRule>& rules() const& noexcept SYSFD_LIFETIMEBOUND { return rules_; }
  void rules() const&& = delete;  // they would be gone: give the ruleset a name

 private:
  Ruleset(OwnedFd fd, const Rights& handled, const Rights& known) noexcept
      : fd_(std::move(fd)), handled_(handled), known_(known) {}
  static Result<PartialRuleset, LandlockError> make(const Rights& required, const Rights& wanted);
  Result<void, LandlockError> add(BorrowedFd file, std::string path, FileRights rights);

  OwnedFd fd_;
  Rights handled_;
  Rights known_;
  std::vector<LandlockRule> rules_;
};

// A Ruleset that may handle less than was wanted.
class [[nodiscard("what is missing stays allowed")]] PartialRuleset {
 public:
  // The rights that are wanted and not known here: what they stand for stays allowed.
  Rights missing() const noexcept { return missing_; }

  // Returns the ruleset, and writes what is missing: nobody gets the one without the other.
  [[nodiscard]] Ruleset take(Rights& missing) && {
    missing = missing_;
    return std::move(ruleset_);
  }

 private:
  friend class Ruleset;
  PartialRuleset(Ruleset ruleset, const Rights& missing)
      : ruleset_(std::move(ruleset)), missing_(missing) {}

  Ruleset ruleset_;
  Rights missing_;
};

// Which rules decide about a path.
struct LandlockExplanation {
  FileRights allowed;  // of those that were asked about
  FileRights denied;
  std::vector<LandlockRule> rules;  // those on the way that allow some of them
  std::vector<std::string> path;    // the file, its directory, and so on up to "/"

  // "read_file of /etc/hosts: no rule on /etc/hosts, /etc, /".
  SYSFD_API std::string describe() const;
};

// Tells what a ruleset would decide about a path, as the calling thread finds it now: looks from
// the file up to the root for a rule on each directory. Other restrictions, permissions and
// security modules may deny more. After chroot(2), the kernel also looks at the directories above
// the new root, which this cannot see.
//
// Errors: open: the path. ENOENT: also what is in /proc/PID/fd or /proc/PID/ns and has no path.
// Cost: some system calls for each directory up to "/".
[[nodiscard]] SYSFD_API Result<LandlockExplanation, LandlockError> explain(const Ruleset& ruleset,
                                                                           CStr path,
                                                                           FileRights rights);

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LANDLOCK_HPP
