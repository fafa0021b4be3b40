# embed_files(NAME FILES): NAME.cpp with the function
#   std::vector<nethealth::EmbeddedFile> nethealth::NAME();
# that returns the files' names and texts (config/embedded.hpp). Knowledge ships inside the one binary.
function(embed_files NAME FILES)
  set(OUT ${CMAKE_CURRENT_BINARY_DIR}/${NAME}.cpp)
  add_custom_command(
    OUTPUT ${OUT}
    COMMAND ${CMAKE_COMMAND} -DNAME=${NAME} -DOUT=${OUT} "-DFILES=${FILES}" -P ${PROJECT_SOURCE_DIR}/config/embed_run.cmake
    DEPENDS ${FILES} ${PROJECT_SOURCE_DIR}/config/embed_run.cmake
    VERBATIM)
endfunction()
