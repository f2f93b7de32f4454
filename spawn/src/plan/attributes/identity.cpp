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

#include "in_child/kernel.hpp"
#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t longest_bpf_program = 4096;  // BPF_MAXINSNS

struct Free {
  void operator()(void* object) const noexcept { ::cap_free(object); }
};

// Returns the capabilities that the kernel knows and for which `has` returns true.
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

std::optional<ParsedIdentity::Sets> parse_sets(const std::string& text) {
  const std::unique_ptr<std::remove_pointer_t<cap_t>, Free> parsed(::cap_from_text(text.c_str()));
  if (!parsed || !is_string(text)) return std::nullopt;
  const auto set = [&](cap_flag_t flag) {
    return bits_where([&](cap_value_t capability) {
      cap_flag_value_t value = CAP_CLEAR;
      return ::cap_get_flag(parsed.get(), capability, flag, &value) == 0 && value == CAP_SET;
    });
  };
  return ParsedIdentity::Sets{set(CAP_EFFECTIVE), set(CAP_PERMITTED), set(CAP_INHERITABLE)};
}

std::optional<ParsedIdentity::Vectors> parse_vectors(const std::string& text) {
  const std::unique_ptr<std::remove_pointer_t<cap_iab_t>, Free> parsed(
      ::cap_iab_from_text(text.c_str()));
  if (!parsed || !is_string(text)) return std::nullopt;
  const auto vector = [&](cap_iab_vector_t which) {
    return bits_where([&](cap_value_t capability) {
      return ::cap_iab_get_vector(parsed.get(), which, capability) == CAP_SET;
    });
  };
  return ParsedIdentity::Vectors{vector(CAP_IAB_INH), vector(CAP_IAB_AMB), vector(CAP_IAB_BOUND)};
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

void add_exact_sets_step(const ParsedIdentity& identity, Steps& steps) {
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
// what is left; and the exact sets come last.
void add_identity_steps(Planning& planning) {
  const ParsedIdentity& identity = *planning.spec.identity;
  const Identity& given = identity.given;
  Steps& steps = planning.steps();
  const bool sets_capabilities = identity.capabilities || identity.iab || given.securebits;

  if (identity.iab)
    for_each_bit(identity.iab->blocked, [&](int capability) {
      steps.add(SpawnStep::bounding_set, -1, SYS_prctl, PR_CAPBSET_DROP, capability);
    });
  if (sets_capabilities && given.user)
    steps.add(SpawnStep::capabilities, -1, SYS_prctl, PR_SET_KEEPCAPS, 1);

  if (given.groups)
    steps.add(SpawnStep::groups, -1, SYS_setgroups, given.groups->size(), given.groups->data());
  else if (given.user && !given.keep_groups)
    steps.add(SpawnStep::groups, -1, SYS_setgroups, 0, 0);
  if (given.group)
    steps.add(SpawnStep::group, -1, SYS_setresgid, *given.group, *given.group, *given.group);
  if (given.user)
    steps.add(SpawnStep::user, -1, SYS_setresuid, *given.user, *given.user, *given.user);

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
  if (given.securebits)
    steps.add(SpawnStep::securebits, -1, SYS_prctl, PR_SET_SECUREBITS, *given.securebits);
  if (identity.capabilities) add_exact_sets_step(identity, steps);
}

void add_confinement_steps(Planning& planning) {
  const Identity& given = planning.spec.identity->given;
  Steps& steps = planning.steps();
  if (given.no_new_privileges && !planning.spec.landlock)  // which has set it
    steps.add(SpawnStep::no_new_privileges, -1, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
  if (given.seccomp.empty()) return;
  const kernel::BpfProgram program{static_cast<unsigned short>(given.seccomp.size()),
                                   given.seccomp.data()};
  constexpr int set_mode_filter = 1;  // SECCOMP_SET_MODE_FILTER
  steps.add(SpawnStep::seccomp, -1, SYS_seccomp, set_mode_filter, 0, steps.keep(program));
}

}  // namespace

Result<ParsedIdentity, SpawnError> parse(Identity given) {
  ParsedIdentity parsed;
  constexpr auto unchanged = static_cast<uid_t>(-1);
  if (given.user == unchanged) return rejected(SpawnStep::user, "-1");
  if (given.group == unchanged) return rejected(SpawnStep::group, "-1");
  if (given.groups && given.keep_groups) return rejected(SpawnStep::groups, "set and kept");
  if (given.capabilities) {
    parsed.capabilities = parse_sets(*given.capabilities);
    if (!parsed.capabilities) return rejected(SpawnStep::capabilities, *given.capabilities);
    if ((parsed.capabilities->effective & ~parsed.capabilities->permitted) != 0)
      return rejected(SpawnStep::capabilities,
                      *given.capabilities + ": effective, but not permitted");
  }
  if (given.iab) {
    parsed.iab = parse_vectors(*given.iab);
    if (!parsed.iab) return rejected(SpawnStep::ambient_set, explained(*given.iab));
    if (parsed.capabilities && (parsed.iab->ambient & ~parsed.capabilities->permitted) != 0)
      return rejected(SpawnStep::ambient_set,
                      *given.iab + ": not permitted by " + *given.capabilities);
  }
  if (given.no_capabilities) {
    if (given.capabilities || given.iab)
      return rejected(SpawnStep::capabilities, "no_capabilities, and some");
    parsed.capabilities = ParsedIdentity::Sets{0, 0, 0};
    parsed.iab = ParsedIdentity::Vectors{0, 0, 0};
    given.no_new_privileges = true;
  }
  if (given.seccomp.size() > longest_bpf_program)
    return rejected(SpawnStep::seccomp, decimal(given.seccomp.size()) + " instructions");
  parsed.given = std::move(given);
  return parsed;
}

const IdentityPart identity_part{add_identity_steps, add_confinement_steps};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
