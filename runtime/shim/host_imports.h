/* What SpacetimeDB offers a WebAssembly module (crates/bindings-sys): the functions that this shim calls.
 *
 * A function belongs to the level of the ABI at which it was added; a host that is older than a level does not start
 * a module that imports it. So what is above level 10.0 is called in abi_levels.c alone.
 *
 * Errors are 16-bit numbers, 0 for none: of a result only the low half means something.
 */
#ifndef STDBPY_HOST_IMPORTS_H
#define STDBPY_HOST_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool failed(int32_t result) { return (uint16_t)result != 0; }

#define HOST_IMPORT(level, name) __attribute__((import_module("spacetime_" level), import_name(#name))) extern

HOST_IMPORT("10.0", table_id_from_name)
int32_t host_table_id_from_name(const char *name, size_t length, uint32_t *table_id);

HOST_IMPORT("10.0", index_id_from_name)
int32_t host_index_id_from_name(const char *name, size_t length, uint32_t *index_id);

HOST_IMPORT("10.0", datastore_table_row_count)
int32_t host_datastore_table_row_count(uint32_t table_id, uint64_t *count);

HOST_IMPORT("10.0", datastore_table_scan_bsatn)
int32_t host_datastore_table_scan_bsatn(uint32_t table_id, uint32_t *iterator);

HOST_IMPORT("10.0", datastore_index_scan_range_bsatn)
int32_t host_datastore_index_scan_range_bsatn(uint32_t index_id, const uint8_t *prefix, size_t prefix_length,
                                              uint32_t prefix_elements, const uint8_t *start, size_t start_length,
                                              const uint8_t *end, size_t end_length, uint32_t *iterator);

HOST_IMPORT("10.0", datastore_delete_by_index_scan_range_bsatn)
int32_t host_datastore_delete_by_index_scan_range_bsatn(uint32_t index_id, const uint8_t *prefix, size_t prefix_length,
                                                        uint32_t prefix_elements, const uint8_t *start,
                                                        size_t start_length, const uint8_t *end, size_t end_length,
                                                        uint32_t *deleted);

/* On success -1 says that these were the last rows, and the iterator is gone. */
HOST_IMPORT("10.0", row_iter_bsatn_advance)
int32_t host_row_iter_bsatn_advance(uint32_t iterator, uint8_t *buffer, size_t *length);

HOST_IMPORT("10.0", row_iter_bsatn_close)
int32_t host_row_iter_bsatn_close(uint32_t iterator);

/* The generated values come back in the row's own buffer. */
HOST_IMPORT("10.0", datastore_insert_bsatn)
int32_t host_datastore_insert_bsatn(uint32_t table_id, uint8_t *row, size_t *length);

HOST_IMPORT("10.0", datastore_update_bsatn)
int32_t host_datastore_update_bsatn(uint32_t table_id, uint32_t index_id, uint8_t *row, size_t *length);

HOST_IMPORT("10.0", datastore_delete_all_by_eq_bsatn)
int32_t host_datastore_delete_all_by_eq_bsatn(uint32_t table_id, const uint8_t *rows, size_t length, uint32_t *deleted);

/* On success -1 says that the source is read to its end, and gone. */
HOST_IMPORT("10.0", bytes_source_read)
int32_t host_bytes_source_read(uint32_t source, uint8_t *buffer, size_t *length);

HOST_IMPORT("10.0", bytes_sink_write)
int32_t host_bytes_sink_write(uint32_t sink, const uint8_t *buffer, size_t *length);

/* A pointer may be NULL, and the line UINT32_MAX, for something that is not known. */
HOST_IMPORT("10.0", console_log)
void host_console_log(uint32_t level, const char *target, size_t target_length, const char *file, size_t file_length,
                      uint32_t line, const char *message, size_t message_length);

HOST_IMPORT("10.0", identity)
void host_identity(uint8_t *identity);

#endif
