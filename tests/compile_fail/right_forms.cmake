# SPDX-License-Identifier: MIT
#
# cmake -DCOMPILER=<compiler> -DFLAGS=<list> -DFILE=<source> -DWORK=<folder> -P right_forms.cmake
#
# Checks that the forms that should compile (see check.cmake) do: all cases at once, each in a
# namespace of its own. A case ends before the first empty line that follows an #endif.
get_filename_component(name ${FILE} NAME)
file(READ ${FILE} text)
string(APPEND text "\n")
string(REPLACE "\n#endif\n\n" "\n}\n\n" text "${text}")
string(REGEX REPLACE "\n#ifdef CASE_([a-z0-9_]+)" "\nnamespace case_\\1 {" text "${text}")
file(WRITE ${WORK}/${name} "#line 1 \"${FILE}\"\n${text}")
execute_process(
  COMMAND ${COMPILER} -std=c++23 -fsyntax-only ${FLAGS} ${WORK}/${name} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "What should compile does not")
endif()
