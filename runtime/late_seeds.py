"""Changes to CPython: generators of ``random`` are seeded when their first number is drawn, with the same numbers.

The one behind ``random.choice`` and its like is seeded at the beginning of each call, as numbers are to be others each
time. That computes 1,871 words, ten times as much as all else of a call that does nothing, and few calls draw any.
Those that do mostly draw few: what is the same for all seeds is computed once, and of the numbers that follow from the
seed each when it is drawn, where CPython computes 624 at once.

A generator that is not given a seed asks for ``os.urandom`` then, too, and not when it is made, which is, for the one
behind ``random.choice``, when ``random`` is imported. So who draws while a module is built hears of it.
"""

_FIELDS = """\
    int index;
    uint32_t state[N];
"""
_MORE_FIELDS = """\
    int index;
    int renewed; /* so many words of the state are those to draw from, the rest those before them */
    uint32_t state[N];
"""

_DECLARED = """\
static void seed_now(RandomObject *self);

static void
renew(RandomObject *self, int place)
{
    uint32_t *mt = self->state;
    uint32_t next = mt[place < N - 1 ? place + 1 : 0];
    uint32_t y = (mt[place] & UPPER_MASK) | (next & LOWER_MASK);

    mt[place] = mt[place < N - M ? place + M : place + M - N] ^ (y >> 1) ^ (y & 1 ? MATRIX_A : 0);
    self->renewed = place + 1;
}

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

/* As init_by_array, which takes keys of any length. */
static void
init_by_short_array(RandomObject *self, const uint32_t key[], size_t length)
{
    static uint32_t first[N];
    uint32_t *mt = self->state;
    uint32_t last, i;
    uint32_t j = 0;

    if (first[0] == 0) {
        init_genrand(self, 19650218U);
        memcpy(first, mt, sizeof first);
    }
    last = first[0];
#pragma clang loop unroll_count(7)
    for (i = 1; i < N; i++) {
        mt[i] = last = (first[i] ^ ((last ^ (last >> 30)) * 1664525U)) + key[j] + j;
        j = j + 1 < length ? j + 1 : 0;
    }
    mt[1] = last = (mt[1] ^ ((last ^ (last >> 30)) * 1664525U)) + key[j] + j;
#pragma clang loop unroll_count(7)
    for (i = 2; i < N; i++)
        mt[i] = last = (mt[i] ^ ((last ^ (last >> 30)) * 1566083941U)) - i;
    mt[1] = (mt[1] ^ ((last ^ (last >> 30)) * 1566083941U)) - 1;
    mt[0] = 0x80000000U;
    self->index = N;
}

static void
seed_now(RandomObject *self)
{
    uint32_t key[N];
    size_t length = (size_t)(self->index - N);

    if (length <= N) {
        memcpy(key, self->state, length * sizeof *key);
        init_by_short_array(self, key, length);
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
_BEFORE_TELLING = """\
    for (int place = self->renewed; self->index < N && place < N; place++)
        renew(self, place);
"""

_DRAW = "/* generates a random number on [0,0xffffffff]-interval */\n"
_REFILL = """\
    static const uint32_t mag01[2] = {0x0U, MATRIX_A};
    /* mag01[x] = x * MATRIX_A  for x=0,1 */
    uint32_t *mt;

    mt = self->state;
    if (self->index >= N) { /* generate N words at one time */
        int kk;

        for (kk=0;kk<N-M;kk++) {
            y = (mt[kk]&UPPER_MASK)|(mt[kk+1]&LOWER_MASK);
            mt[kk] = mt[kk+M] ^ (y >> 1) ^ mag01[y & 0x1U];
        }
        for (;kk<N-1;kk++) {
            y = (mt[kk]&UPPER_MASK)|(mt[kk+1]&LOWER_MASK);
            mt[kk] = mt[kk+(M-N)] ^ (y >> 1) ^ mag01[y & 0x1U];
        }
        y = (mt[N-1]&UPPER_MASK)|(mt[0]&LOWER_MASK);
        mt[N-1] = mt[M-1] ^ (y >> 1) ^ mag01[y & 0x1U];

        self->index = 0;
    }
"""
_RENEW = """\
    uint32_t *mt = self->state;

    if (self->index == N)
        self->index = self->renewed = 0;
    if (self->index >= self->renewed)
        renew(self, self->index);
"""
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
_SET_INDEX = "    self->index = (int)index;\n"

LATE_SEEDS = [
    (_FIELDS, _MORE_FIELDS),
    (_DRAW, _DECLARED + _DRAW),
    (_REFILL, _BEFORE_DRAWING + _RENEW),
    (_SEED, _NOW + _SEED),
    (_BY_URANDOM, "        seed_later_by_urandom(self);\n        return 0;\n"),
    (_BY_KEY, _LATER_BY_KEY),
    (_STATE, _BEFORE_DRAWING + _BEFORE_TELLING + _STATE),
    (_SET_INDEX, _SET_INDEX + "    self->renewed = N;\n"),
]
"""In ``Modules/_randommodule.c``: what is replaced, and by what."""
