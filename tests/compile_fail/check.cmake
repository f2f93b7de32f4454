# SPDX-License-Identifier: MIT
#
# cmake -DCOMPILER=<compiler> -DFLAGS=<list> -DFILE=<source> -DCASE=<name> -P check.cmake
#
# A case is a block `#ifdef CASE_<name>` in the source with two forms: one that compiles (see
# right_forms.cmake) and, if EXPECT_ERROR is defined, one that does not. The error must be on the
# line of the block with `// error`; any other one would mean that the code is refused by accident.
# With `// error: words`, the compiler's message must contain these words. With `// error inside`,
# the error is in a header of the standard library, and the compiler names the line as the place
# that required it.
set(ENV{LC_ALL} C)

file(READ ${FILE} text)
string(FIND "${text}" "#ifdef CASE_${CASE}\n" begin)
string(SUBSTRING "${text}" ${begin} -1 block)
string(FIND "${block}" "  // error" length)
if(begin EQUAL -1 OR length EQUAL -1)
  message(FATAL_ERROR "No line of the case ends in \"// error\"")
endif()
math(EXPR end "${begin} + ${length}")
string(SUBSTRING "${text}" 0 ${end} before)
string(REGEX MATCHALL "\n" line_ends "${before}")
list(LENGTH line_ends line)
math(EXPR line "${line} + 1")
string(SUBSTRING "${block}" ${length} -1 comment)
string(REGEX MATCH "^  // error( inside)?(: ([^\n]*))?\n" comment "${comment}")
if(NOT comment)
  message(FATAL_ERROR "Line ${line} has an \"// error\" that is neither followed by a colon nor the end")
endif()
set(is_inside ${CMAKE_MATCH_1})
set(words "${CMAKE_MATCH_3}")

execute_process(
  COMMAND ${COMPILER} -std=c++23 -fsyntax-only ${FLAGS} -DCASE_${CASE} -DEXPECT_ERROR ${FILE}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "Line ${line} should not compile, but does")
endif()
get_filename_component(name ${FILE} NAME)
string(REPLACE "." "\\." name "${name}")
set(kind "(fatal )?error")
if(is_inside)
  set(kind "  required from here|note: in instantiation")
endif()
if(NOT output MATCHES "${name}:${line}:[0-9]+: (${kind})")
  message(FATAL_ERROR "The error should be on line ${line}:\n${output}")
endif()
string(FIND "${output}" "${words}" found)
if(found EQUAL -1)
  message(FATAL_ERROR "The message should have \"${words}\" in it:\n${output}")
endif()
