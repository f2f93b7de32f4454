# SPDX-License-Identifier: MIT
#
# cmake -DCOMPILER=<compiler> -DINCLUDES=<list> -DHEADERS=<list> -DWORK=<folder> -P
# older_modes.cmake
#
# Checks that every public header reports what it needs if the compiler is in an older mode, or its
# standard library lacks <expected>: this is the first error, and the compiler stops there.
set(ENV{LC_ALL} C)

function(expect_only message header)
  execute_process(
    COMMAND ${COMPILER} -fsyntax-only -x c++ ${ARGN} ${INCLUDES} ${header}
    RESULT_VARIABLE answer OUTPUT_VARIABLE text ERROR_VARIABLE text)
  string(REGEX MATCHALL "error: [^\n]*" errors "${text}")
  list(LENGTH errors count)
  list(POP_FRONT errors first)
  string(FIND "${first}" "\"${message}\"" found)
  if(answer EQUAL 0 OR found EQUAL -1 OR count GREATER 2) # the second is that of stopping
    message(SEND_ERROR "${header}, with ${ARGN}:\n${text}")
  endif()
endfunction()

file(WRITE ${WORK}/empty/version "") # the header of the standard library that tells what that has
foreach(header IN LISTS HEADERS)
  foreach(mode IN ITEMS 11 17 20)
    expect_only("sysfd needs C++23 (-std=c++23)" ${header} -std=c++${mode})
  endforeach()
  expect_only("sysfd needs a standard library with <expected>" ${header} -std=c++23 -I${WORK}/empty)
endforeach()
