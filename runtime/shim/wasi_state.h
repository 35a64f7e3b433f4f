/* What the stand-ins for WASI tell the interpreter of time and chance. */
#ifndef STDBPY_WASI_STATE_H
#define STDBPY_WASI_STATE_H

#include <stdint.h>

/* What time it is, in nanoseconds since 1970: it stands still until it is set. */
extern uint64_t clock_nanoseconds;

/* So much time passes by the clock that timeouts are measured by, and by no other. */
void pass_time(uint64_t nanoseconds);

/* What random bytes follow from (os.urandom, uuid4, secrets): the same seed, the same bytes. */
void seed_random_bytes(uint64_t seed);

#endif
