// SPDX-License-Identifier: MIT
//
// The headers that CMakeLists.txt has compiled once are the whole content.
