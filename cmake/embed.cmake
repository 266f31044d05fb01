# SPDX-License-Identifier: GPL-2.0-or-later
# Writes text file INPUT as the C string NAME to OUTPUT: cmake -D NAME=… -D INPUT=… -D OUTPUT=… -P
file(READ ${INPUT} text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
file(WRITE ${OUTPUT}
"/* SPDX-License-Identifier: GPL-2.0-or-later */
#include \"shaders/shaders.h\"

const char ${NAME}[] =
    \"${text}\";
")
