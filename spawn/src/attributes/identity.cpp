// SPDX-License-Identifier: MIT
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <sysfd/detail/decimal.hpp>

#include "../kernel.hpp"
#include "attributes.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t longest_bpf_program = 4096;  // BPF_MAXINSNS

struct Free {
  void operator()(void* object) const noexcept { ::cap_free(object); }
};

// The capabilities, of those that the kernel knows, for which `has` says so.
template <class Has>
std::uint64_t bits_where(Has has) {
  std::uint64_t bits = 0;
  for (cap_value_t capability = 0; capability < ::cap_max_bits(); ++capability)
    if (has(capability)) bits |= std::uint64_t{1} << capability;
  return bits;
}

bool is_string(const std::string& text) noexcept {
  return !text.contains('\0');
}

std::optional<PreparedIdentity::Sets> parse_sets(const std::string& text) {
  const std::unique_ptr<std::remove_pointer_t<cap_t>, Free> parsed(::cap_from_text(text.c_str()));
  if (!parsed || !is_string(text)) return std::nullopt;
  const auto set = [&](cap_flag_t flag) {
    return bits_where([&](cap_value_t capability) {
      cap_flag_value_t value = CAP_CLEAR;
      return ::cap_get_flag(parsed.get(), capability, flag, &value) == 0 && value == CAP_SET;
    });
  };
  return PreparedIdentity::Sets{set(CAP_EFFECTIVE), set(CAP_PERMITTED), set(CAP_INHERITABLE)};
}

std::optional<PreparedIdentity::Vectors> parse_vectors(const std::string& text) {
  const std::unique_ptr<std::remove_pointer_t<cap_iab_t>, Free> parsed(
      ::cap_iab_from_text(text.c_str()));
  if (!parsed || !is_string(text)) return std::nullopt;
  const auto vector = [&](cap_iab_vector_t which) {
    return bits_where([&](cap_value_t capability) {
      return ::cap_iab_get_vector(parsed.get(), which, capability) == CAP_SET;
    });
  };
  return PreparedIdentity::Vectors{vector(CAP_IAB_INH), vector(CAP_IAB_AMB), vector(CAP_IAB_BOUND)};
}

// The text, and which word of it is no capability.
std::string explained(const std::string& text) {
  for (std::size_t begin = 0, end = 0; end < text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    const std::size_t name_begins = std::min(text.find_first_not_of("!^%", begin), end);
    const std::string name = text.substr(name_begins, end - name_begins);
    cap_value_t value = 0;
    if (name == "all") return text + ": no word means all; for none, see no_capabilities";
    if (!name.empty() && ::cap_from_name(name.c_str(), &value) != 0)
      return (text + ": ").append(name).append(" is no capability");
  }
  return text;
}

template <class Action>
void for_each_bit(std::uint64_t bits, Action action) {
  for (int bit = 0; bits != 0; ++bit, bits >>= 1)
    if ((bits & 1) != 0) action(bit);
}

constexpr auto low(std::uint64_t bits) noexcept {
  return static_cast<std::uint32_t>(bits);
}
constexpr auto high(std::uint64_t bits) noexcept {
  return static_cast<std::uint32_t>(bits >> 32);
}

void plan_exact_sets(const PreparedIdentity& identity, Steps& steps) {
  const auto& sets = *identity.capabilities;
  const std::uint64_t inheritable = identity.iab ? identity.iab->inheritable : sets.inheritable;
  const kernel::CapabilityHeader header{kernel::capability_version, 0};
  const struct {
    kernel::CapabilityData halves[2];
  } data{{{low(sets.effective), low(sets.permitted), low(inheritable)},
          {high(sets.effective), high(sets.permitted), high(inheritable)}}};
  steps.add(SpawnStep::capabilities, -1, SYS_capset, steps.keep(header), steps.keep(data));
}

