/* _spacetimedb: tables, indexes and rows. What the functions mean is told by stdbpy.module.host.Host. */
#include "abi_levels.h"
#include "arguments.h"
#include "byte_streams.h"
#include "host_calls.h"
#include "host_errors.h"
#include "host_imports.h"
#include "scan_iterator.h"

typedef PyObject *const *Arguments;

static PyObject *table_id_from_name(PyObject *Py_UNUSED(module), PyObject *argument) {
    Slice name;
    uint32_t table_id;
    if (!as_text(argument, &name))
        return NULL;
    int32_t result = host_table_id_from_name((const char *)name.bytes, name.length, &table_id);
    return failed(result) ? raise_host_error(result, "table_id_from_name") : PyLong_FromUnsignedLong(table_id);
}

static PyObject *index_id_from_name(PyObject *Py_UNUSED(module), PyObject *argument) {
    Slice name;
    uint32_t index_id;
    if (!as_text(argument, &name))
        return NULL;
    int32_t result = host_index_id_from_name((const char *)name.bytes, name.length, &index_id);
    return failed(result) ? raise_host_error(result, "index_id_from_name") : PyLong_FromUnsignedLong(index_id);
}

static PyObject *row_count(PyObject *Py_UNUSED(module), PyObject *argument) {
    uint32_t table_id;
    uint64_t count;
    if (!as_u32(argument, &table_id))
        return NULL;
    int32_t result = host_datastore_table_row_count(table_id, &count);
    return failed(result) ? raise_host_error(result, "datastore_table_row_count") : PyLong_FromUnsignedLongLong(count);
}

static PyObject *clear(PyObject *Py_UNUSED(module), PyObject *argument) {
    uint32_t table_id;
    uint64_t deleted;
    if (!abi_level_is_at_least(5, "datastore_clear") || !as_u32(argument, &table_id))
        return NULL;
    int32_t result = abi_datastore_clear(table_id, &deleted);
    return failed(result) ? raise_host_error(result, "datastore_clear") : PyLong_FromUnsignedLongLong(deleted);
}

/* --- scans ------------------------------------------------------------------------------------------------------ */

static PyObject *table_scan(PyObject *Py_UNUSED(module), PyObject *argument) {
    uint32_t table_id, iterator;
    if (!as_u32(argument, &table_id))
        return NULL;
    int32_t result = host_datastore_table_scan_bsatn(table_id, &iterator);
    return failed(result) ? raise_host_error(result, "datastore_table_scan_bsatn") : scan_iterator(iterator);
}

typedef struct {
    uint32_t index_id;
    Slice point;
} PointArguments;

static bool as_point(const char *function, Arguments arguments, Py_ssize_t count, PointArguments *point) {
    return abi_level_is_at_least(4, function) && has_count(function, count, 2) &&
           as_u32(arguments[0], &point->index_id) && as_slice(arguments[1], &point->point);
}

static PyObject *point_scan(PyObject *Py_UNUSED(module), Arguments arguments, Py_ssize_t count) {
    static const char name[] = "datastore_index_scan_point_bsatn";
    PointArguments at;
    uint32_t iterator;
    if (!as_point(name, arguments, count, &at))
        return NULL;
    int32_t result = abi_datastore_index_scan_point_bsatn(at.index_id, at.point.bytes, at.point.length, &iterator);
    return failed(result) ? raise_host_error(result, name) : scan_iterator(iterator);
}

static PyObject *point_delete(PyObject *Py_UNUSED(module), Arguments arguments, Py_ssize_t count) {
    static const char name[] = "datastore_delete_by_index_scan_point_bsatn";
    PointArguments at;
    uint32_t deleted;
    if (!as_point(name, arguments, count, &at))
        return NULL;
    int32_t result =
        abi_datastore_delete_by_index_scan_point_bsatn(at.index_id, at.point.bytes, at.point.length, &deleted);
    return failed(result) ? raise_host_error(result, name) : PyLong_FromUnsignedLong(deleted);
}

typedef struct {
    uint32_t index_id, prefix_elements;
    Slice prefix, start, end;
} RangeArguments;

static bool as_range(const char *function, Arguments arguments, Py_ssize_t count, RangeArguments *range) {
    return has_count(function, count, 5) && as_u32(arguments[0], &range->index_id) &&
           as_slice(arguments[1], &range->prefix) && as_u32(arguments[2], &range->prefix_elements) &&
           as_slice(arguments[3], &range->start) && as_slice(arguments[4], &range->end);
}

static PyObject *range_scan(PyObject *Py_UNUSED(module), Arguments arguments, Py_ssize_t count) {
    static const char name[] = "datastore_index_scan_range_bsatn";
    RangeArguments of;
    uint32_t iterator;
    if (!as_range(name, arguments, count, &of))
        return NULL;
    int32_t result =
        host_datastore_index_scan_range_bsatn(of.index_id, of.prefix.bytes, of.prefix.length, of.prefix_elements,
                                              of.start.bytes, of.start.length, of.end.bytes, of.end.length, &iterator);
    return failed(result) ? raise_host_error(result, name) : scan_iterator(iterator);
}

