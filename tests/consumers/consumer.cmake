# SPDX-License-Identifier: MIT
#
# The end of every consumer: a program that uses sysfd::${MODULE}, whichever way that target got here.

# With the module came what it depends on, and nothing else.
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
  foreach(other IN ITEMS ownedfd sharing handle pidfd spawn listen)
    if(TARGET sysfd::${other} AND NOT sysfd::${other} IN_LIST reached)
      message(FATAL_ERROR "sysfd::${other} came along with sysfd::${module}, which does not depend on it")
    endif()
  endforeach()
endfunction()
check_reachable_only(${MODULE})

add_executable(consumer ${CMAKE_CURRENT_LIST_DIR}/use_${MODULE}.cpp)
target_link_libraries(consumer PRIVATE sysfd::${MODULE})
