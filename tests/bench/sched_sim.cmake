# SPDX-License-Identifier: GPL-2.0-or-later
# gs-sched-sim: the scheduler's policy in simulated time.
add_library(gs_sched_sim STATIC
    bench/sched-sim/charts.c bench/sched-sim/clock.c bench/sched-sim/daemon.c
    bench/sched-sim/device.c bench/sched-sim/metrics.c bench/sched-sim/random.c
    bench/sched-sim/random_scenario.c bench/sched-sim/report.c bench/sched-sim/scenarios.c
    bench/sched-sim/study.c bench/sched-sim/work.c bench/sched-sim/worker.c bench/sched-sim/world.c)
target_compile_definitions(gs_sched_sim PRIVATE
    SIM_PLOT="${PROJECT_SOURCE_DIR}/tests/bench/sched/plot.py")
target_link_libraries(gs_sched_sim
    PUBLIC gpushare::host PkgConfig::GLIB PkgConfig::JANSSON m
    PRIVATE gs_flags)
gs_program(gs-sched-sim SOURCES bench/sched-sim/gs-sched-sim.c LIBS gs_sched_sim)
