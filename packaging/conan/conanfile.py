# SPDX-License-Identifier: MIT
#
# A recipe for Conan 2, in a copy of the source: `conan create packaging/conan`.
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

# What each module needs of the others, as CMakeLists.txt of its folder says.
MODULES = {
    "ownedfd": [],
    "sharing": ["ownedfd"],
    "handle": ["ownedfd"],
    "pidfd": ["ownedfd", "handle"],
    "cgroup": ["ownedfd", "pidfd"],
    "landlock": ["ownedfd"],
    "spawn": ["ownedfd", "pidfd", "cgroup"],
    "listen": ["ownedfd", "pidfd"],
    "adapters": ["ownedfd", "pidfd", "spawn"],
}


class SysfdRecipe(ConanFile):
    name = "sysfd"
    license = "MIT"
    description = "Linux file descriptors with owners, processes as descriptors"
    topics = ("linux", "pidfd", "subprocess", "landlock", "cgroups")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    @property
    def _source(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        text = load(self, os.path.join(self._source, "cmake", "SysfdModule.cmake"))
        self.version = re.search(r"set\(SYSFD_VERSION ([0-9.]+)", text)[1]

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "capi/*", *(f"{m}/*" for m in MODULES)):
            copy(self, pattern, self._source, self.export_sources_folder)

    def requirements(self):
        self.requires("libcap/[>=2.66 <3]")

    def validate(self):
        if self.settings.os != "Linux" or self.settings.arch not in ("x86_64", "armv8", "riscv64"):
            raise ConanInvalidConfiguration("sysfd is for Linux on x86-64, aarch64 and riscv64")
        check_min_cppstd(self, 23)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "BENCH", "EXAMPLES", "RUN"):
            toolchain.cache_variables[f"SYSFD_BUILD_{part}"] = False
        toolchain.cache_variables["SYSFD_WERROR"] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        for folder in ("cmake", "pkgconfig"):  # Conan writes these for each package manager
            rmdir(self, os.path.join(self.package_folder, "lib", folder))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "sysfd")
        for module, needs in MODULES.items():
            component = self.cpp_info.components[module]
            component.set_property("cmake_target_name", f"sysfd::{module}")
            component.set_property("pkg_config_name", f"sysfd-{module}")
            component.libs = [] if module == "adapters" else [f"sysfd_{module}"]  # headers only
            component.requires = list(needs)
            if not self.options.shared:
                component.exelinkflags = ["-Wl,--gc-sections"]
        self.cpp_info.components["spawn"].requires.append("libcap::libcap")
        c = self.cpp_info.components["capi"]
        c.set_property("cmake_target_name", "sysfd::capi")
        c.set_property("pkg_config_name", "sysfd")
        c.libs = ["sysfd"]
        c.requires = ["libcap::libcap"]
