#include "byte_streams.h"

#include "abi_levels.h"
#include "host_errors.h"
#include "host_imports.h"

uint8_t scratch[SCRATCH_SIZE];

enum { EXHAUSTED = -1 };

/* The rest of a source behind the bytes in the scratch buffer. */
static PyObject *read_long_source(uint32_t source, size_t already_read) {
    size_t capacity = 2 * SCRATCH_SIZE;
    uint32_t remaining;
    if (abi_level >= 1 && !failed(abi_bytes_source_remaining_length(source, &remaining)))
        capacity = already_read + remaining + 1; /* the host says that this was the end when there is room left */
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)capacity);
    if (bytes == NULL)
        return NULL;
    memcpy(PyBytes_AS_STRING(bytes), scratch, already_read);
    for (size_t length = already_read;;) {
        size_t count = capacity - length;
        int16_t result = (int16_t)host_bytes_source_read(source, (uint8_t *)PyBytes_AS_STRING(bytes) + length, &count);
        if (result > 0) {
            Py_DECREF(bytes);
            return raise_host_error(result, "bytes_source_read");
        }
        length += count;
        if (result == EXHAUSTED) {
            _PyBytes_Resize(&bytes, (Py_ssize_t)length);
            return bytes;
        }
        if (length == capacity) {
            capacity *= 2;
            if (_PyBytes_Resize(&bytes, (Py_ssize_t)capacity) < 0)
                return NULL;
        }
    }
}

PyObject *read_source(uint32_t source) {
    if (source == 0)
        return PyBytes_FromStringAndSize(NULL, 0);
    for (size_t length = 0;;) {
        size_t count = SCRATCH_SIZE - length;
        int16_t result = (int16_t)host_bytes_source_read(source, scratch + length, &count);
        if (result > 0)
            return raise_host_error(result, "bytes_source_read");
        length += count;
        if (result == EXHAUSTED)
            return PyBytes_FromStringAndSize((const char *)scratch, (Py_ssize_t)length);
        if (length == SCRATCH_SIZE)
            return read_long_source(source, length);
    }
}

PyObject *read_source_as_text(uint32_t source) {
    PyObject *bytes = read_source(source);
    if (bytes == NULL)
        return NULL;
    PyObject *text = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes), "replace");
    Py_DECREF(bytes);
    return text;
}

bool write_sink(uint32_t sink, const void *bytes, size_t length) {
    const uint8_t *rest = bytes;
    while (length > 0) {
        size_t count = length;
        int32_t result = host_bytes_sink_write(sink, rest, &count);
        if (failed(result)) {
            raise_host_error(result, "bytes_sink_write");
            return false;
        }
        rest += count;
        length -= count;
    }
    return true;
}
