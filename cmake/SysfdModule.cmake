# SPDX-License-Identifier: MIT
#
# sysfd_add_dependencies(<module>...): adds the modules that are not there yet.
function(sysfd_add_dependencies)
  foreach(dependency IN LISTS ARGN)
    if(NOT TARGET sysfd::${dependency})
      add_subdirectory(${SYSFD_ROOT}/${dependency} ${CMAKE_CURRENT_BINARY_DIR}/sysfd_${dependency})
    endif()
  endforeach()
endfunction()

# sysfd_add_module(<name> HEADERS <file>... SOURCES <file>... [DEPENDS <module>...] [LIBRARIES
# <library>...] [DEFINITIONS <macro>...] [LINK_OPTIONS <option>...])
#
# Declares one module of the family; the CMakeLists.txt of its folder calls this. Adds the library
# target sysfd::<name> and, if SYSFD_INSTALL is on, its own export set, install component
# (sysfd-<name>) and pkg-config file. Adds the modules in DEPENDS from their sibling folders if they
# are not declared yet, so that each folder can be used alone. LIBRARIES are libraries of other
# projects that the sources use, as the linker names them: "cap" is libcap. DEFINITIONS are for the
# module and for what links to it, LINK_OPTIONS for the latter. A header that ends in ".in" is a
# template: CMake writes the header from it, with the version.
include_guard(GLOBAL)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# This is cached, because the modules may be added from several folders of another project, and this
# file is read only once.
set(SYSFD_VERSION 0.1.0 CACHE INTERNAL "the version of the family; stated here and nowhere else")
set(SYSFD_ROOT "${CMAKE_CURRENT_LIST_DIR}/.." CACHE INTERNAL "the folder that holds the modules of sysfd")
set(SYSFD_IS_TOP_LEVEL ${PROJECT_IS_TOP_LEVEL} CACHE INTERNAL "sysfd is built for its own sake, not embedded")
option(SYSFD_INSTALL "Install the modules of sysfd" ${SYSFD_IS_TOP_LEVEL})
option(SYSFD_GC_SECTIONS "Have the linker leave out what a program with a static library of sysfd does not use" ON)
option(SYSFD_IMPORT "Provide `import sysfd;` (needs CMake 3.28, Ninja, and Clang 19 or GCC 16)" OFF)
option(SYSFD_WERROR "Compile sysfd's own code with all warnings as errors" ${SYSFD_IS_TOP_LEVEL})

# Sets the flags of our own code, including tests and examples. They do not affect code that links
# to us.
function(sysfd_compile_strictly target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_features(${target} PRIVATE cxx_std_23)
  # Size without a cost in instructions: no empty bytes before functions and loops, and no second
  # part of a function with frames of its own.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE
      -fno-align-functions -fno-align-jumps -fno-align-loops -fno-align-labels -fno-reorder-blocks-and-partition)
  endif()
  if(SYSFD_WERROR)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
  endif()
endfunction()

