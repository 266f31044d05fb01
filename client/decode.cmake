# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes of access units: pictures, PNG files, recordings.
gs_library(decode
    SOURCES decode.c decode_null.c decode_software.c picture.c record.c snapshot.c
    LIBS gs_common PkgConfig::LAVC PkgConfig::LAVF PkgConfig::PNG PkgConfig::GLIB)
