/* The host's functions above level 10.0, each imported here and called by one function of this file.
 *
 * Each of those is exported as "abi 10.N NAME" and never inlined: in a module for an older host, the build replaces
 * its body, and then nothing is left that calls the import.
 */
#include "abi_levels.h"

#include <Python.h>

#include "host_imports.h"

uint32_t abi_level;

bool abi_level_is_at_least(uint32_t level, const char *function) {
    if (abi_level >= level)
        return true;
    PyErr_Format(PyExc_RuntimeError, "%s needs spacetime_10.%u of the host; this module is built for spacetime_10.%u",
                 function, (unsigned)level, (unsigned)abi_level);
    return false;
}

#define ONLY_CALLER(level, name) __attribute__((noinline, export_name("abi " level " " #name)))

HOST_IMPORT("10.1", bytes_source_remaining_length)
int32_t host_bytes_source_remaining_length(uint32_t source, uint32_t *length);

ONLY_CALLER("10.1", bytes_source_remaining_length)
int32_t abi_bytes_source_remaining_length(uint32_t source, uint32_t *length) {
    return host_bytes_source_remaining_length(source, length);
}

HOST_IMPORT("10.2", get_jwt)
int32_t host_get_jwt(const uint8_t *connection_id, uint32_t *source);

ONLY_CALLER("10.2", get_jwt)
int32_t abi_get_jwt(const uint8_t *connection_id, uint32_t *source) { return host_get_jwt(connection_id, source); }

HOST_IMPORT("10.3", procedure_sleep_until)
int64_t host_procedure_sleep_until(int64_t wake_at_micros);

ONLY_CALLER("10.3", procedure_sleep_until)
int64_t abi_procedure_sleep_until(int64_t wake_at_micros) { return host_procedure_sleep_until(wake_at_micros); }

HOST_IMPORT("10.3", procedure_start_mut_tx)
int32_t host_procedure_start_mut_tx(int64_t *micros);

ONLY_CALLER("10.3", procedure_start_mut_tx)
int32_t abi_procedure_start_mut_tx(int64_t *micros) { return host_procedure_start_mut_tx(micros); }

HOST_IMPORT("10.3", procedure_commit_mut_tx)
int32_t host_procedure_commit_mut_tx(void);

ONLY_CALLER("10.3", procedure_commit_mut_tx)
int32_t abi_procedure_commit_mut_tx(void) { return host_procedure_commit_mut_tx(); }

HOST_IMPORT("10.3", procedure_abort_mut_tx)
int32_t host_procedure_abort_mut_tx(void);

ONLY_CALLER("10.3", procedure_abort_mut_tx)
int32_t abi_procedure_abort_mut_tx(void) { return host_procedure_abort_mut_tx(); }

HOST_IMPORT("10.3", procedure_http_request)
int32_t host_procedure_http_request(const uint8_t *request, uint32_t request_length, const uint8_t *body,
                                    uint32_t body_length, uint32_t sources[2]);

ONLY_CALLER("10.3", procedure_http_request)
int32_t abi_procedure_http_request(const uint8_t *request, uint32_t request_length, const uint8_t *body,
                                   uint32_t body_length, uint32_t sources[2]) {
    return host_procedure_http_request(request, request_length, body, body_length, sources);
}

HOST_IMPORT("10.4", datastore_index_scan_point_bsatn)
int32_t host_datastore_index_scan_point_bsatn(uint32_t index_id, const uint8_t *point, size_t length,
                                              uint32_t *iterator);

ONLY_CALLER("10.4", datastore_index_scan_point_bsatn)
int32_t abi_datastore_index_scan_point_bsatn(uint32_t index_id, const uint8_t *point, size_t length,
                                             uint32_t *iterator) {
    return host_datastore_index_scan_point_bsatn(index_id, point, length, iterator);
}

HOST_IMPORT("10.4", datastore_delete_by_index_scan_point_bsatn)
int32_t host_datastore_delete_by_index_scan_point_bsatn(uint32_t index_id, const uint8_t *point, size_t length,
                                                        uint32_t *deleted);

ONLY_CALLER("10.4", datastore_delete_by_index_scan_point_bsatn)
int32_t abi_datastore_delete_by_index_scan_point_bsatn(uint32_t index_id, const uint8_t *point, size_t length,
                                                       uint32_t *deleted) {
    return host_datastore_delete_by_index_scan_point_bsatn(index_id, point, length, deleted);
}

HOST_IMPORT("10.5", datastore_clear)
int32_t host_datastore_clear(uint32_t table_id, uint64_t *deleted);

ONLY_CALLER("10.5", datastore_clear)
int32_t abi_datastore_clear(uint32_t table_id, uint64_t *deleted) { return host_datastore_clear(table_id, deleted); }

HOST_IMPORT("10.6", env_get)
int32_t host_env_get(const char *key, size_t length, uint32_t *source);

ONLY_CALLER("10.6", env_get)
int32_t abi_env_get(const char *key, size_t length, uint32_t *source) { return host_env_get(key, length, source); }