function(sysfd_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;SOURCES;DEPENDS;LIBRARIES;DEFINITIONS;LINK_OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sysfd_add_module(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()

  if(TARGET sysfd::${name}) # another module has already added it
    return()
  endif()

  sysfd_add_dependencies(${arg_DEPENDS})
  list(TRANSFORM arg_DEPENDS PREPEND sysfd:: OUTPUT_VARIABLE dependency_targets)

  set(target sysfd_${name})
  add_library(${target} ${arg_SOURCES}) # static, or shared if BUILD_SHARED_LIBS is on
  add_library(sysfd::${name} ALIAS ${target})
  sysfd_compile_strictly(${target})
  target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections) # the linker can leave out each one
  # Every function must run on a thread with a stack of 16 KiB. There may be one guard page below
  # the stack, and other memory below that page.
  if(SYSFD_WERROR AND NOT CMAKE_CXX_FLAGS MATCHES -fsanitize) # their frames are larger
    target_compile_options(${target} PRIVATE -Wframe-larger-than=3072)
  endif()
  target_compile_features(${target} PUBLIC cxx_std_23)
  sysfd_add_headers(${target} ${arg_HEADERS})
  target_link_libraries(${target} PUBLIC ${dependency_targets} PRIVATE ${arg_LIBRARIES})
  target_compile_definitions(${target} PUBLIC ${arg_DEFINITIONS})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL STATIC_LIBRARY AND SYSFD_GC_SECTIONS)
    list(APPEND arg_LINK_OPTIONS -Wl,--gc-sections)
  elseif(type STREQUAL SHARED_LIBRARY)
    target_compile_definitions(${target} PRIVATE SYSFD_BUILD_SHARED)
    # Hidden visibility does not affect templates of the standard library, because their namespace
    # has default visibility.
    target_link_options(${target} PRIVATE "LINKER:--version-script=${SYSFD_ROOT}/cmake/exports.map")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${SYSFD_ROOT}/cmake/exports.map)
    # Until it is installed, it finds the others by a path without the name of the build folder.
    set_property(TARGET ${target} PROPERTY BUILD_RPATH_USE_ORIGIN ON)
    if(NOT DEFINED CMAKE_INSTALL_RPATH)
      set_property(TARGET ${target} PROPERTY INSTALL_RPATH "$ORIGIN") # the other modules are in the same directory
    endif()
  endif()
  target_link_options(${target} INTERFACE ${arg_LINK_OPTIONS})
  if(NOT DEFINED CMAKE_POSITION_INDEPENDENT_CODE)
    set_property(TARGET ${target} PROPERTY POSITION_INDEPENDENT_CODE ON) # the archives may be linked into plugins
  endif()
  string(REGEX MATCH "^[0-9]+\\.[0-9]+" abi_version ${SYSFD_VERSION}) # 0.x promises no ABI from minor to minor
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    VERSION ${SYSFD_VERSION}
    SOVERSION ${abi_version}
    VERIFY_INTERFACE_HEADER_SETS ${SYSFD_IS_TOP_LEVEL})
  if(SYSFD_INSTALL)
    sysfd_install_module(${name} "${arg_DEPENDS}" "${arg_LIBRARIES}" "${arg_LINK_OPTIONS}" "${arg_DEFINITIONS}")
  endif()
  if(SYSFD_IMPORT AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/module/sysfd.${name}.cppm)
    sysfd_add_import(${name} ${CMAKE_CURRENT_SOURCE_DIR}/module/sysfd.${name}.cppm ${name} ${arg_DEPENDS})
  endif()
endfunction()

# sysfd_add_import(<name> <file> <module> [<dependency>...]): adds sysfd::<name>_module, which
# provides `import sysfd.<name>;` with the headers and the library of the module. Its source is
# installed, not what the compiler makes of it: that is different for each compiler and its options.
function(sysfd_add_import name file)
  if(CMAKE_VERSION VERSION_LESS 3.28)
    message(FATAL_ERROR "SYSFD_IMPORT needs CMake 3.28 or newer")
  endif()
  set(target sysfd_${name}_module)
  add_library(${target} STATIC)
  add_library(sysfd::${name}_module ALIAS ${target})
  sysfd_compile_strictly(${target})
  target_compile_features(${target} PUBLIC cxx_std_23)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name}_module CXX_SCAN_FOR_MODULES ON POSITION_INDEPENDENT_CODE ON)
  target_sources(${target} PUBLIC FILE_SET CXX_MODULES BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR} FILES ${file})
  set(needs ${ARGN})
  if(TARGET sysfd_${name})
    list(REMOVE_ITEM needs ${name})
    target_link_libraries(${target} PUBLIC sysfd::${name})
  endif()
  list(TRANSFORM needs APPEND _module)
  list(TRANSFORM needs PREPEND sysfd:: OUTPUT_VARIABLE targets)
  target_link_libraries(${target} PUBLIC ${targets})
  if(SYSFD_INSTALL)
    set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sysfd)
    install(TARGETS ${target} EXPORT sysfd-${name}_module
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sysfd-import
      FILE_SET CXX_MODULES DESTINATION ${CMAKE_INSTALL_DATADIR}/sysfd COMPONENT sysfd-import)
    install(EXPORT sysfd-${name}_module NAMESPACE sysfd:: FILE sysfd-${name}_module-targets.cmake
      DESTINATION ${package_dir} CXX_MODULES_DIRECTORY sysfd-${name}_module COMPONENT sysfd-import)
    if(TARGET sysfd_${name})
      list(APPEND needs ${name})
    endif()
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/sysfd-package/sysfd-${name}_module-depends.cmake
      CONTENT "set(sysfd_depends_of_${name}_module @needs@)\n" @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sysfd-package/sysfd-${name}_module-depends.cmake
      DESTINATION ${package_dir} COMPONENT sysfd-import)
  endif()