static PyObject *range_delete(PyObject *Py_UNUSED(module), Arguments arguments, Py_ssize_t count) {
    static const char name[] = "datastore_delete_by_index_scan_range_bsatn";
    RangeArguments of;
    uint32_t deleted;
    if (!as_range(name, arguments, count, &of))
        return NULL;
    int32_t result = host_datastore_delete_by_index_scan_range_bsatn(
        of.index_id, of.prefix.bytes, of.prefix.length, of.prefix_elements, of.start.bytes, of.start.length,
        of.end.bytes, of.end.length, &deleted);
    return failed(result) ? raise_host_error(result, name) : PyLong_FromUnsignedLong(deleted);
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

static PyObject *delete_all(PyObject *Py_UNUSED(module), Arguments arguments, Py_ssize_t count) {
    static const char name[] = "datastore_delete_all_by_eq_bsatn";
    uint32_t table_id, deleted;
    Slice rows;
    if (!has_count(name, count, 2) || !as_u32(arguments[0], &table_id) || !as_slice(arguments[1], &rows))
        return NULL;
    int32_t result = host_datastore_delete_all_by_eq_bsatn(table_id, rows.bytes, rows.length, &deleted);
    return failed(result) ? raise_host_error(result, name) : PyLong_FromUnsignedLong(deleted);
}

/* A copy of a row that the host may write to: in the scratch buffer if it fits. */
static uint8_t *writable_copy(Slice row) {
    uint8_t *copy = row.length <= SCRATCH_SIZE ? scratch : PyMem_Malloc(row.length);
    if (copy == NULL)
        PyErr_NoMemory();
    else
        memcpy(copy, row.bytes, row.length);
    return copy;
}

/* The values that the host generated, which stand where the row stood. */
static PyObject *generated_values(int32_t result, const char *function, uint8_t *copy, size_t length) {
    PyObject *values = failed(result) ? raise_host_error(result, function)
                                      : PyBytes_FromStringAndSize((const char *)copy, (Py_ssize_t)length);
    if (copy != scratch)
        PyMem_Free(copy);
    return values;
}

static PyObject *insert(PyObject *Py_UNUSED(module), Arguments arguments, Py_ssize_t count) {
    static const char name[] = "datastore_insert_bsatn";
    uint32_t table_id;
    Slice row;
    if (!has_count(name, count, 2) || !as_u32(arguments[0], &table_id) || !as_slice(arguments[1], &row))
        return NULL;
    uint8_t *copy = writable_copy(row);
    if (copy == NULL)
        return NULL;
    size_t length = row.length;
    int32_t result = host_datastore_insert_bsatn(table_id, copy, &length);
    return generated_values(result, name, copy, length);
}

static PyObject *update(PyObject *Py_UNUSED(module), Arguments arguments, Py_ssize_t count) {
    static const char name[] = "datastore_update_bsatn";
    uint32_t table_id, index_id;
    Slice row;
    if (!has_count(name, count, 3) || !as_u32(arguments[0], &table_id) || !as_u32(arguments[1], &index_id) ||
        !as_slice(arguments[2], &row))
        return NULL;
    uint8_t *copy = writable_copy(row);
    if (copy == NULL)
        return NULL;
    size_t length = row.length;
    int32_t result = host_datastore_update_bsatn(table_id, index_id, copy, &length);
    return generated_values(result, name, copy, length);
}

#define FAST(function) ((PyCFunction)(void (*)(void))(function))

PyMethodDef table_methods[] = {
    {"table_id_from_name", table_id_from_name, METH_O, NULL},
    {"index_id_from_name", index_id_from_name, METH_O, NULL},
    {"datastore_table_row_count", row_count, METH_O, NULL},
    {"datastore_clear", clear, METH_O, NULL},
    {"datastore_table_scan_bsatn", table_scan, METH_O, NULL},
    {"datastore_index_scan_point_bsatn", FAST(point_scan), METH_FASTCALL, NULL},
    {"datastore_delete_by_index_scan_point_bsatn", FAST(point_delete), METH_FASTCALL, NULL},
    {"datastore_index_scan_range_bsatn", FAST(range_scan), METH_FASTCALL, NULL},
    {"datastore_delete_by_index_scan_range_bsatn", FAST(range_delete), METH_FASTCALL, NULL},
    {"datastore_delete_all_by_eq_bsatn", FAST(delete_all), METH_FASTCALL, NULL},
    {"datastore_insert_bsatn", FAST(insert), METH_FASTCALL, NULL},
    {"datastore_update_bsatn", FAST(update), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
