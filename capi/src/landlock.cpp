// SPDX-License-Identifier: MIT
#include <sysfd/landlock.hpp>

#include <utility>

#include "convert.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::FileRights;
using sysfd::LandlockError;
using sysfd::LandlockStep;
using sysfd::PortRights;
using sysfd::Rights;
using sysfd::Ruleset;

struct sysfd_ruleset {
  Ruleset ruleset;
};

namespace {

static_assert(SYSFD_LANDLOCK_SUPPORT == static_cast<int>(LandlockStep::support) &&
              SYSFD_LANDLOCK_CREATE == static_cast<int>(LandlockStep::create) &&
              SYSFD_LANDLOCK_OPEN == static_cast<int>(LandlockStep::open) &&
              SYSFD_LANDLOCK_RULE == static_cast<int>(LandlockStep::rule) &&
              SYSFD_LANDLOCK_RESTRICT == static_cast<int>(LandlockStep::restrict) &&
              SYSFD_LANDLOCK_PROGRAM == static_cast<int>(LandlockStep::program));
static_assert(SYSFD_FILE_RUN == sysfd::rights::run.bits() &&
              SYSFD_FILE_READ == sysfd::rights::read.bits() &&
              SYSFD_FILE_READ_WRITE == sysfd::rights::read_write.bits());

// Reads rights. Null: none.
int read_rights(const sysfd_rights* given, Rights& rights) noexcept {
  sysfd_rights read = SYSFD_RIGHTS_INIT;
  if (const int error = read_struct(given, read); error != 0) return error;
  if (read.reserved != 0) return -EINVAL;
  rights = {FileRights::from_bits(read.files), PortRights::from_bits(read.ports),
            sysfd::Scopes::from_bits(read.scopes)};
  return 0;
}

void write_rights(sysfd_rights* out, const Rights& rights) noexcept {
  sysfd_rights filled = SYSFD_RIGHTS_INIT;
  filled.files = rights.files.bits();
  filled.ports = rights.ports.bits();
  filled.scopes = rights.scopes.bits();
  write_struct(out, filled);
}

int fail(const LandlockError& error, sysfd_landlock_error* out) noexcept {
  const int code = negative(error.code);
  if (!out) return code;
  sysfd_landlock_error filled = SYSFD_LANDLOCK_ERROR_INIT;
  filled.step = static_cast<int>(error.step);
  filled.code = -code;
  filled.missing_files = error.missing.files.bits();
  filled.missing_ports = error.missing.ports.bits();
  filled.missing_scopes = error.missing.scopes.bits();
  // Without memory for it, there is no text.
  (void)without_exceptions(
      [&] { return write_text(error.describe(), filled.text, sizeof filled.text); });
  write_struct(out, filled);
  return code;
}

// Makes a ruleset of the PartialRuleset that `create` returns.
template <class Create>
int make_ruleset(sysfd_ruleset** ruleset, sysfd_rights* missing, sysfd_landlock_error* error,
                 Create create) {
  if (!ruleset || check_output(missing) != 0 || check_error(error) != 0) return -EINVAL;
  Room<sysfd_ruleset> room;
  if (!room) return -ENOMEM;
  return without_exceptions([&] {
    auto made = create();
    if (!made) return fail(made.error(), error);
    Rights not_here;
    room.make(ruleset, std::move(*made).take(not_here));
    write_rights(missing, not_here);
    return 0;
  });
}

template <class Body>
int with(const void* ruleset, sysfd_landlock_error* error, Body body) {
  if (!ruleset || check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] {
    const auto done = body();
    return done ? 0 : fail(done.error(), error);
  });
}

}  // namespace

int sysfd_landlock_support(sysfd_rights* known, sysfd_landlock_error* error) {
  if (check_error(known) != 0 || check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] {
    const auto found = sysfd::landlock_support();
    if (!found) return fail(found.error(), error);
    if (known) write_rights(known, found->known);
    return found->abi;
  });
}

int sysfd_ruleset_new(const sysfd_rights* required, const sysfd_rights* wanted,
                      sysfd_ruleset** ruleset, sysfd_rights* missing, sysfd_landlock_error* error) {
  Rights needed, more;
  if (const int invalid = read_rights(required, needed); invalid != 0) return invalid;
  if (const int invalid = read_rights(wanted, more); invalid != 0) return invalid;
  return make_ruleset(ruleset, missing, error, [&] { return Ruleset::create(needed, more); });
}

int sysfd_ruleset_for_program(const char* path, const sysfd_rights* required,
                              sysfd_ruleset** ruleset, sysfd_rights* missing,
                              sysfd_landlock_error* error) {
  Rights needed;
  if (!path) return -EINVAL;
  if (const int invalid = read_rights(required, needed); invalid != 0) return invalid;
  return make_ruleset(ruleset, missing, error, [&] { return Ruleset::for_program(path, needed); });
}

int sysfd_ruleset_allow(sysfd_ruleset* ruleset, int file, uint64_t rights,
                        sysfd_landlock_error* error) {
  if (file < 0) return -EBADF;
  return with(ruleset, error,
              [&] { return ruleset->ruleset.allow(lent(file), FileRights::from_bits(rights)); });
}

int sysfd_ruleset_allow_path(sysfd_ruleset* ruleset, const char* path, uint64_t rights,
                             sysfd_landlock_error* error) {
  if (!path) return -EINVAL;
  return with(ruleset, error, [&] {
    return ruleset->ruleset.allow(sysfd::CStr(path), FileRights::from_bits(rights));
  });
}

int sysfd_ruleset_allow_port(sysfd_ruleset* ruleset, uint16_t port, uint64_t rights,
                             sysfd_landlock_error* error) {
  return with(ruleset, error,
              [&] { return ruleset->ruleset.allow_port(port, PortRights::from_bits(rights)); });
}

int sysfd_ruleset_restrict_self(const sysfd_ruleset* ruleset, uint32_t flags,
                                sysfd_landlock_error* error) {
  if (has_unknown(flags, SYSFD_RESTRICT_KEEP_PRIVILEGES | SYSFD_RESTRICT_LOG_AFTER_EXEC))
    return -EINVAL;
  return with(ruleset, error, [&] {
    return ruleset->ruleset.restrict_self(
        {.no_new_privileges = (flags & SYSFD_RESTRICT_KEEP_PRIVILEGES) == 0,
         .log_after_exec = (flags & SYSFD_RESTRICT_LOG_AFTER_EXEC) != 0});
  });
}

int sysfd_ruleset_handled(const sysfd_ruleset* ruleset, sysfd_rights* handled) {
  if (!ruleset || check_output(handled) != 0) return -EINVAL;
  write_rights(handled, ruleset->ruleset.handled());
  return 0;
}

int sysfd_ruleset_explain(const sysfd_ruleset* ruleset, const char* path, uint64_t rights,
                          uint64_t* allowed, char* buffer, size_t size,
                          sysfd_landlock_error* error) {
  if (!ruleset || !path || is_missing(buffer, size) || check_error(error) != 0) return -EINVAL;
  return without_exceptions([&] {
    const auto found = sysfd::explain(ruleset->ruleset, path, FileRights::from_bits(rights));
    if (!found) return fail(found.error(), error);
    const int length = write_text(found->describe(), buffer, size);
    if (allowed) *allowed = found->allowed.bits();
    return length;
  });
}

int sysfd_ruleset_fd_borrow(const sysfd_ruleset* ruleset) {
  return ruleset ? ruleset->ruleset.fd().get() : -EINVAL;
}

void sysfd_ruleset_free(sysfd_ruleset* ruleset) {
  delete ruleset;
}