endfunction()

# sysfd_add_header_module(<name> HEADERS <file>... [DEPENDS <module>...])
#
# Does the same for a module that has headers only. They may include headers of other projects, which
# the program that uses them links to itself: so they are not compiled alone here.
function(sysfd_add_header_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;DEPENDS")
  if(TARGET sysfd::${name})
    return()
  endif()
  sysfd_add_dependencies(${arg_DEPENDS})
  list(TRANSFORM arg_DEPENDS PREPEND sysfd:: OUTPUT_VARIABLE dependency_targets)
  set(target sysfd_${name})
  add_library(${target} INTERFACE)
  add_library(sysfd::${name} ALIAS ${target})
  target_compile_features(${target} INTERFACE cxx_std_23)
  target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
  target_link_libraries(${target} INTERFACE ${dependency_targets})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  if(SYSFD_INSTALL)
    sysfd_install_module(${name} "${arg_DEPENDS}" "" "" "")
  endif()
endfunction()

# sysfd_optimize_for_size(<source>...): for code that runs once, or after an error.
function(sysfd_optimize_for_size)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS $<$<NOT:$<CONFIG:Debug>>:-Os>)
endfunction()

function(sysfd_add_headers target)
  set(headers ${ARGN})
  list(FILTER headers EXCLUDE REGEX "\\.in$")
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  set(templates ${ARGN})
  list(FILTER templates INCLUDE REGEX "\\.in$")
  string(REPLACE . ";" version ${SYSFD_VERSION})
  list(POP_FRONT version SYSFD_VERSION_MAJOR SYSFD_VERSION_MINOR SYSFD_VERSION_PATCH)
  foreach(template IN LISTS templates)
    string(REGEX REPLACE "\\.in$" "" header ${CMAKE_CURRENT_BINARY_DIR}/${template})
    configure_file(${template} ${header} @ONLY)
    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_BINARY_DIR}/include FILES ${header})
  endforeach()
endfunction()

