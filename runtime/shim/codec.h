/* Codecs for BSATN: what stdbpy.sats generates in Python elsewhere, in C. */
#ifndef STDBPY_CODEC_H
#define STDBPY_CODEC_H

#include <Python.h>
#include <stdbool.h>

/* _spacetimedb.Codec(root, called, parts): see codec_plan.h. */
bool add_codec_type(PyObject *module);

#endif
