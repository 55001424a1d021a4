# cmake -DAGENT=... -DFOLDER=... -P compare.cmake: the errors of agent.yaml, word for word.
execute_process(COMMAND ${AGENT} validate --config agent.yaml WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
file(READ ${FOLDER}/expected.txt expected)
string(REGEX REPLACE "[0-9/]+ [0-9:]+ collector server run finished.*" "" out "${out}")
if(NOT code EQUAL 1 OR NOT out STREQUAL expected)
  message(FATAL_ERROR "exit code ${code}, expected 1; got\n${out}\nexpected\n${expected}")
endif()
