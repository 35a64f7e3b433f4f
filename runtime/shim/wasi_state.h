/* What the stand-ins for WASI tell the interpreter of time and chance. */
#ifndef STDBPY_WASI_STATE_H
#define STDBPY_WASI_STATE_H

#include <stdint.h>

/* All clocks, in nanoseconds since 1970: they stand still until they are set. */
extern uint64_t clock_nanoseconds;

/* What random bytes follow from (os.urandom, uuid4, secrets): the same seed, the same bytes. */
void seed_random_bytes(uint64_t seed);

#endif
