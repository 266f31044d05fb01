# SPDX-License-Identifier: GPL-2.0-or-later
# What the desktop holds back from applications that take no turns.
set(pace_dir ${CMAKE_CURRENT_BINARY_DIR}/pace)
set(pace_protocols)
file(MAKE_DIRECTORY ${pace_dir})
foreach(name stable/xdg-shell/xdg-shell unstable/linux-dmabuf/linux-dmabuf-unstable-v1)
    set(pace_xml ${WAYLAND_PROTOCOLS_DIR}/${name}.xml)
    get_filename_component(name ${name} NAME)
    string(REPLACE -unstable-v1 "" name ${name})
    add_custom_command(OUTPUT ${pace_dir}/${name}-client-protocol.h
        COMMAND ${WAYLAND_SCANNER} client-header ${pace_xml} ${pace_dir}/${name}-client-protocol.h
        DEPENDS ${pace_xml} VERBATIM)
    add_custom_command(OUTPUT ${pace_dir}/${name}-protocol.c
        COMMAND ${WAYLAND_SCANNER} private-code ${pace_xml} ${pace_dir}/${name}-protocol.c
        DEPENDS ${pace_xml} VERBATIM)
    list(APPEND pace_protocols ${pace_dir}/${name}-client-protocol.h ${pace_dir}/${name}-protocol.c)
endforeach()
add_executable(pace_client integration/pace_client.c support/wayland_globals.c ${pace_protocols})
target_include_directories(pace_client SYSTEM PRIVATE ${pace_dir})
target_link_libraries(pace_client PRIVATE gs_flags PkgConfig::WAYLAND_CLIENT)
set_target_properties(pace_client PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

gs_test(test_levers LABEL integration TIMEOUT 300
    SOURCES integration/test_levers.c integration/source_rig.c
    LIBS gpushare::source PkgConfig::GLIB PkgConfig::PIXMAN PkgConfig::DRM PkgConfig::PNG)
# With a GPU, and GPU buffers, that are none.
gs_test(test_levers_gpu LABEL integration TIMEOUT 120
    SOURCES integration/test_levers_gpu.c integration/source_rig.c
    LIBS gpushare::source PkgConfig::GLIB PkgConfig::PIXMAN PkgConfig::DRM PkgConfig::EGL
        PkgConfig::PNG)
target_link_options(test_levers_gpu PRIVATE -Wl,--wrap=gs_dmabuf_import
    -Wl,--wrap=gs_dmabuf_destroy_image -Wl,--wrap=gs_dmabuf_modifiers)
foreach(test test_levers test_levers_gpu)
    add_dependencies(${test} pace_client)
    target_compile_definitions(${test} PRIVATE PACE_CLIENT="$<TARGET_FILE:pace_client>")
endforeach()
# Built in proof.cmake.
add_dependencies(test_levers hostile_app)
target_compile_definitions(test_levers PRIVATE
    HOSTILE_APP="${PROJECT_BINARY_DIR}/tests/hostile_app")
