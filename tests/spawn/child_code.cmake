# SPDX-License-Identifier: MIT
# Fails if the object file of the child's code (among OBJECTS) needs any symbol from outside of it.
list(FILTER OBJECTS INCLUDE REGEX "run_child")
list(LENGTH OBJECTS count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "expected one object file of the child's code: ${OBJECTS}")
endif()
execute_process(COMMAND ${NM} --undefined-only ${OBJECTS} OUTPUT_VARIABLE undefined COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "[^\n]* _GLOBAL_OFFSET_TABLE_\n" "" undefined "${undefined}")
string(STRIP "${undefined}" undefined)
if(undefined)
  message(FATAL_ERROR "the child's code refers to:\n${undefined}")
endif()
