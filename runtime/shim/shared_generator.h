/* The generator that the functions of Python's module random share: random.choice, random.random. */
#ifndef STDBPY_SHARED_GENERATOR_H
#define STDBPY_SHARED_GENERATOR_H

#include <stdint.h>

/* Does as random.seed(seed), if the module is there: it may have been imported by a function of an earlier call. */
void seed_shared_generator(uint64_t seed);

#endif
