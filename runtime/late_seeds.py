"""Changes to CPython: generators of ``random`` are seeded when their first number is drawn, with the same numbers.

The one behind ``random.choice`` and its like is seeded at the beginning of each call, as numbers are to be others each
time. That computes 1,871 words, ten times as much as all else of a call that does nothing, and few calls draw any.

A generator that is not given a seed asks for ``os.urandom`` then, too, and not when it is made, which is, for the one
behind ``random.choice``, when ``random`` is imported. So who draws while a module is built hears of it.
"""

_DECLARED = """\
static void seed_now(RandomObject *self);

"""

_NOW = """\
/* The key is kept where the state will be; its length, and that there is none yet, beyond all that an index can be. */
static void
seed_later(RandomObject *self, const uint32_t key[], size_t length)
{
    memcpy(self->state, key, length * sizeof *key);
    self->index = (int)(N + length);
}

static void
seed_later_by_urandom(RandomObject *self)
{
    self->index = N + N + 1;
}

static void
seed_now(RandomObject *self)
{
    uint32_t key[N];
    size_t length = (size_t)(self->index - N);

    if (length <= N) {
        memcpy(key, self->state, length * sizeof *key);
        init_by_array(self, key, length);
    }
    else if (random_seed_urandom(self) < 0 && random_seed_time_pid(self) < 0) {
        PyErr_Clear();
        init_genrand(self, 0);
    }
}

"""

_BEFORE_DRAWING = """\
    if (self->index > N)
        seed_now(self);
"""

_DRAW = "/* generates a random number on [0,0xffffffff]-interval */\n"
_REFILL = "    if (self->index >= N) { /* generate N words at one time */\n"
_SEED = "static int\nrandom_seed(RandomObject *self, PyObject *arg)\n"
_BY_URANDOM = """\
       if (random_seed_urandom(self) < 0) {
            PyErr_Clear();

            /* Reading system entropy failed, fall back on the worst entropy:
               use the current time and process identifier. */
            if (random_seed_time_pid(self) < 0) {
                return -1;
            }
        }
        return 0;
"""
_BY_KEY = "    init_by_array(self, key, keyused);\n"
_LATER_BY_KEY = """\
    if (keyused <= N)
        seed_later(self, key, keyused);
    else
        init_by_array(self, key, keyused);
"""
_STATE = "    state = PyTuple_New(N+1);\n"

LATE_SEEDS = [
    (_DRAW, _DECLARED + _DRAW),
    (_REFILL, _BEFORE_DRAWING + _REFILL),
    (_SEED, _NOW + _SEED),
    (_BY_URANDOM, "        seed_later_by_urandom(self);\n        return 0;\n"),
    (_BY_KEY, _LATER_BY_KEY),
    (_STATE, _BEFORE_DRAWING + _STATE),
]
"""In ``Modules/_randommodule.c``: what is replaced, and by what."""
