# SPDX-License-Identifier: MIT
# Fails if an object file of the child's code (among OBJECTS) needs any symbol from outside of it, or has a function that the
# linker may take from another one.
list(FILTER OBJECTS INCLUDE REGEX "run_child|start_keeper|write_id_maps")
list(LENGTH OBJECTS count)
if(NOT count EQUAL 3)
  message(FATAL_ERROR "expected three object files of the child's code: ${OBJECTS}")
endif()
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "[^\n]* _GLOBAL_OFFSET_TABLE_\n" "" symbols "${symbols}")
  string(REGEX REPLACE "[^\n]* U [^\n]*9run_child[^\n]*\n" "" symbols "${symbols}") # the keeper's child is one
  string(REGEX MATCHALL "[^\n]* [UuVvWw] [^\n]*" foreign "${symbols}")
  if(foreign)
    message(FATAL_ERROR "the child's code refers, in ${object}, to: ${foreign}")
  endif()
endforeach()
