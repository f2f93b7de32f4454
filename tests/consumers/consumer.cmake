# SPDX-License-Identifier: MIT
#
# Ends every consumer: a program that uses sysfd::${MODULE}, however that target was provided; with
# AS_PLUGIN, in a shared object that it loads.

# Checks that the module brought its dependencies and nothing else.
function(check_reachable_only module)
  set(reached)
  set(todo sysfd::${module})
  while(todo)
    list(POP_FRONT todo target)
    list(APPEND reached ${target})
    get_target_property(next ${target} INTERFACE_LINK_LIBRARIES)
    if(next)
      list(TRANSFORM next REPLACE "^sysfd_" "sysfd::")
      list(FILTER next INCLUDE REGEX "^sysfd::")
      list(APPEND todo ${next})
    endif()
  endwhile()
  foreach(other IN ITEMS ownedfd sharing handle pidfd cgroup landlock spawn listen adapters)
    if(TARGET sysfd::${other} AND NOT sysfd::${other} IN_LIST reached)
      message(FATAL_ERROR "sysfd::${other} came along with sysfd::${module}, which does not depend on it")
    endif()
  endforeach()
endfunction()
if(NOT MODULE STREQUAL capi) # which holds all of them
  check_reachable_only(${MODULE})
endif()

if(sysfd_VERSION) # set by find_package
  add_compile_definitions(PACKAGE_VERSION="${sysfd_VERSION}")
endif()
set(use ${CMAKE_CURRENT_LIST_DIR}/use_${MODULE}.cpp)
if(AS_PLUGIN)
  add_library(plugin MODULE ${use})
  target_link_libraries(plugin PRIVATE sysfd::${MODULE})
  add_executable(consumer ${CMAKE_CURRENT_LIST_DIR}/load_plugin.cpp)
  target_compile_definitions(consumer PRIVATE PLUGIN="$<TARGET_FILE:plugin>")
  target_link_libraries(consumer PRIVATE ${CMAKE_DL_LIBS})
else()
  add_executable(consumer ${use})
  target_link_libraries(consumer PRIVATE sysfd::${MODULE})
endif()
