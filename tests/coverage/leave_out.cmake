# SPDX-License-Identifier: MIT
#
# For CMAKE_PROJECT_sysfd_INCLUDE: what is not counted. Programs without a C library have no
# runtime; one tells its environment, to which the runtime adds.
function(sysfd_leave_out_of_coverage)
  foreach(target IN ITEMS sysfd_keeper spawn_table_checker spawn_inspector sweep_program)
    target_compile_options(${target} PRIVATE -fno-profile-instr-generate -fno-coverage-mapping)
    target_link_options(${target} PRIVATE -noprofilelib)
  endforeach()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL sysfd_leave_out_of_coverage)
