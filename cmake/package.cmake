# SPDX-License-Identifier: GPL-2.0-or-later
# What belongs to a system's installation beside the programs, and the Debian packages. Programs and
# manual pages say themselves where they go, and in which component: host (the default), client.
set(GS_PACKAGE_CONTACT "The gpushare maintainers <maintainers@gpushare.example>"
    CACHE STRING "Who answers for the Debian packages")
configure_file(packaging/systemd/gpushare-host.service.in
    packaging/gpushare-host.service @ONLY)
configure_file(packaging/deb/changelog.in packaging/changelog @ONLY)
set(packaged ${PROJECT_SOURCE_DIR}/packaging)

install(FILES ${PROJECT_BINARY_DIR}/packaging/gpushare-host.service
    ${packaged}/systemd/gpushare-host.socket ${packaged}/systemd/gpushare-sessions.service
    DESTINATION lib/systemd/system)
install(FILES ${packaged}/systemd/sysusers.conf DESTINATION lib/sysusers.d RENAME gpushare.conf)
install(FILES ${packaged}/systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME gpushare.conf)
install(FILES ${packaged}/client/gpushare-client.desktop
    DESTINATION ${CMAKE_INSTALL_DATADIR}/applications COMPONENT client)
install(FILES ${packaged}/client/gpushare-client.svg
    DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps COMPONENT client)

# The preset “package” has an absolute one. Elsewhere an administrator copies what is wanted.
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_SYSCONFDIR}")
    install(FILES ${packaged}/pam/gpushare DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
        RENAME pam-gpushare)
    install(FILES ${PROJECT_BINARY_DIR}/manual/host.conf
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
    return()
endif()

install(FILES ${packaged}/pam/gpushare DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/pam.d)
install(FILES ${PROJECT_BINARY_DIR}/manual/host.conf
    DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/gpushare)
install(DIRECTORY DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/gpushare/conf.d)

foreach(part host client)
    set(doc ${CMAKE_INSTALL_DATADIR}/doc/gpushare-${part})
    install(FILES ${packaged}/deb/copyright DESTINATION ${doc} COMPONENT ${part})
    install(FILES ${PROJECT_BINARY_DIR}/packaging/changelog DESTINATION ${doc}
        RENAME changelog.Debian COMPONENT ${part})
    # After everything else: Debian wants these compressed, and the same bytes each time.
    install(CODE "file(GLOB pages
        \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man*/*.[158]\"
        \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${doc}/changelog.Debian\")
        execute_process(COMMAND gzip -9nf \${pages} COMMAND_ERROR_IS_FATAL ANY)"
        COMPONENT ${part})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL host client)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "${GS_PACKAGE_CONTACT}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# dpkg-shlibdeps finds the libraries, those of the modules included. What is named here is run or
# loaded by name: the sandbox, X11, keyboards, TLS of GIO, drivers of EGL, PAM's files.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_HOST_PACKAGE_NAME gpushare-host)
set(CPACK_DEBIAN_HOST_PACKAGE_SECTION net)
set(CPACK_DEBIAN_HOST_PACKAGE_DEPENDS
    "bubblewrap, glib-networking, libgl1-mesa-dri, libpam-modules, libpam-runtime, passwd, xkb-data, xwayland")
set(CPACK_DEBIAN_HOST_PACKAGE_SUGGESTS
    "gpushare-client, libnvidia-encode1, mesa-va-drivers | va-driver")
set(CPACK_COMPONENT_HOST_DESCRIPTION
"shares one GPU among the 3D sessions of many remote users
Runs unmodified 3D applications (Wayland, or X11 through Xwayland) offscreen,
one isolated worker process per session, and streams each as H.264 over SRTP
to gpushare-client. Needs no monitor and no desktop; without a GPU it works
with software rendering.")
set(CPACK_DEBIAN_HOST_PACKAGE_CONTROL_EXTRA
    ${packaged}/deb/conffiles ${packaged}/deb/postinst ${packaged}/deb/postrm
    ${packaged}/deb/prerm)
set(CPACK_DEBIAN_CLIENT_PACKAGE_NAME gpushare-client)
set(CPACK_DEBIAN_CLIENT_PACKAGE_SECTION net)
set(CPACK_DEBIAN_CLIENT_PACKAGE_DEPENDS "glib-networking, xkb-data")
set(CPACK_DEBIAN_CLIENT_PACKAGE_RECOMMENDS "libgl1-mesa-dri")
set(CPACK_DEBIAN_CLIENT_PACKAGE_SUGGESTS "mesa-va-drivers | va-driver")
set(CPACK_COMPONENT_CLIENT_DESCRIPTION
"shows 3D sessions that run on a gpushare host
Receives, decodes and shows the picture of an application that runs on a
server with gpushare-host, and sends keyboard and mouse back. Opens links
that begin with gpushare://.")
include(CPack)
