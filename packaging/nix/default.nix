# SPDX-License-Identifier: MIT
#
# `nix-build packaging/nix` builds a copy of the source with the nixpkgs of the machine. For an overlay:
# `callPackage ./packaging/nix/package.nix { }`.
{ pkgs ? import <nixpkgs> { } }:
pkgs.callPackage ./package.nix { }
