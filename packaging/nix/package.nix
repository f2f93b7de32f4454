# SPDX-License-Identifier: MIT
{ lib, stdenv, cmake, ninja, libcap, shared ? true }:
let
  module = builtins.readFile ../../cmake/SysfdModule.cmake;
  version = builtins.head (builtins.match ".*set\\(SYSFD_VERSION ([0-9.]+) .*" module);
in
stdenv.mkDerivation {
  pname = "sysfd";
  inherit version;
  src = lib.cleanSource ../..;
  nativeBuildInputs = [ cmake ninja ];
  buildInputs = [ libcap ];
  cmakeFlags = [
    "-DBUILD_SHARED_LIBS=${if shared then "ON" else "OFF"}"
    "-DSYSFD_WERROR=OFF"
    "-DSYSFD_BUILD_TESTS=OFF"
    "-DSYSFD_BUILD_BENCH=OFF"
    "-DSYSFD_BUILD_EXAMPLES=OFF"
  ];
  # The code between clone and exec must call nothing, and its keeper is a program without a libc.
  hardeningDisable = [ "stackprotector" "fortify" "zerocallusedregs" ];
  meta = {
    description = "Linux file descriptors with owners, processes as descriptors";
    license = lib.licenses.mit;
    platforms = [ "x86_64-linux" "aarch64-linux" "riscv64-linux" ];
  };
}
