# SPDX-License-Identifier: GPL-2.0-or-later
# gs_flags: the language, the warnings and the include root of every target of the project.
add_library(gs_flags INTERFACE)
target_compile_features(gs_flags INTERFACE c_std_11)
target_compile_definitions(gs_flags INTERFACE _GNU_SOURCE GS_VERSION="${PROJECT_VERSION}")
target_compile_options(gs_flags INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef
    -fno-strict-aliasing -fvisibility=hidden
    $<$<BOOL:${GS_WERROR}>:-Werror>)
target_include_directories(gs_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

# gs_library(NAME SOURCES… LIBS…): one static library a folder, also known as gpushare::NAME.
function(gs_library name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_library(gs_${name} STATIC ${A_SOURCES})
    add_library(gpushare::${name} ALIAS gs_${name})
    target_link_libraries(gs_${name} PUBLIC gs_flags ${A_LIBS})
endfunction()

# gs_program(NAME SOURCES… LIBS…)
function(gs_program name)
    cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE gs_flags ${A_LIBS})
endfunction()

# gs_module(NAME COMPONENT component SOURCES… LIBS…): a part of a program that it loads when it is
# used; see common/module.h.
function(gs_module name)
    cmake_parse_arguments(A "" "COMPONENT" "SOURCES;LIBS" ${ARGN})
    add_library(${name} MODULE ${A_SOURCES})
    target_link_libraries(${name} PRIVATE gs_flags ${A_LIBS})
    # clang's sanitizers are in the program alone: a module finds them when it is loaded.
    target_link_options(${name} PRIVATE -Wl,--as-needed $<$<NOT:$<BOOL:${GS_FUZZ}>>:-Wl,--no-undefined>)
    set_target_properties(${name} PROPERTIES PREFIX ""
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/libexec/gpushare)
    install(TARGETS ${name} COMPONENT ${A_COMPONENT}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/gpushare)
endfunction()