# Installs one module. The files of the whole family (the package configuration) belong to the
# component of every module, so that a single installed component is a working package that finds
# the modules that are installed.
function(sysfd_install_module name dependencies libraries link_options definitions)
  set(component sysfd-${name})
  install(TARGETS sysfd_${name} EXPORT sysfd-${name}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT ${component})
  sysfd_install_package_files(${name} "${dependencies}")

  set(generated ${CMAKE_CURRENT_BINARY_DIR}/sysfd-package)
  list(TRANSFORM dependencies PREPEND sysfd- OUTPUT_VARIABLE pc_requires)
  list(JOIN pc_requires ", " pc_requires)
  # A static library leaves them to the program that links to it; a shared one names them itself.
  list(TRANSFORM libraries PREPEND -l OUTPUT_VARIABLE pc_private)
  set(pc_libraries ${link_options})
  get_target_property(type sysfd_${name} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    list(PREPEND pc_libraries ${pc_private})
    set(pc_private "")
  endif()
  if(NOT type STREQUAL INTERFACE_LIBRARY)
    list(PREPEND pc_libraries "-L\${libdir}" -lsysfd_${name})
  endif()
  list(JOIN pc_libraries " " pc_libraries)
  list(JOIN pc_private " " pc_private)
  list(TRANSFORM definitions PREPEND " -D" OUTPUT_VARIABLE pc_definitions)
  list(JOIN pc_definitions "" pc_definitions)
  file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(${SYSFD_ROOT}/cmake/module.pc.in ${generated}/sysfd-${name}.pc @ONLY)
  install(FILES ${generated}/sysfd-${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})
  sysfd_install_cps(${name} "${dependencies}" "${libraries}" "${link_options}" "${definitions}")
endfunction()

# Package information of the Common Package Specification, which CMake 4.3 and other build systems
# read: a package for each module, as for pkg-config. This is not install(PACKAGE_INFO), which lets no
# target depend on one of another package if both are exported for find_package(sysfd) as well. None
# is called "sysfd": find_package(sysfd) would prefer it.
function(sysfd_install_cps name dependencies libraries link_options definitions)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+" abi_version ${SYSFD_VERSION})
  get_target_property(type sysfd_${name} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    set(cps_type archive)
    set(suffix ${CMAKE_STATIC_LIBRARY_SUFFIX})
  else()
    set(cps_type dylib)
    set(suffix ${CMAKE_SHARED_LIBRARY_SUFFIX})
    set(libraries "") # it names them itself
  endif()
  set(cps_prefix "@prefix@")
  set(cps_location "\n      \"location\": \"${cps_prefix}/${CMAKE_INSTALL_LIBDIR}/libsysfd_${name}${suffix}\",")
  if(type STREQUAL INTERFACE_LIBRARY)
    set(cps_type interface)
    set(cps_location "")
  endif()
  list(TRANSFORM dependencies REPLACE "(.+)" "\"sysfd-\\1\": {\"version\": \"${SYSFD_VERSION}\"}" OUTPUT_VARIABLE cps_requires)
  list(TRANSFORM dependencies REPLACE "(.+)" "\"sysfd-\\1:\\1\"" OUTPUT_VARIABLE cps_components)
  list(TRANSFORM libraries REPLACE "(.+)" "\"\\1\"" OUTPUT_VARIABLE cps_libraries)
  list(TRANSFORM link_options REPLACE "(.+)" "\"\\1\"" OUTPUT_VARIABLE cps_options)
  list(TRANSFORM definitions REPLACE "(.+)" "\"\\1\": null" OUTPUT_VARIABLE cps_definitions)
  foreach(list IN ITEMS cps_requires cps_components cps_libraries cps_options cps_definitions)
    list(JOIN ${list} ", " ${list})
  endforeach()
  set(file ${CMAKE_CURRENT_BINARY_DIR}/sysfd-package/sysfd-${name}.cps)
  configure_file(${SYSFD_ROOT}/cmake/module.cps.in ${file} @ONLY)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/cps COMPONENT sysfd-${name})
endfunction()

# What find_package() reads for one module, whose targets are in the export set sysfd-<name>.
function(sysfd_install_package_files name dependencies)
  set(component sysfd-${name})
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sysfd)
  install(EXPORT sysfd-${name} NAMESPACE sysfd:: FILE sysfd-${name}-targets.cmake
    DESTINATION ${package_dir} COMPONENT ${component})

  set(generated ${CMAKE_CURRENT_BINARY_DIR}/sysfd-package)
  file(CONFIGURE OUTPUT ${generated}/sysfd-${name}-depends.cmake
    CONTENT "set(sysfd_depends_of_${name} @dependencies@)\n" @ONLY)
  write_basic_package_version_file(${generated}/sysfd-config-version.cmake
    VERSION ${SYSFD_VERSION} COMPATIBILITY SameMinorVersion)
  install(FILES ${generated}/sysfd-${name}-depends.cmake ${generated}/sysfd-config-version.cmake
    ${SYSFD_ROOT}/cmake/sysfd-config.cmake DESTINATION ${package_dir} COMPONENT ${component})
endfunction()
