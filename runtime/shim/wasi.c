/* Stand-ins for WASI, which SpacetimeDB does not offer: C's library calls these instead of importing them.
 *
 * There are no files, no sockets and no other programs. The clock shows what it was set to, random bytes follow from
 * a seed, and what C itself writes to its standard streams (a fatal error of the interpreter) goes to the log.
 */
#include <errno.h>
#include <string.h>
#include <wasi/api.h>

#include "build_time_values.h"
#include "host_imports.h"
#include "wasi_state.h"

enum { LOG_ERROR = 0, LOG_INFO = 2 };

uint64_t clock_nanoseconds;

static uint64_t random_state;

void seed_random_bytes(uint64_t seed) { random_state = seed; }

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(void) {
    uint64_t value = random_state += 0x9E3779B97F4A7C15;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
}

__wasi_errno_t __wasi_random_get(uint8_t *buffer, __wasi_size_t length) {
    tell_of_use("chance");
    while (length > 0) {
        uint64_t value = next_random();
        __wasi_size_t count = length < sizeof value ? length : sizeof value;
        memcpy(buffer, &value, count);
        buffer += count;
        length -= count;
    }
    return __WASI_ERRNO_SUCCESS;
}

/* What timeouts are measured by goes on by a microsecond each time that somebody looks: who looks until some time is
 * over comes to an end. It never goes back. */
static uint64_t timeouts_nanoseconds;

static uint64_t read_clock_of_timeouts(void) {
    enum { STEP = 1000 };
    if (timeouts_nanoseconds < clock_nanoseconds)
        timeouts_nanoseconds = clock_nanoseconds;
    uint64_t now = timeouts_nanoseconds;
    pass_time(STEP);
    return now;
}

void pass_time(uint64_t nanoseconds) {
    const uint64_t latest = INT64_MAX; /* that Python has numbers for */
    uint64_t left = timeouts_nanoseconds < latest ? latest - timeouts_nanoseconds : 0;
    timeouts_nanoseconds += nanoseconds < left ? nanoseconds : left;
}

