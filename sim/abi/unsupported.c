/* Every function that the driver exports and the simulated node has no answer for: programs that look a symbol up decide on
 * features by that, so a missing one and an unsupported one are two things. */
#include "sim/abi/call.h"

/* Arguments lie in registers that nobody reads: on the ABIs of Linux a function may ignore them. */
#define ANSWERED(name)
#define UNSUPPORTED(name)                \
        EXPORT(name, (void))             \
        {                                \
                ENTER();                 \
                return NVML_ERROR_NOT_SUPPORTED; \
        }
#include "sim/abi/functions.inc"
