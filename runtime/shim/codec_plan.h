/* What a codec goes by: the shape of a type, as stdbpy.sats.bsatn_builtin tells it in tuples, taken apart once. */
#ifndef STDBPY_CODEC_PLAN_H
#define STDBPY_CODEC_PLAN_H

#include <Python.h>
#include <stdbool.h>

typedef enum {
    BOOL,
    INT,
    FLOAT,
    TEXT,
    BYTES,
    REVERSED_BYTES, /* Identity, ConnectionId */
    TIME,           /* Timestamp, TimeDuration */
    UUID,
    LIST,
    OPTION,
    RESULT,
    TUPLE,
    RECORD,
    MEMBERS,
    CLASSES,
    VARIANTS,
    CALL,
    KINDS
} Kind;

typedef struct Node Node;

struct Node {
    uint8_t kind;
    bool is_signed;   /* INT */
    bool is_plain;    /* RECORD: a new instance needs no more than its fields */
    uint32_t size;    /* of the value in bytes; LIST: the least that an element takes; CALL: which one */
    uint32_t count;   /* of the parts */
    Node *parts;      /* TUPLE, RECORD: fields; LIST, OPTION: one; RESULT: two; CLASSES, VARIANTS: payloads */
    PyObject *class;  /* of the values; OPTION: of a wrapped one, or NULL; RESULT: of the first */
    PyObject *other;  /* TIME: the class that looks alike; RESULT: of the second */
    PyObject *names;  /* TUPLE, RECORD: of the fields; MEMBERS, CLASSES: these; VARIANTS: labels */
    PyObject *units;  /* CLASSES, VARIANTS: the values of those without payload, None for the others */
    uint32_t *places; /* RECORD: where instances have their fields, or NULL */
};

typedef struct {
    Node root;
    Node *called; /* types that are inside each other */
    uint32_t called_count;
    PyObject *bad;         /* what is raised for what does not fit */
    PyObject *as_bytes;    /* what else is taken for bytes, */
    PyObject *as_sequence; /* for an array, */
    PyObject *elements_of; /* and for a product: see stdbpy.sats.accepting */
    PyObject *uuid_from_int;
    uint32_t depth_limit;
    uint32_t empty_limit; /* the length of an array of elements without bytes */
} Plan;

/* False, and a Python exception, if it is none. What it refers to lives on with it. */
bool read_plan(Plan *plan, PyObject *root, PyObject *called, PyObject *parts);

void free_plan(Plan *plan);

/* Raises what is raised for a value, or for bytes, that do not fit. Gives false. */
bool raise_bad(const Plan *plan);

#endif
