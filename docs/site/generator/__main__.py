# SPDX-License-Identifier: MIT
"""Makes the site: see scripts/site."""
import sys

import check
import examples
import facts
import headers
import inline
import manuals
import model
import repository
import sections
import site_pages


def make():
    known = model.Model(headers.declarations())
    all_facts = facts.Facts(known)
    linker = inline.Linker(known)
    said = sections.Sections(known, all_facts, examples.Examples(known))
    site = site_pages.Site(known, linker, said)
    site.make()
    all_facts.check_descriptions()
    manuals.write(known, linker, said, repository.OUTPUT / "man/man3")
    return known, site


def main():
    try:
        known, site = make()
        return check.all_of(known, site)
    except repository.SiteError as error:
        print(f"site: {error}", file=sys.stderr)
        return 1


sys.exit(main())
