# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that parse what strangers send are built to be hard to take over. Not with sanitizers,
# which know better and get in each other's way. tests/packaging/hardening.sh looks at the outcome.
if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    target_compile_options(gs_flags INTERFACE -fstack-protector-strong -fstack-clash-protection)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        target_compile_options(gs_flags INTERFACE -fcf-protection)
    endif()
    # Fortified functions need an optimiser.
    if(CMAKE_BUILD_TYPE)
        target_compile_options(gs_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
    add_link_options(LINKER:-z,relro LINKER:-z,now)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

# What is shipped does not tell where it was built.
if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(gs_flags INTERFACE
        -ffile-prefix-map=${PROJECT_BINARY_DIR}/= -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
endif()
