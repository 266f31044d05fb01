# SPDX-License-Identifier: GPL-2.0-or-later
# The worker on its link, with the test as its host.
foreach(part worker_link worker_settings worker_unwatched)
    gs_test(test_${part} LABEL integration SOURCES integration/test_${part}.c LIBS gs_test_worker
        TIMEOUT 300)
    add_dependencies(test_${part} gpushare-session gs-test-app)
endforeach()
