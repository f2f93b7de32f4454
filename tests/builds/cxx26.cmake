# SPDX-License-Identifier: MIT
#
# Read at the end of each project(): where C++23 is asked for, C++26 is compiled.
set(CMAKE_CXX23_STANDARD_COMPILE_OPTION -std=c++26)
set(CMAKE_CXX23_EXTENSION_COMPILE_OPTION -std=gnu++26)
