/* The level of the ABI that this module is for, and the host's functions above level 10.0. */
#ifndef STDBPY_ABI_LEVELS_H
#define STDBPY_ABI_LEVELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 for spacetime_10.0 to 6 for spacetime_10.6. Set while building; the functions of higher levels are never called. */
extern uint32_t abi_level;

/* Whether the module may call functions of that level; if not, raises a Python exception that names the function. */
bool abi_level_is_at_least(uint32_t level, const char *function);

int32_t abi_bytes_source_remaining_length(uint32_t source, uint32_t *length);
int32_t abi_get_jwt(const uint8_t *connection_id, uint32_t *source);
int64_t abi_procedure_sleep_until(int64_t wake_at_micros);
int32_t abi_procedure_start_mut_tx(int64_t *micros);
int32_t abi_procedure_commit_mut_tx(void);
int32_t abi_procedure_abort_mut_tx(void);
int32_t abi_procedure_http_request(const uint8_t *request, uint32_t request_length, const uint8_t *body,
                                   uint32_t body_length, uint32_t sources[2]);
int32_t abi_datastore_index_scan_point_bsatn(uint32_t index_id, const uint8_t *point, size_t length,
                                             uint32_t *iterator);
int32_t abi_datastore_delete_by_index_scan_point_bsatn(uint32_t index_id, const uint8_t *point, size_t length,
                                                       uint32_t *deleted);
int32_t abi_datastore_clear(uint32_t table_id, uint64_t *deleted);
int32_t abi_env_get(const char *key, size_t length, uint32_t *source);

#endif
