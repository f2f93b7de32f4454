# SPDX-License-Identifier: MIT
#
# cmake -DCOMPILER=<compiler> -DFLAGS=<list> -DFILE=<source> -DCASE=<name> -P check.cmake
#
# A case is a block `#ifdef CASE_<name>` in the source, with two forms in it: one that compiles, and, where EXPECT_ERROR is
# defined, one that does not. The error has to be on the line of the block that ends in `// error`: any other one would mean
# that the mistake is refused by accident.
set(ENV{LC_ALL} C)

function(compile result output)
  execute_process(
    COMMAND ${COMPILER} -std=c++23 -fsyntax-only ${FLAGS} -DCASE_${CASE} ${ARGN} ${FILE}
    RESULT_VARIABLE answer OUTPUT_VARIABLE text ERROR_VARIABLE text)
  set(${result} ${answer} PARENT_SCOPE)
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

compile(result output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "What should compile does not:\n${output}")
endif()

file(READ ${FILE} text)
string(FIND "${text}" "#ifdef CASE_${CASE}\n" begin)
string(SUBSTRING "${text}" ${begin} -1 block)
string(FIND "${block}" "  // error\n" length)
if(begin EQUAL -1 OR length EQUAL -1)
  message(FATAL_ERROR "No line of the case ends in \"// error\"")
endif()
math(EXPR end "${begin} + ${length}")
string(SUBSTRING "${text}" 0 ${end} before)
string(REGEX MATCHALL "\n" line_ends "${before}")
list(LENGTH line_ends line)
math(EXPR line "${line} + 1")

compile(result output -DEXPECT_ERROR)
if(result EQUAL 0)
  message(FATAL_ERROR "Line ${line} should not compile, but does")
endif()
get_filename_component(name ${FILE} NAME)
string(REPLACE "." "\\." name "${name}")
if(NOT output MATCHES "${name}:${line}:[0-9]+: (fatal )?error")
  message(FATAL_ERROR "The error should be on line ${line}:\n${output}")
endif()
