// SPDX-License-Identifier: MIT
//
// `import sysfd.landlock;` in the place of its headers. scripts/module_exports writes this.
module;
#include <sysfd/landlock.hpp>
#include <sysfd/landlock_error.hpp>
#include <sysfd/landlock_rights.hpp>

export module sysfd.landlock;
export import sysfd.ownedfd;

export namespace sysfd {
using sysfd::FileRight;
using sysfd::FileRights;
using sysfd::LandlockError;
using sysfd::LandlockExplanation;
using sysfd::LandlockRule;
using sysfd::LandlockStep;
using sysfd::LandlockSupport;
using sysfd::PartialRuleset;
using sysfd::PortRight;
using sysfd::PortRights;
using sysfd::RestrictOptions;
using sysfd::RightSet;
using sysfd::Rights;
using sysfd::Ruleset;
using sysfd::Scope;
using sysfd::Scopes;
using sysfd::explain;
using sysfd::landlock_errata;
using sysfd::landlock_support;
using sysfd::operator<<;
using sysfd::operator|;
}  // namespace sysfd
