/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tries the decoders on a picture that is built in and says the results on stdout (common/check.h).
 * Main thread, before anything else was begun. */
#pragma once

/* Returns the exit status: 0 where a decoder works. */
int gs_client_doctor(void);