__wasi_errno_t __wasi_clock_time_get(__wasi_clockid_t clock, __wasi_timestamp_t precision, __wasi_timestamp_t *time) {
    (void)precision;
    tell_of_use("time");
    *time = clock == __WASI_CLOCKID_REALTIME ? clock_nanoseconds : read_clock_of_timeouts();
    return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_clock_res_get(__wasi_clockid_t clock, __wasi_timestamp_t *resolution) {
    (void)clock;
    *resolution = 1000;
    return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_fd_write(__wasi_fd_t file, const __wasi_ciovec_t *parts, size_t count, __wasi_size_t *written) {
    if (file != 1 && file != 2)
        return __WASI_ERRNO_BADF;
    *written = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].buf_len > 0)
            host_console_log(file == 2 ? LOG_ERROR : LOG_INFO, NULL, 0, NULL, 0, UINT32_MAX, (const char *)parts[i].buf,
                             parts[i].buf_len);
        *written += parts[i].buf_len;
    }
    return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_args_sizes_get(__wasi_size_t *count, __wasi_size_t *size) {
    *count = *size = 0;
    return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_environ_sizes_get(__wasi_size_t *count, __wasi_size_t *size) {
    *count = *size = 0;
    return __WASI_ERRNO_SUCCESS;
}

_Noreturn void __wasi_proc_exit(__wasi_exitcode_t code) {
    (void)code;
    __builtin_trap();
}

/* wasi-libc has no close without the table of files that it keeps for sockets. */
int close(int file) {
    (void)file;
    errno = EBADF;
    return -1;
}

/* --- what there is not ------------------------------------------------------------------------------------------ */

#pragma clang diagnostic ignored "-Wunused-parameter"

#define ALWAYS(result, name, ...)                                                                                      \
    __wasi_errno_t __wasi_##name(__VA_ARGS__) { return __WASI_ERRNO_##result; }

typedef __wasi_fd_t Fd;
typedef __wasi_size_t Size;
typedef __wasi_filesize_t FileSize;
typedef __wasi_timestamp_t Time;

ALWAYS(SUCCESS, args_get, uint8_t **arguments, uint8_t *buffer)
ALWAYS(SUCCESS, environ_get, uint8_t **variables, uint8_t *buffer)
ALWAYS(SUCCESS, sched_yield, void)

ALWAYS(BADF, fd_advise, Fd file, FileSize offset, FileSize length, __wasi_advice_t advice)
ALWAYS(BADF, fd_allocate, Fd file, FileSize offset, FileSize length)
ALWAYS(BADF, fd_close, Fd file)
ALWAYS(BADF, fd_datasync, Fd file)
ALWAYS(BADF, fd_fdstat_get, Fd file, __wasi_fdstat_t *status)
ALWAYS(BADF, fd_fdstat_set_flags, Fd file, __wasi_fdflags_t flags)
ALWAYS(BADF, fd_fdstat_set_rights, Fd file, __wasi_rights_t base, __wasi_rights_t inheriting)
ALWAYS(BADF, fd_filestat_get, Fd file, __wasi_filestat_t *status)
ALWAYS(BADF, fd_filestat_set_size, Fd file, FileSize size)
ALWAYS(BADF, fd_filestat_set_times, Fd file, Time accessed, Time modified, __wasi_fstflags_t flags)
ALWAYS(BADF, fd_pread, Fd file, const __wasi_iovec_t *parts, size_t count, FileSize offset, Size *read)
ALWAYS(BADF, fd_prestat_get, Fd file, __wasi_prestat_t *status)
ALWAYS(BADF, fd_prestat_dir_name, Fd file, uint8_t *path, Size length)
ALWAYS(BADF, fd_pwrite, Fd file, const __wasi_ciovec_t *parts, size_t count, FileSize offset, Size *written)
ALWAYS(BADF, fd_read, Fd file, const __wasi_iovec_t *parts, size_t count, Size *read)
ALWAYS(BADF, fd_readdir, Fd file, uint8_t *buffer, Size length, __wasi_dircookie_t cookie, Size *used)
ALWAYS(BADF, fd_renumber, Fd file, Fd to)
ALWAYS(BADF, fd_seek, Fd file, __wasi_filedelta_t offset, __wasi_whence_t whence, FileSize *place)
ALWAYS(BADF, fd_sync, Fd file)
ALWAYS(BADF, fd_tell, Fd file, FileSize *place)

ALWAYS(NOENT, path_create_directory, Fd folder, const char *path)
ALWAYS(NOENT, path_filestat_get, Fd folder, __wasi_lookupflags_t flags, const char *path, __wasi_filestat_t *status)
ALWAYS(NOENT, path_filestat_set_times, Fd folder, __wasi_lookupflags_t flags, const char *path, Time accessed,
       Time modified, __wasi_fstflags_t times)
ALWAYS(NOENT, path_link, Fd folder, __wasi_lookupflags_t flags, const char *path, Fd new_folder, const char *new_path)
ALWAYS(NOENT, path_open, Fd folder, __wasi_lookupflags_t flags, const char *path, __wasi_oflags_t how,
       __wasi_rights_t base, __wasi_rights_t inheriting, __wasi_fdflags_t file_flags, Fd *file)
ALWAYS(NOENT, path_readlink, Fd folder, const char *path, uint8_t *buffer, Size length, Size *used)
ALWAYS(NOENT, path_remove_directory, Fd folder, const char *path)
ALWAYS(NOENT, path_rename, Fd folder, const char *path, Fd new_folder, const char *new_path)
ALWAYS(NOENT, path_symlink, const char *to, Fd folder, const char *path)
ALWAYS(NOENT, path_unlink_file, Fd folder, const char *path)

ALWAYS(NOSYS, poll_oneoff, const __wasi_subscription_t *in, __wasi_event_t *out, Size count, Size *happened)
ALWAYS(NOSYS, sock_accept, Fd socket, __wasi_fdflags_t flags, Fd *accepted)
ALWAYS(NOSYS, sock_recv, Fd socket, const __wasi_iovec_t *parts, size_t count, __wasi_riflags_t flags, Size *read,
       __wasi_roflags_t *read_flags)
ALWAYS(NOSYS, sock_send, Fd socket, const __wasi_ciovec_t *parts, size_t count, __wasi_siflags_t flags, Size *sent)
ALWAYS(NOSYS, sock_shutdown, Fd socket, __wasi_sdflags_t how)