// Every step has the privileges that it needs because none before took them: the bounding set as
// long as the child is what the parent is; user and ids in the order in which the one that may
// change the others goes last, with the permitted capabilities kept; these made effective again for
// what is left; and only then exactly what is to be.
void plan_identity(const PreparedIdentity& identity, Steps& steps) {
  const Identity& said = identity.said;
  const bool sets_capabilities = identity.capabilities || identity.iab || said.securebits;

  if (identity.iab)
    for_each_bit(identity.iab->blocked, [&](int capability) {
      steps.add(SpawnStep::bounding_set, -1, SYS_prctl, PR_CAPBSET_DROP, capability);
    });
  if (sets_capabilities && said.user)
    steps.add(SpawnStep::capabilities, -1, SYS_prctl, PR_SET_KEEPCAPS, 1);

  if (said.groups)
    steps.add(SpawnStep::groups, -1, SYS_setgroups, said.groups->size(), said.groups->data());
  else if (said.user && !said.keep_groups)
    steps.add(SpawnStep::groups, -1, SYS_setgroups, 0, 0);
  if (said.group)
    steps.add(SpawnStep::group, -1, SYS_setresgid, *said.group, *said.group, *said.group);
  if (said.user) steps.add(SpawnStep::user, -1, SYS_setresuid, *said.user, *said.user, *said.user);

  if (sets_capabilities)
    steps.add(SpawnStep::capabilities, -1, Step::enable_capabilities, identity.iab.has_value(),
              identity.iab ? identity.iab->inheritable : 0);
  if (identity.iab) {
    steps.add(SpawnStep::ambient_set, -1, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
    for_each_bit(identity.iab->ambient, [&](int capability) {
      steps.add(SpawnStep::ambient_set, -1, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
                capability);
    });
  }
  if (said.securebits)
    steps.add(SpawnStep::securebits, -1, SYS_prctl, PR_SET_SECUREBITS, *said.securebits);
  if (identity.capabilities) plan_exact_sets(identity, steps);
}

void plan_confinement(const PreparedIdentity& identity, Steps& steps) {
  const Identity& said = identity.said;
  if (said.no_new_privileges)
    steps.add(SpawnStep::no_new_privileges, -1, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
  if (said.seccomp.empty()) return;
  const kernel::BpfProgram program{static_cast<unsigned short>(said.seccomp.size()),
                                   said.seccomp.data()};
  constexpr int set_mode_filter = 1;  // SECCOMP_SET_MODE_FILTER
  steps.add(SpawnStep::seccomp, -1, SYS_seccomp, set_mode_filter, 0, steps.keep(program));
}

}  // namespace

Mistake prepare(Identity said, PreparedIdentity& prepared) {
  prepared = {};
  constexpr auto unchanged = static_cast<uid_t>(-1);
  if (said.user == unchanged) return wrong_value(SpawnStep::user, "-1");
  if (said.group == unchanged) return wrong_value(SpawnStep::group, "-1");
  if (said.groups && said.keep_groups) return wrong_value(SpawnStep::groups, "set and kept");
  if (said.capabilities) {
    prepared.capabilities = parse_sets(*said.capabilities);
    if (!prepared.capabilities) return wrong_value(SpawnStep::capabilities, *said.capabilities);
    if ((prepared.capabilities->effective & ~prepared.capabilities->permitted) != 0)
      return wrong_value(SpawnStep::capabilities,
                         *said.capabilities + ": effective, but not permitted");
  }
  if (said.iab) {
    prepared.iab = parse_vectors(*said.iab);
    if (!prepared.iab) return wrong_value(SpawnStep::ambient_set, explained(*said.iab));
    if (prepared.capabilities && (prepared.iab->ambient & ~prepared.capabilities->permitted) != 0)
      return wrong_value(SpawnStep::ambient_set,
                         *said.iab + ": not permitted by " + *said.capabilities);
  }
  if (said.no_capabilities) {
    if (said.capabilities || said.iab)
      return wrong_value(SpawnStep::capabilities, "no_capabilities, and some");
    prepared.capabilities = PreparedIdentity::Sets{0, 0, 0};
    prepared.iab = PreparedIdentity::Vectors{0, 0, 0};
    said.no_new_privileges = true;
  }
  if (said.seccomp.size() > longest_bpf_program)
    return wrong_value(SpawnStep::seccomp, decimal(said.seccomp.size()) + " instructions");
  prepared.said = std::move(said);
  return std::nullopt;
}

const IdentityPlanner identity_planner{plan_identity, plan_confinement};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
