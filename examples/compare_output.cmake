# cmake -DAGENT=... -DFOLDER=... -DEXPECT=FILE -DEXIT=N -DARGUMENTS="a|b" -P compare.cmake: what the agent prints, word for word.
string(REPLACE "|" ";" arguments "${ARGUMENTS}")
execute_process(COMMAND ${AGENT} ${arguments} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
file(READ ${FOLDER}/${EXPECT} expected)
string(REGEX REPLACE "[0-9/]+ [0-9:]+ collector server run finished.*" "" out "${out}")
if(NOT code EQUAL EXIT OR NOT out STREQUAL expected)
  message(FATAL_ERROR "exit code ${code}, expected ${EXIT}; got\n${out}\nexpected\n${expected}")
endif()
