// SPDX-License-Identifier: MIT
//
// The C interface to sysfd, for C (C99 or newer), old C++ (C++98 or newer) and other languages.
//
//     sysfd_command *sort;
//     sysfd_child *child;
//     sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
//     int32_t status;
//     if (sysfd_command_new("sort", &sort) < 0) return 1;
//     sysfd_command_arg(sort, "-u");
//     sysfd_command_stdin_from_borrow(sort, input);      // stays the caller's
//     sysfd_command_pass_take(sort, socket, 3);          // becomes the command's
//     if (sysfd_command_spawn(sort, &child, &error) < 0) return complain(error.text);
//     if (sysfd_child_wait(child, &status) == 0) use(status);
//     sysfd_child_free(child);
//     sysfd_command_free(sort);
//
// It is thin: each function calls the function of the C++ interface that has the same name, for
// example sysfd_command_pass_take() calls Command::pass(). The comments of the C++ headers tell
// errors, kernel versions, costs, and what blocks. These rules hold for all functions:
//
// - Descriptors are ints. New ones are close-on-exec, have numbers of 3 or above, and belong to the
//   caller. A function uses a descriptor for the call only, unless its name says otherwise.
// - Names tell who owns a descriptor. `_take`: the function owns the descriptors that it is given
//   from the call on, and closes them if it fails. `_borrow`: the descriptor still belongs to its
//   owner, who keeps it open as long as the object uses it. `_release`: the object gives a
//   descriptor to the caller, who closes it.
// - Results are 0, a new descriptor, a count or an answer (1 for yes, 0 for no), or a negative
//   errno value: -ENOENT. `errno` has no meaning. "Not yet" is an error: -EAGAIN, -ETIMEDOUT or
//   -ECANCELED, as in the C++ interface.
// - Outputs are pointers, the last parameters. They are written on success only; an error struct is
//   written on an error only. A null pointer for a required output is -EINVAL. An error struct, and
//   outputs that say so, may be null. An error struct is about what was tried: it need not be
//   written if the function refuses its own arguments (-EINVAL, -EBADF or -E2BIG for objects,
//   descriptors, options, timeouts) or has no memory (-ENOMEM).
// - Options and larger outputs are structs that begin with their size. SYSFD_..._INIT initializes
//   each. Members that a newer version appends have the default 0. A struct that is larger than the
//   library knows is -E2BIG if the rest of it is not all zeros; in an output the rest is set to
//   zero. A struct that is smaller than in version 0.1 is -EINVAL: it is not initialized. No struct
//   is larger than 4096 bytes: a larger size is -E2BIG, and -EINVAL in an output. A null pointer to
//   options stands for the defaults; where a struct says what to set or to send, it is -EINVAL.
//   Unknown flags, and reserved members that are not 0, are -EINVAL. No struct has padding.
// - Strings are NUL-terminated. Bytes are a pointer and a size. No function takes both for one
//   value. Nothing that the caller passes is used after the call, except borrowed descriptors.
// - Texts are written to a buffer and always end with NUL. The result is the length of the whole
//   text without the NUL: if it is not less than `size`, the text was cut. `buffer` may be null if
//   `size` is 0.
// - Objects are opaque. Each has one function ..._free(), which ignores null pointers. Use an
//   object in one thread at a time, unless it says otherwise. A null pointer to an object is
//   -EINVAL, and so is the use of an object that another function has emptied.
// - A mistake of the caller is an error, and does not stop the program: -EBADF for a negative
//   descriptor, -EINVAL for others.
// - Nothing is thrown: no memory is -ENOMEM. Nothing is printed. No function of the caller runs in
//   a child. No signal handler and no disposition is changed. What belongs to the whole process:
//   the descriptors of socket activation can be taken once, and the numbers that
//   sysfd_reserve_spawn_slots() reserves are for all starts. The environment is read by the starts
//   of programs, as described for the C++ class Command. The functions of socket activation and
//   notification say what they do with it.
#ifndef SYSFD_SYSFD_H
#define SYSFD_SYSFD_H

// NOLINTBEGIN: the checks of clang-tidy are for C++
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The version of this header: major * 1000000 + minor * 1000 + patch.
#define SYSFD_C_VERSION 1000u

// The version of the library, in the same form.
uint32_t sysfd_version(void);

// What the kernel and the seccomp filter of the calling thread allow. Each is the number of a bit.
enum {
  SYSFD_FEATURE_FILE_HANDLES = 0,
  SYSFD_FEATURE_PIDFD_SEND_SIGNAL = 1,
  SYSFD_FEATURE_PIDFD_OPEN = 2,
  SYSFD_FEATURE_WAIT_BY_PIDFD = 3,
  SYSFD_FEATURE_CLONE3 = 4,
  SYSFD_FEATURE_PIDFD_GETFD = 5,
  SYSFD_FEATURE_CLONE_INTO_CGROUP = 6,
  SYSFD_FEATURE_OPENAT2 = 7,
  SYSFD_FEATURE_CLOSE_RANGE = 8,
  SYSFD_FEATURE_PROCESS_MADVISE = 9,
  SYSFD_FEATURE_PROCESS_MRELEASE = 10,
  SYSFD_FEATURE_NOEXEC_SEAL = 11,
  SYSFD_FEATURE_PEER_PIDFD = 12,
  SYSFD_FEATURE_PASS_PIDFD = 13,
  SYSFD_FEATURE_HANDLE_FID = 14,
  SYSFD_FEATURE_STATMOUNT = 15,
  SYSFD_FEATURE_UNIQUE_MOUNT_IDS = 16,
  SYSFD_FEATURE_PIDFS = 17,
  SYSFD_FEATURE_PIDFD_THREAD = 18,
  SYSFD_FEATURE_SIGNAL_SCOPES = 19,
  SYSFD_FEATURE_WRITE_NOAPPEND = 20,
  SYSFD_FEATURE_DUPFD_QUERY = 21,
  SYSFD_FEATURE_KCMP = 22,
  SYSFD_FEATURE_PIDFD_NAMESPACES = 23,
  SYSFD_FEATURE_HANDLE_UNIQUE_MOUNT = 24,
  SYSFD_FEATURE_PIDFD_INFO = 25,
  SYSFD_FEATURE_HANDLE_CONNECTABLE = 26,
  SYSFD_FEATURE_PIDFD_HANDLES = 27,
  SYSFD_FEATURE_PASS_RIGHTS = 28,
  SYSFD_FEATURE_PIDFS_ROOT = 29,
  SYSFD_FEATURE_NSFS_ROOT = 30,
  SYSFD_FEATURE_AUTOREAP = 31,
  SYSFD_FEATURE_AUTOKILL = 32,
  SYSFD_FEATURE_LANDLOCK = 33,
  SYSFD_FEATURE_COUNT = 34
};

// Finds them by harmless system calls, each time anew: bit SYSFD_FEATURE_... of the result is set
// if that feature is there. Starts no process, and changes nothing. Needs some free descriptors:
// what cannot be tried, for example for lack of them, counts as not there.
uint64_t sysfd_features(void);
// Writes a line for each feature: "yes  pidfd_open (Linux 5.3)".
int sysfd_features_text(uint64_t features, char* buffer, size_t size);
// Writes the name of one feature: "pidfd_open".
int sysfd_feature_name(int feature, char* buffer, size_t size);

// How long a function may wait. A null pointer stands for no limit.
typedef struct sysfd_timeout {
  uint32_t size;
  int32_t cancel_fd;    // if this is readable or hung up, the wait ends with -ECANCELED; -1: none
  int64_t nanoseconds;  // 0 or less: polls once; SYSFD_FOREVER: no limit
} sysfd_timeout;
#define SYSFD_FOREVER INT64_MAX
#define SYSFD_TIMEOUT_INIT {sizeof(sysfd_timeout), -1, SYSFD_FOREVER}

// More about an error: a text, and its kind where there are several with one errno value.
typedef struct sysfd_error {
  uint32_t size;
  int32_t code;    // the errno value, positive
  int32_t kind;    // SYSFD_LISTEN_..., SYSFD_SEAL_... or SYSFD_CGROUP_...; otherwise 0
  char text[500];  // a sentence; cut if it is longer
} sysfd_error;
#define SYSFD_ERROR_INIT {sizeof(sysfd_error), 0, 0, {0}}

// Bytes of the caller: the same as struct iovec of <sys/uio.h>.
typedef struct sysfd_bytes {
  void* data;  // functions that write to a file or a process only read it
  size_t size;
} sysfd_bytes;

// ---- ownedfd: <sysfd/owned_fd.hpp>, <sysfd/create.hpp> ----

enum {
  SYSFD_CWD = -100  // AT_FDCWD: the working directory, where a function takes a directory
};

// What a path may lead through: RESOLVE_... of openat2(2).
enum {
  SYSFD_RESOLVE_NO_MOUNT_POINTS = 0x01,
  SYSFD_RESOLVE_NO_MAGIC_LINKS = 0x02,
  SYSFD_RESOLVE_NO_SYMLINKS = 0x04,
  SYSFD_RESOLVE_BENEATH = 0x08,
  SYSFD_RESOLVE_IN_ROOT = 0x10
};

// openat(2): opens a file. `mode` is used if the flags create one.
int sysfd_open(int directory, const char* path, int flags, uint32_t mode);
// openat2(2): the same, with SYSFD_RESOLVE_....
int sysfd_open_resolve(int directory, const char* path, int flags, uint32_t mode, uint64_t resolve);
// Opens /dev/null as each of 0, 1 and 2 that is not open.
int sysfd_open_missing_standard_streams(void);
// pipe2(2): fds[0] is for reading, fds[1] for writing.
int sysfd_pipe(int flags, int fds[2]);
// socketpair(2) of AF_UNIX.
int sysfd_socket_pair(int type, int fds[2]);
// memfd_create(2).
int sysfd_memfd(const char* name, uint32_t flags);
// eventfd(2).
int sysfd_event_fd(uint32_t initial, int flags);
// fcntl(F_DUPFD_CLOEXEC): a second descriptor of the same open file description.
int sysfd_duplicate(int fd);
// dup3(2): makes `number`, which is open, refer to what `source` refers to.
int sysfd_replace(int number, int source);
// close(2), once: reports lost data. The number is free afterwards, also after an error.
int sysfd_close_take(int fd);
// fcntl(F_GETFD): whether the number is open.
int sysfd_is_open(int fd);
// fcntl(F_GETFL), fcntl(F_SETFL): the flag of the open file description, which others may share.
int sysfd_set_nonblocking(int fd, int nonblocking);
int sysfd_is_nonblocking(int fd);
// fcntl(F_GETFD), fcntl(F_SETFD): the flag of this descriptor.
int sysfd_set_close_on_exec(int fd, int close_on_exec);
int sysfd_is_close_on_exec(int fd);

// ---- sharing: <sysfd/description.hpp> ----

// fcntl(F_DUPFD_QUERY), kcmp(2): whether both refer to the same open file description.
int sysfd_same_description(int left, int right);
// open(2) of /proc: opens the same file again, with an offset, flags and locks of its own.
int sysfd_reopen(int fd, int flags);

// ---- sharing: <sysfd/positioned_file.hpp> ----

// A file with a position of its own. The ..._at functions may run in any number of threads.
typedef struct sysfd_positioned_file sysfd_positioned_file;
enum { SYSFD_READ_NOWAIT = 1 };     // RWF_NOWAIT
enum { SYSFD_SYNC_DATA_ONLY = 1 };  // fdatasync(2)
enum { SYSFD_SEEK_START = 0, SYSFD_SEEK_POSITION = 1, SYSFD_SEEK_END = 2 };

// -EINVAL: the position is above INT64_MAX.
int sysfd_positioned_file_take(int fd, uint64_t position, sysfd_positioned_file** file);
// With a new open file description that is shared with nobody: can be written on every kernel. See
// UniqueDescription in <sysfd/description.hpp>.
int sysfd_positioned_file_open(int directory, const char* path, int flags, uint32_t mode,
                               sysfd_positioned_file** file);
int sysfd_positioned_file_memfd(const char* name, uint32_t flags, sysfd_positioned_file** file);
int sysfd_positioned_file_reopen(int fd, int flags, sysfd_positioned_file** file);
void sysfd_positioned_file_free(sysfd_positioned_file* file);

// Return the number of bytes.
int64_t sysfd_positioned_file_read(sysfd_positioned_file* file, void* buffer, size_t size,
                                   uint32_t flags);
int64_t sysfd_positioned_file_write(sysfd_positioned_file* file, const void* data, size_t size);
int64_t sysfd_positioned_file_append(sysfd_positioned_file* file, const void* data, size_t size);
int64_t sysfd_positioned_file_read_at(const sysfd_positioned_file* file, void* buffer, size_t size,
                                      uint64_t offset, uint32_t flags);
int64_t sysfd_positioned_file_write_at(const sysfd_positioned_file* file, const void* data,
                                       size_t size, uint64_t offset);
int64_t sysfd_positioned_file_readv_at(const sysfd_positioned_file* file,
                                       const sysfd_bytes* buffers, size_t count, uint64_t offset,
                                       uint32_t flags);
int64_t sysfd_positioned_file_writev_at(const sysfd_positioned_file* file, const sysfd_bytes* data,
                                        size_t count, uint64_t offset);
// All or an error: -ENODATA if the file ends before.
int sysfd_positioned_file_read_exact(sysfd_positioned_file* file, void* buffer, size_t size);
int sysfd_positioned_file_write_all(sysfd_positioned_file* file, const void* data, size_t size);
int sysfd_positioned_file_read_exact_at(const sysfd_positioned_file* file, void* buffer,
                                        size_t size, uint64_t offset);
int sysfd_positioned_file_write_all_at(const sysfd_positioned_file* file, const void* data,
                                       size_t size, uint64_t offset);
// These three: -EOVERFLOW if the number does not fit. The first returns the new position. `from`:
// SYSFD_SEEK_....
int64_t sysfd_positioned_file_seek(sysfd_positioned_file* file, int64_t offset, int from);
int64_t sysfd_positioned_file_position(const sysfd_positioned_file* file);
int64_t sysfd_positioned_file_size(const sysfd_positioned_file* file);
int sysfd_positioned_file_truncate(const sysfd_positioned_file* file, uint64_t size);
int sysfd_positioned_file_sync(const sysfd_positioned_file* file, uint32_t flags);
int sysfd_positioned_file_fd_borrow(const sysfd_positioned_file* file);
// Empties the object.
int sysfd_positioned_file_fd_release(sysfd_positioned_file* file);

// ---- sharing: <sysfd/description_lock.hpp>, <sysfd/flock_lock.hpp> ----

enum { SYSFD_LOCK_SHARED = 0, SYSFD_LOCK_EXCLUSIVE = 1 };

// A range of bytes. A null pointer, or a length of 0, means: to the end of the file.
typedef struct sysfd_lock_range {
  uint32_t size;
  uint32_t reserved;  // 0
  uint64_t start;
  uint64_t length;
} sysfd_lock_range;
#define SYSFD_LOCK_RANGE_INIT {sizeof(sysfd_lock_range), 0, 0, 0}

// fcntl(F_OFD_SETLK): a lock of an open file description. The object owns a duplicate of the
// descriptor, and unlocks when it is freed.
typedef struct sysfd_description_lock sysfd_description_lock;
int sysfd_description_lock_acquire(int fd, int mode, const sysfd_lock_range* range,
                                   sysfd_description_lock** lock);
int sysfd_description_lock_try_acquire(int fd, int mode, const sysfd_lock_range* range,
                                       sysfd_description_lock** lock);
int sysfd_description_lock_try_acquire_for(int fd, int mode, const sysfd_lock_range* range,
                                           const sysfd_timeout* timeout,
                                           sysfd_description_lock** lock);
// DescriptionLock::adopt(): for a lock that is held already.
int sysfd_description_lock_adopt_take(int fd, int mode, const sysfd_lock_range* range,
                                      sysfd_description_lock** lock);
int sysfd_description_lock_upgrade(sysfd_description_lock* lock);
int sysfd_description_lock_try_upgrade(sysfd_description_lock* lock);
int sysfd_description_lock_try_upgrade_for(sysfd_description_lock* lock,
                                           const sysfd_timeout* timeout);
int sysfd_description_lock_downgrade(sysfd_description_lock* lock);
int sysfd_description_lock_mode(const sysfd_description_lock* lock);
int sysfd_description_lock_range(const sysfd_description_lock* lock, sysfd_lock_range* range);
// Unlocks, and reports errors. Empties the object.
int sysfd_description_lock_unlock(sysfd_description_lock* lock);
// Returns the descriptor without unlocking. Empties the object.
int sysfd_description_lock_release(sysfd_description_lock* lock);
void sysfd_description_lock_free(sysfd_description_lock* lock);

// flock(2): the same for the whole file, as flock(1) locks it.
typedef struct sysfd_flock_lock sysfd_flock_lock;
int sysfd_flock_lock_acquire(int fd, int mode, sysfd_flock_lock** lock);
int sysfd_flock_lock_try_acquire(int fd, int mode, sysfd_flock_lock** lock);
int sysfd_flock_lock_try_acquire_for(int fd, int mode, const sysfd_timeout* timeout,
                                     sysfd_flock_lock** lock);
int sysfd_flock_lock_adopt_take(int fd, int mode, sysfd_flock_lock** lock);
int sysfd_flock_lock_upgrade(sysfd_flock_lock* lock);
int sysfd_flock_lock_try_upgrade(sysfd_flock_lock* lock);
int sysfd_flock_lock_try_upgrade_for(sysfd_flock_lock* lock, const sysfd_timeout* timeout);
int sysfd_flock_lock_downgrade(sysfd_flock_lock* lock);
int sysfd_flock_lock_is_locked(const sysfd_flock_lock* lock);
int sysfd_flock_lock_mode(const sysfd_flock_lock* lock);
int sysfd_flock_lock_unlock(sysfd_flock_lock* lock);
int sysfd_flock_lock_release(sysfd_flock_lock* lock);
void sysfd_flock_lock_free(sysfd_flock_lock* lock);

// ---- sharing: <sysfd/sealed_memory.hpp> ----

#define SYSFD_UNLIMITED UINT64_MAX
// sysfd_error::kind of a file that is not sealed as it must be (-EPERM).
enum { SYSFD_SEAL_MAY_SHRINK = 1, SYSFD_SEAL_MAY_CHANGE = 2 };

// memfd_create(2): with this content, which nobody can change.
int sysfd_sealed_memfd(const char* name, const void* content, size_t size);
// memfd_create(2): of this size, which nobody can change.
int sysfd_fixed_memfd(const char* name, uint64_t size);

typedef struct sysfd_sealed_memory sysfd_sealed_memory;
int sysfd_sealed_memory_map(int fd, uint64_t max_size, sysfd_sealed_memory** memory,
                            sysfd_error* error);
int sysfd_sealed_memory_copy(int fd, uint64_t max_size, sysfd_sealed_memory** memory);
// The bytes live as long as the object.
int sysfd_sealed_memory_bytes(const sysfd_sealed_memory* memory, const void** data, size_t* size);
void sysfd_sealed_memory_free(sysfd_sealed_memory* memory);

typedef struct sysfd_shared_memory sysfd_shared_memory;
int sysfd_shared_memory_map(int fd, uint64_t max_size, sysfd_shared_memory** memory,
                            sysfd_error* error);
int sysfd_shared_memory_bytes(const sysfd_shared_memory* memory, void** data, size_t* size);
void sysfd_shared_memory_free(sysfd_shared_memory* memory);

// ---- sharing: <sysfd/fd_passing.hpp> ----

enum { SYSFD_MAX_FDS_IN_MESSAGE = 253 };

// sendmsg(2) with SCM_RIGHTS: sends duplicates of the descriptors with the first byte of the
// payload. Returns the number of bytes that were sent. Blocks as the socket does.
int64_t sysfd_send_fds(int socket, const int* fds, size_t count, const void* payload, size_t size);
// The same, and waits up to `timeout`, whatever the mode of the socket is.
int64_t sysfd_send_fds_for(int socket, const int* fds, size_t count, const void* payload,
                           size_t size, const sysfd_timeout* timeout);

enum {
  SYSFD_RECEIVE_NOWAIT = 1,
  // Keep descriptors that are not delivered until the message is freed, so that the caller decides
  // when they are closed.
  SYSFD_RECEIVE_KEEP_UNWANTED = 2
};
typedef struct sysfd_receive_options {
  uint32_t size;
  uint32_t flags;  // SYSFD_RECEIVE_...
  uint32_t max_fds;
  uint32_t reserved;             // 0
  const sysfd_timeout* timeout;  // null: waits as the socket does
} sysfd_receive_options;
#define SYSFD_RECEIVE_OPTIONS_INIT \
  {sizeof(sysfd_receive_options), 0, SYSFD_MAX_FDS_IN_MESSAGE, 0, NULL}

// A received message. It owns its descriptors until they are released.
typedef struct sysfd_message sysfd_message;
// recvmsg(2): returns the number of bytes of the payload.
int64_t sysfd_receive_fds(int socket, void* payload, size_t size,
                          const sysfd_receive_options* options, sysfd_message** message);
int64_t sysfd_message_fd_count(const sysfd_message* message);
int sysfd_message_fd_borrow(const sysfd_message* message, size_t index);
int sysfd_message_fd_release(sysfd_message* message, size_t index);
// 0, or why descriptors that were sent are not delivered: ReceivedMessage::fds_error.
int sysfd_message_fds_error(const sysfd_message* message);
// -ENODATA: there are none. Outputs may be null.
int sysfd_message_credentials(const sysfd_message* message, int32_t* pid, uint32_t* user,
                              uint32_t* group);
// A pidfd of the sender, or -ENODATA, -ESRCH, ...: ReceivedMessage::pidfd.
int sysfd_message_pidfd_release(sysfd_message* message);
void sysfd_message_free(sysfd_message* message);

int sysfd_pass_credentials(int socket, int on);
int sysfd_pass_pidfd(int socket, int on);
int sysfd_pass_fds(int socket, int on);

// ---- handle: <sysfd/file_handle.hpp>, <sysfd/mount_cache.hpp> ----

// A name of a file that outlives its path. A value: it is never changed.
typedef struct sysfd_file_handle sysfd_file_handle;
typedef struct sysfd_mount_id {
  uint64_t id;
  uint32_t is_unique;  // 1: never reused until the system is rebooted
  uint32_t reserved;   // 0
} sysfd_mount_id;
enum {
  SYSFD_HANDLE_FOLLOW = 1,
  SYSFD_HANDLE_FID = 2,
  SYSFD_HANDLE_CONNECTABLE = 4,
  SYSFD_HANDLE_UNIQUE_MOUNT = 8
};
enum {
  SYSFD_PIDFS_ROOT = -10002,  // in place of a mount, for handles of pidfds
  SYSFD_NSFS_ROOT = -10003    // for handles of namespaces
};

// name_to_handle_at(2). `mount` may be null.
int sysfd_name_to_handle(int directory, const char* path, uint32_t flags,
                         sysfd_file_handle** handle, sysfd_mount_id* mount);
// The same of an open file.
int sysfd_name_to_handle_of(int fd, uint32_t flags, sysfd_file_handle** handle,
                            sysfd_mount_id* mount);
// open_by_handle_at(2).
int sysfd_open_by_handle(int mount, const sysfd_file_handle* handle, int flags);
int sysfd_find_mount(sysfd_mount_id mount);

int sysfd_file_handle_from_parts(int32_t type, const void* bytes, size_t size,
                                 sysfd_file_handle** handle);
int sysfd_file_handle_type(const sysfd_file_handle* handle, int32_t* type);
// The bytes live as long as the object.
int sysfd_file_handle_bytes(const sysfd_file_handle* handle, const void** bytes, size_t* size);
int sysfd_file_handle_is_fid(const sysfd_file_handle* handle);
int sysfd_file_handle_is_connectable(const sysfd_file_handle* handle);
// Writes bytes to store, and returns how many. -ERANGE: they are more than `size`; 160 are enough.
int sysfd_file_handle_serialize(const sysfd_file_handle* handle, void* buffer, size_t size);
int sysfd_file_handle_deserialize(const void* stored, size_t size, sysfd_file_handle** handle);
int sysfd_file_handle_equal(const sysfd_file_handle* left, const sysfd_file_handle* right);
// An order for sorting: `order` is -1, 0 or 1.
int sysfd_file_handle_compare(const sysfd_file_handle* left, const sysfd_file_handle* right,
                              int* order);
int sysfd_file_handle_hash(const sysfd_file_handle* handle, uint64_t* hash);
int sysfd_file_handle_copy(const sysfd_file_handle* handle, sysfd_file_handle** copy);
void sysfd_file_handle_free(sysfd_file_handle* handle);

typedef struct sysfd_mount_cache sysfd_mount_cache;
int sysfd_mount_cache_new(sysfd_mount_cache** cache);
// Borrowed until the next call with this cache.
int sysfd_mount_cache_find_borrow(sysfd_mount_cache* cache, sysfd_mount_id mount);
int sysfd_mount_cache_open_by_handle(sysfd_mount_cache* cache, const sysfd_file_handle* handle,
                                     sysfd_mount_id mount, int flags);
int sysfd_mount_cache_clear(sysfd_mount_cache* cache);
void sysfd_mount_cache_free(sysfd_mount_cache* cache);

// ---- handle: <sysfd/fanotify.hpp> ----

// fstatfs(2): the ID of the file system that a file is in.
int sysfd_file_system_id(int fd, int32_t id[2]);

// The events that read(2) of a fanotify group has stored in a buffer. Owns all descriptors there.
// The buffer must live as long as the object.
typedef struct sysfd_fanotify_events sysfd_fanotify_events;
typedef struct sysfd_fanotify_event {
  uint32_t size;
  int32_t pid;
  uint64_t mask;
  int32_t file;  // borrowed, as `process`; -1: none
  int32_t process;
} sysfd_fanotify_event;
#define SYSFD_FANOTIFY_EVENT_INIT {sizeof(sysfd_fanotify_event), 0, 0, -1, -1}
enum {
  SYSFD_FANOTIFY_FID = 0,
  SYSFD_FANOTIFY_DFID = 1,
  SYSFD_FANOTIFY_DFID_NAME = 2,
  SYSFD_FANOTIFY_OLD_DFID_NAME = 3,
  SYSFD_FANOTIFY_NEW_DFID_NAME = 4
};
typedef struct sysfd_fanotify_fid {
  uint32_t size;
  uint32_t kind;  // SYSFD_FANOTIFY_...
  int32_t file_system[2];
  const sysfd_file_handle* handle;  // lives until the next call with these events
  const char* name;                 // in the buffer, without a NUL at its end; null: none
  size_t name_size;
} sysfd_fanotify_fid;
#define SYSFD_FANOTIFY_FID_INIT {sizeof(sysfd_fanotify_fid), 0, {0, 0}, NULL, NULL, 0}

int sysfd_fanotify_events_take(const void* bytes, size_t size, sysfd_fanotify_events** events);
// Goes on to the next event, and closes what is left of the one before. Returns 1, or 0 at the end.
int sysfd_fanotify_events_next(sysfd_fanotify_events* events, sysfd_fanotify_event* event);
// The next handle of the current event. Returns 1, or 0 at the end.
int sysfd_fanotify_events_next_fid(sysfd_fanotify_events* events, sysfd_fanotify_fid* fid);
int sysfd_fanotify_events_file_release(sysfd_fanotify_events* events);
int sysfd_fanotify_events_process_release(sysfd_fanotify_events* events);
void sysfd_fanotify_events_free(sysfd_fanotify_events* events);

// ---- pidfd: <sysfd/pidfd.hpp>; a pidfd is a descriptor ----

enum { SYSFD_PIDFD_NONBLOCKING = 1, SYSFD_PIDFD_THREAD = 2 };
enum {
  SYSFD_SIGNAL_PROCESS = 0,
  SYSFD_SIGNAL_THREAD = 1,
  SYSFD_SIGNAL_THREAD_GROUP = 2,
  SYSFD_SIGNAL_PROCESS_GROUP = 4
};
enum {  // CLONE_NEW...
  SYSFD_NAMESPACE_TIME = 0x80,
  SYSFD_NAMESPACE_MOUNT = 0x20000,
  SYSFD_NAMESPACE_CGROUP = 0x2000000,
  SYSFD_NAMESPACE_UTS = 0x4000000,
  SYSFD_NAMESPACE_IPC = 0x8000000,
  SYSFD_NAMESPACE_USER = 0x10000000,
  SYSFD_NAMESPACE_PID = 0x20000000,
  SYSFD_NAMESPACE_NET = 0x40000000
};

int sysfd_pidfd_open(int32_t pid, uint32_t flags);
int sysfd_pidfd_self(void);
int sysfd_pidfd_from_id(uint64_t id);
int sysfd_pidfd_of_peer(int socket);
// PidFd::adopt(): returns `fd` if it is a pidfd. Otherwise closes it: -EBADF.
int sysfd_pidfd_adopt_take(int fd);
int sysfd_pidfd_send_signal(int pidfd, int signo, uint32_t scope);
int sysfd_pidfd_send_signal_value(int pidfd, int signo, uintptr_t value, uint32_t scope);
// pidfd_getfd(2): a duplicate of descriptor `number` of that process.
int sysfd_pidfd_get_fd(int pidfd, int number);

// waitid(2): `status` is as wait(2) stores it, and is read by sysfd_exit_status_...() or by the
// macros of <sys/wait.h>. It may be null.
int sysfd_pidfd_wait(int pidfd, int32_t* status);
int sysfd_pidfd_try_wait(int pidfd, int32_t* status);
int sysfd_pidfd_wait_for(int pidfd, const sysfd_timeout* timeout, int32_t* status);
// ppoll(2): returns the index of one that has ended.
int sysfd_pidfd_wait_any(const int* pidfds, size_t count, const sysfd_timeout* timeout);

enum {  // what to wait for; 0: the end
  SYSFD_WAIT_ENDED = 1,
  SYSFD_WAIT_STOPPED = 2,
  SYSFD_WAIT_CONTINUED = 4,
  SYSFD_WAIT_KEEP = 8  // WNOWAIT: the next wait returns the same event again
};
enum {
  SYSFD_EVENT_ENDED = 0,
  SYSFD_EVENT_STOPPED = 1,
  SYSFD_EVENT_CONTINUED = 2,
  SYSFD_EVENT_TRAPPED = 3
};
typedef struct sysfd_wait_event {
  uint32_t size;
  uint32_t kind;   // SYSFD_EVENT_...
  int32_t status;  // as above, if it has ended; otherwise 0
  int32_t signo;   // that stopped, continued or trapped it; otherwise 0
  int32_t pid;
  uint32_t user;
  // Resources used so far: getrusage(2).
  int64_t user_microseconds;
  int64_t system_microseconds;
  int64_t max_resident_kilobytes;
  int64_t minor_faults;
  int64_t major_faults;
  int64_t blocks_in;
  int64_t blocks_out;
  int64_t voluntary_switches;
  int64_t involuntary_switches;
} sysfd_wait_event;
#define SYSFD_WAIT_EVENT_INIT {sizeof(sysfd_wait_event), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
int sysfd_pidfd_wait_event(int pidfd, uint32_t what, sysfd_wait_event* event);
int sysfd_pidfd_try_wait_event(int pidfd, uint32_t what, sysfd_wait_event* event);
int sysfd_pidfd_wait_event_for(int pidfd, const sysfd_timeout* timeout, uint32_t what,
                               sysfd_wait_event* event);

// Returns the process number.
int32_t sysfd_pidfd_pid(int pidfd);
// The identity, which is not reused until the system is rebooted.
int sysfd_pidfd_id(int pidfd, uint64_t* id);
enum {  // which members of sysfd_process_info are set
  SYSFD_INFO_PID = 0x1,
  SYSFD_INFO_PROCESS = 0x2,
  SYSFD_INFO_PARENT = 0x4,
  SYSFD_INFO_CREDENTIALS = 0x8,
  SYSFD_INFO_CGROUP = 0x10,
  SYSFD_INFO_EXIT = 0x20,
  SYSFD_INFO_CORE_DUMP = 0x40,
  SYSFD_INFO_CORE_DUMP_SIGNAL = 0x80,
  SYSFD_INFO_CORE_DUMP_CODE = 0x100
};
enum {
  SYSFD_CORE_DUMPED = 1,
  SYSFD_CORE_DUMP_SKIPPED = 2,
  SYSFD_CORE_DUMP_AS_USER = 4,
  SYSFD_CORE_DUMP_AS_ROOT = 8
};
typedef struct sysfd_process_info {
  uint32_t size;
  uint32_t set;  // SYSFD_INFO_...; members that are not set are 0
  int32_t pid;
  int32_t process;
  int32_t parent;
  int32_t exit_status;  // as wait(2) stores it
  uint64_t cgroup_id;
  uint32_t user, group;
  uint32_t effective_user, effective_group;
  uint32_t saved_user, saved_group;
  uint32_t file_system_user, file_system_group;
  uint32_t core_dump;  // SYSFD_CORE_DUMP...
  int32_t core_dump_signal;
  int32_t core_dump_code;
  uint32_t reserved;
} sysfd_process_info;
#define SYSFD_PROCESS_INFO_INIT \
  {sizeof(sysfd_process_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
int sysfd_pidfd_info(int pidfd, sysfd_process_info* info);
int sysfd_pidfd_namespace_fd(int pidfd, uint32_t kind);
int sysfd_pidfd_namespace_for_children(int pidfd, uint32_t kind);
// setns(2): `kinds` is a set of SYSFD_NAMESPACE_....
int sysfd_pidfd_enter_namespaces(int pidfd, uint32_t kinds);
int sysfd_pidfd_proc_directory(int pidfd);
// process_madvise(2): returns the number of bytes. `ranges` are addresses of that process.
int64_t sysfd_pidfd_advise_memory(int pidfd, const sysfd_bytes* ranges, size_t count, int advice);
int sysfd_pidfd_release_memory(int pidfd);
int sysfd_same_process(int left, int right);

int sysfd_process_id_parse(const char* text, uint64_t* id);
int sysfd_process_id_text(uint64_t id, char* buffer, size_t size);

// <sysfd/exit_status.hpp>: of a status as wait(2) stores it. -EINVAL: no process ends like that.
int sysfd_exit_status_success(int32_t status);
int sysfd_exit_status_code(int32_t status);    // -ENODATA: a signal killed it
int sysfd_exit_status_signal(int32_t status);  // -ENODATA: it exited
int sysfd_exit_status_core_dumped(int32_t status);
int sysfd_exit_status_text(int32_t status, char* buffer, size_t size);

// ---- cgroup: <sysfd/cgroup.hpp>, <sysfd/cgroup_limits.hpp>. Each `error` may be null ----

enum {  // controllers of cgroups(7)
  SYSFD_CONTROLLER_CPU = 0x1,
  SYSFD_CONTROLLER_CPUSET = 0x2,
  SYSFD_CONTROLLER_IO = 0x4,
  SYSFD_CONTROLLER_MEMORY = 0x8,
  SYSFD_CONTROLLER_PIDS = 0x10,
  SYSFD_CONTROLLER_HUGETLB = 0x20
};
// sysfd_error::kind of the functions below: <sysfd/cgroup_error.hpp> tells the errors of each.
enum {
  SYSFD_CGROUP_FIND = 0,
  SYSFD_CGROUP_OPEN = 1,
  SYSFD_CGROUP_CREATE = 2,
  SYSFD_CGROUP_ENABLE = 3,
  SYSFD_CGROUP_LIMIT = 4,
  SYSFD_CGROUP_MOVE = 5,
  SYSFD_CGROUP_KILL = 6,
  SYSFD_CGROUP_FREEZE = 7,
  SYSFD_CGROUP_READ = 8,
  SYSFD_CGROUP_WAIT = 9,
  SYSFD_CGROUP_REMOVE = 10,
  SYSFD_CGROUP_START = 11
};

enum {  // which members of sysfd_io_limit are set
  SYSFD_IO_LIMIT_READ_BYTES = 0x1,
  SYSFD_IO_LIMIT_WRITE_BYTES = 0x2,
  SYSFD_IO_LIMIT_READ_OPERATIONS = 0x4,
  SYSFD_IO_LIMIT_WRITE_OPERATIONS = 0x8
};
// For one block device.
typedef struct sysfd_io_limit {
  uint32_t major;
  uint32_t minor;
  uint32_t flags;       // SYSFD_IO_LIMIT_...
  uint32_t reserved;    // 0
  uint64_t read_bytes;  // in a second, as all of these; SYSFD_UNLIMITED: no limit
  uint64_t write_bytes;
  uint64_t read_operations;
  uint64_t write_operations;
} sysfd_io_limit;

enum {  // which members of sysfd_cgroup_limits are set; the others stay as they are
  SYSFD_LIMIT_MEMORY_MAX = 0x1,
  SYSFD_LIMIT_MEMORY_HIGH = 0x2,
  SYSFD_LIMIT_SWAP_MAX = 0x4,
  SYSFD_LIMIT_KILLS_ALL = 0x8,
  SYSFD_LIMIT_PIDS_MAX = 0x10,
  SYSFD_LIMIT_CPU_MAX = 0x20,  // cpu_quota_microseconds and cpu_period_microseconds
  SYSFD_LIMIT_CPU_WEIGHT = 0x40
};
// SYSFD_UNLIMITED: no limit.
typedef struct sysfd_cgroup_limits {
  uint32_t size;
  uint32_t flags;                    // SYSFD_LIMIT_...
  uint64_t memory_max;               // bytes; above it, the OOM killer kills
  uint64_t memory_high;              // bytes; above it, processes are slowed down
  uint64_t swap_max;                 // bytes
  uint64_t pids_max;                 // processes and threads
  uint64_t cpu_quota_microseconds;   // at least 1000; in each period
  uint64_t cpu_period_microseconds;  // 1000 to 1000000
  uint32_t cpu_weight;               // 1 to 10000; 100 is usual
  uint32_t kills_all;                // 1: the OOM killer kills the whole cgroup; 0: it does not
  const sysfd_io_limit* io_max;
  size_t io_max_count;
} sysfd_cgroup_limits;
#define SYSFD_CGROUP_LIMITS_INIT \
  {sizeof(sysfd_cgroup_limits), 0, 0, 0, 0, 0, 0, 100000, 100, 0, NULL, 0}

enum {
  SYSFD_ABILITY_KILL = 1,        // there is cgroup.kill: Linux 5.14
  SYSFD_ABILITY_NEEDS_LEAF = 2,  // see sysfd_cgroup_make_leaf_and_enable()
  SYSFD_ABILITY_CREATE = 4,      // cgroups can be created below it
  SYSFD_ABILITY_START = 8        // and children be started in those
};
typedef struct sysfd_cgroup_abilities {
  uint32_t size;
  uint32_t flags;         // SYSFD_ABILITY_...
  uint32_t available;     // SYSFD_CONTROLLER_...
  uint32_t enabled;       // for the cgroups below
  uint32_t in_version_1;  // used by cgroups of version 1, so not available
  int32_t create_code;    // 0, or why not: an errno value, positive
  int32_t start_code;
  uint32_t reserved;
  char create_text[500];  // the same as a sentence, with what would help; cut if it is longer
  char start_text[500];
} sysfd_cgroup_abilities;
#define SYSFD_CGROUP_ABILITIES_INIT {sizeof(sysfd_cgroup_abilities), 0, 0, 0, 0, 0, 0, 0, {0}, {0}}

enum {  // which members of sysfd_cgroup_usage are set: what the kernel, or the cgroup, has
  SYSFD_USAGE_MEMORY = 0x1,
  SYSFD_USAGE_MEMORY_PEAK = 0x2,  // Linux 5.19
  SYSFD_USAGE_SWAP = 0x4,
  SYSFD_USAGE_CPU_USER = 0x8,
  SYSFD_USAGE_CPU_SYSTEM = 0x10,
  SYSFD_USAGE_PIDS = 0x20,
  SYSFD_USAGE_PIDS_PEAK = 0x40  // Linux 6.1
};
typedef struct sysfd_cgroup_usage {
  uint32_t size;
  uint32_t set;     // SYSFD_USAGE_...; members that are not set are 0
  uint64_t memory;  // bytes, as the next two
  uint64_t memory_peak;
  uint64_t swap;
  uint64_t cpu_user_microseconds;
  uint64_t cpu_system_microseconds;
  uint64_t pids;  // processes and threads, also zombies
  uint64_t pids_peak;
} sysfd_cgroup_usage;
#define SYSFD_CGROUP_USAGE_INIT {sizeof(sysfd_cgroup_usage), 0, 0, 0, 0, 0, 0, 0, 0}

enum {  // which members of sysfd_cgroup_events are set
  SYSFD_EVENTS_OOM = 0x1,
  SYSFD_EVENTS_OOM_KILL = 0x2,
  SYSFD_EVENTS_OOM_GROUP_KILL = 0x4,  // Linux 5.17
  SYSFD_EVENTS_PIDS_MAX = 0x8
};
typedef struct sysfd_cgroup_events {
  uint32_t size;
  uint32_t set;        // SYSFD_EVENTS_...; members that are not set are 0
  uint32_t populated;  // 1: there are processes that have not ended
  uint32_t frozen;
  uint64_t oom;             // how often memory_max was reached, and nothing helped
  uint64_t oom_kill;        // how many processes the OOM killer has killed
  uint64_t oom_group_kill;  // how often it has killed all
  uint64_t pids_max;        // how many forks pids_max has refused
} sysfd_cgroup_events;
#define SYSFD_CGROUP_EVENTS_INIT {sizeof(sysfd_cgroup_events), 0, 0, 0, 0, 0, 0, 0}

// Owns the directory of a control group of version 2. Freeing one that was created kills what is
// left in it, waits up to five seconds, and removes it; one that was opened is left alone.
typedef struct sysfd_cgroup sysfd_cgroup;
// /proc/thread-self/cgroup: opens that of the calling thread.
int sysfd_cgroup_own(sysfd_cgroup** cgroup, sysfd_error* error);
// open(2).
int sysfd_cgroup_open(const char* path, sysfd_cgroup** cgroup, sysfd_error* error);
// mkdir(2): with limits, which may be null. Enables the controllers that they need.
int sysfd_cgroup_create(const sysfd_cgroup* parent, const char* name,
                        const sysfd_cgroup_limits* limits, sysfd_cgroup** cgroup,
                        sysfd_error* error);
// What can be done below it. Creates a cgroup for a moment.
int sysfd_cgroup_get_abilities(const sysfd_cgroup* cgroup, sysfd_cgroup_abilities* abilities,
                               sysfd_error* error);
// cgroup.subtree_control: enables SYSFD_CONTROLLER_... for the cgroups below.
int sysfd_cgroup_enable(const sysfd_cgroup* cgroup, uint32_t controllers, sysfd_error* error);
// cgroup.procs: moves all its processes into a new cgroup below, which is not removed when it is
// freed, and then enables the controllers.
int sysfd_cgroup_make_leaf_and_enable(const sysfd_cgroup* cgroup, const char* name,
                                      uint32_t controllers, sysfd_cgroup** leaf,
                                      sysfd_error* error);
// Changes the limits that are set.
int sysfd_cgroup_set(const sysfd_cgroup* cgroup, const sysfd_cgroup_limits* limits,
                     sysfd_error* error);
// cgroup.kill: SIGKILL for all processes in it and below. Does not wait for their end. Before Linux
// 5.14, for up to five seconds.
int sysfd_cgroup_kill(const sysfd_cgroup* cgroup, sysfd_error* error);
// cgroup.freeze: waits until all are stopped. `timeout`: null for five seconds.
int sysfd_cgroup_freeze(const sysfd_cgroup* cgroup, const sysfd_timeout* timeout,
                        sysfd_error* error);
int sysfd_cgroup_thaw(const sysfd_cgroup* cgroup, sysfd_error* error);
// cgroup.procs: writes new pidfds of the processes in it and below, and returns how many. -ERANGE:
// they are more than `capacity`; there are no pidfds then.
int sysfd_cgroup_processes(const sysfd_cgroup* cgroup, size_t capacity, int* pidfds,
                           sysfd_error* error);
int sysfd_cgroup_get_usage(const sysfd_cgroup* cgroup, sysfd_cgroup_usage* usage,
                           sysfd_error* error);
int sysfd_cgroup_get_events(const sysfd_cgroup* cgroup, sysfd_cgroup_events* events,
                            sysfd_error* error);
// cgroup.events, memory.events: poll(2) of the new descriptor reports POLLPRI when something in it
// has changed since it was opened or rearmed.
int sysfd_cgroup_open_events(const sysfd_cgroup* cgroup, sysfd_error* error);
int sysfd_cgroup_open_memory_events(const sysfd_cgroup* cgroup, sysfd_error* error);
// pread(2): call sysfd_cgroup_get_events() afterwards, so that no change is missed.
int sysfd_cgroup_rearm(int events, sysfd_error* error);
// poll(2): waits until no process is left but zombies.
int sysfd_cgroup_wait_empty(const sysfd_cgroup* cgroup, const sysfd_timeout* timeout,
                            sysfd_error* error);
// rmdir(2): removes one that was created, and those below. -EBUSY: there are processes. Waits for
// up to a second.
int sysfd_cgroup_remove(sysfd_cgroup* cgroup, sysfd_error* error);
// Leaves it and its processes alone when it is freed.
int sysfd_cgroup_keep(sysfd_cgroup* cgroup);
// The directory, for sysfd_command_cgroup_borrow().
int sysfd_cgroup_fd_borrow(const sysfd_cgroup* cgroup);
void sysfd_cgroup_free(sysfd_cgroup* cgroup);

// ---- landlock: <sysfd/landlock.hpp>, <sysfd/landlock_rights.hpp>. Each `error` may be null ----

// Rights to files: the bits of the kernel, LANDLOCK_ACCESS_FS_....
enum {
  SYSFD_FILE_EXECUTE = 0x1,
  SYSFD_FILE_WRITE_FILE = 0x2,
  SYSFD_FILE_READ_FILE = 0x4,
  SYSFD_FILE_READ_DIR = 0x8,
  SYSFD_FILE_REMOVE_DIR = 0x10,
  SYSFD_FILE_REMOVE_FILE = 0x20,
  SYSFD_FILE_MAKE_CHAR = 0x40,
  SYSFD_FILE_MAKE_DIR = 0x80,
  SYSFD_FILE_MAKE_REG = 0x100,
  SYSFD_FILE_MAKE_SOCK = 0x200,
  SYSFD_FILE_MAKE_FIFO = 0x400,
  SYSFD_FILE_MAKE_BLOCK = 0x800,
  SYSFD_FILE_MAKE_SYM = 0x1000,
  SYSFD_FILE_REFER = 0x2000,
  SYSFD_FILE_TRUNCATE = 0x4000,
  SYSFD_FILE_IOCTL_DEV = 0x8000,
  SYSFD_FILE_RESOLVE_UNIX = 0x10000,
  // Sets: to execute a program; to read; to change files and directories. See namespace rights.
  SYSFD_FILE_RUN = 0x5,
  SYSFD_FILE_READ = 0xc,
  SYSFD_FILE_READ_WRITE = 0x77be
};
// Rights to ports.
enum {
  SYSFD_PORT_BIND_TCP = 0x1,
  SYSFD_PORT_CONNECT_TCP = 0x2,
  SYSFD_PORT_BIND_UDP = 0x4,
  SYSFD_PORT_CONNECT_SEND_UDP = 0x8
};
enum { SYSFD_SCOPE_ABSTRACT_UNIX_SOCKET = 0x1, SYSFD_SCOPE_SIGNAL = 0x2 };
typedef struct sysfd_rights {
  uint32_t size;
  uint32_t reserved;  // 0
  uint64_t files;     // SYSFD_FILE_...
  uint64_t ports;     // SYSFD_PORT_...
  uint64_t scopes;    // SYSFD_SCOPE_...
} sysfd_rights;
#define SYSFD_RIGHTS_INIT {sizeof(sysfd_rights), 0, 0, 0, 0}

// <sysfd/landlock_error.hpp>
enum {
  SYSFD_LANDLOCK_SUPPORT = 0,
  SYSFD_LANDLOCK_CREATE = 1,
  SYSFD_LANDLOCK_OPEN = 2,
  SYSFD_LANDLOCK_RULE = 3,
  SYSFD_LANDLOCK_RESTRICT = 4,
  SYSFD_LANDLOCK_PROGRAM = 5
};
typedef struct sysfd_landlock_error {
  uint32_t size;
  int32_t step;  // SYSFD_LANDLOCK_...
  int32_t code;  // the errno value, positive
  uint32_t reserved;
  uint64_t missing_files;  // required, but not in this kernel; of a rule: not handled
  uint64_t missing_ports;
  uint64_t missing_scopes;
  char text[1000];  // a sentence; cut if it is longer
} sysfd_landlock_error;
#define SYSFD_LANDLOCK_ERROR_INIT {sizeof(sysfd_landlock_error), 0, 0, 0, 0, 0, 0, {0}}

// Returns the ABI of Landlock in this kernel: 1 or more. `known` may be null.
int sysfd_landlock_support(sysfd_rights* known, sysfd_landlock_error* error);

// Takes rights away for ever: forbids what it handles, except what its rules allow.
typedef struct sysfd_ruleset sysfd_ruleset;
// Null rights are none. What is wanted and not known here stays allowed, and is written to
// `missing`.
int sysfd_ruleset_new(const sysfd_rights* required, const sysfd_rights* wanted,
                      sysfd_ruleset** ruleset, sysfd_rights* missing, sysfd_landlock_error* error);
// With rules for what one program needs in order to start.
int sysfd_ruleset_for_program(const char* path, const sysfd_rights* required,
                              sysfd_ruleset** ruleset, sysfd_rights* missing,
                              sysfd_landlock_error* error);
int sysfd_ruleset_allow(sysfd_ruleset* ruleset, int file, uint64_t rights,
                        sysfd_landlock_error* error);
int sysfd_ruleset_allow_path(sysfd_ruleset* ruleset, const char* path, uint64_t rights,
                             sysfd_landlock_error* error);
int sysfd_ruleset_allow_port(sysfd_ruleset* ruleset, uint16_t port, uint64_t rights,
                             sysfd_landlock_error* error);
enum {
  SYSFD_RESTRICT_KEEP_PRIVILEGES = 1,  // leaves PR_SET_NO_NEW_PRIVS away: needs CAP_SYS_ADMIN
  SYSFD_RESTRICT_LOG_AFTER_EXEC = 2
};
// landlock_restrict_self(2): restricts the calling thread, and what it starts.
int sysfd_ruleset_restrict_self(const sysfd_ruleset* ruleset, uint32_t flags,
                                sysfd_landlock_error* error);
int sysfd_ruleset_handled(const sysfd_ruleset* ruleset, sysfd_rights* handled);
// Writes which rules decide about a path, as a text. `allowed`, which may be null: those of the
// rights that the ruleset allows.
int sysfd_ruleset_explain(const sysfd_ruleset* ruleset, const char* path, uint64_t rights,
                          uint64_t* allowed, char* buffer, size_t size,
                          sysfd_landlock_error* error);
// For sysfd_command_landlock_borrow().
int sysfd_ruleset_fd_borrow(const sysfd_ruleset* ruleset);
void sysfd_ruleset_free(sysfd_ruleset* ruleset);

// ---- listen: <sysfd/fd_type.hpp>, <sysfd/listen_fds.hpp>; used by spawn, too ----

// A condition on a descriptor. A null pointer to one stands for any descriptor.
typedef struct sysfd_fd_type sysfd_fd_type;
enum {
  SYSFD_FD_ANY = 0,
  SYSFD_FD_SOCKET = 1,
  SYSFD_FD_STREAM_LISTENER = 2,
  SYSFD_FD_STREAM = 3,
  SYSFD_FD_SEQPACKET_LISTENER = 4,
  SYSFD_FD_SEQPACKET = 5,
  SYSFD_FD_DATAGRAM = 6,
  SYSFD_FD_FIFO = 7,
  SYSFD_FD_SPECIAL_FILE = 8,
  SYSFD_FD_MESSAGE_QUEUE = 9
};
enum { SYSFD_ANY_PORT = -1 };
int sysfd_fd_type_new(int kind, sysfd_fd_type** type);
// These add a condition, and replace one that was added before. `port`: 0 to 65535, or
// SYSFD_ANY_PORT.
int sysfd_fd_type_inet(sysfd_fd_type* type, int32_t port);
int sysfd_fd_type_inet6(sysfd_fd_type* type, int32_t port);
int sysfd_fd_type_ip(sysfd_fd_type* type, int32_t port);
int sysfd_fd_type_unix_path(sysfd_fd_type* type, const char* path);
int sysfd_fd_type_unix_abstract(sysfd_fd_type* type, const void* name, size_t size);
int sysfd_fd_type_at(sysfd_fd_type* type, const char* path);
int sysfd_fd_type_matches(const sysfd_fd_type* type, int fd);
int sysfd_fd_type_describe(const sysfd_fd_type* type, char* buffer, size_t size);
void sysfd_fd_type_free(sysfd_fd_type* type);
int sysfd_is_socket(int fd);
int sysfd_is_listening_stream(int fd);
int sysfd_is_datagram(int fd);
int sysfd_is_fifo(int fd);
int sysfd_is_special_file(int fd);
int sysfd_is_message_queue(int fd);

// sysfd_error::kind of the functions below.
enum {
  SYSFD_LISTEN_NOT_ACTIVATED = 0,
  SYSFD_LISTEN_OTHER_PROCESS = 1,
  SYSFD_LISTEN_MALFORMED = 2,
  SYSFD_LISTEN_ALREADY_TAKEN = 3,
  SYSFD_LISTEN_UNAVAILABLE = 4,
  SYSFD_LISTEN_NOT_FOUND = 5,
  SYSFD_LISTEN_AMBIGUOUS = 6,
  SYSFD_LISTEN_WRONG_TYPE = 7
};
// The descriptors that a service manager has opened for this process, from 3 on. Owns those that
// are not released.
typedef struct sysfd_listen_fds sysfd_listen_fds;
enum { SYSFD_LISTEN_KEEP_ENVIRONMENT = 1 };
// Reads LISTEN_... from the environment, and removes them from there, also after an error, unless
// the flag is set. -ENODATA: the process was not activated. Nothing is owned after an error.
int sysfd_listen_fds_take(uint32_t flags, sysfd_listen_fds** fds, sysfd_error* error);
// From these variables, "NAME=value" each, up to a null pointer. The environment is not used.
int sysfd_listen_fds_take_from(const char* const* variables, sysfd_listen_fds** fds,
                               sysfd_error* error);
int64_t sysfd_listen_fds_count(const sysfd_listen_fds* fds);
int sysfd_listen_fds_name(const sysfd_listen_fds* fds, size_t index, char* buffer, size_t size);
int sysfd_listen_fds_has(const sysfd_listen_fds* fds, size_t index);
int sysfd_listen_fds_borrow(const sysfd_listen_fds* fds, size_t index);
int sysfd_listen_fds_release(sysfd_listen_fds* fds, size_t index, const sysfd_fd_type* type,
                             sysfd_error* error);
int sysfd_listen_fds_borrow_one(const sysfd_listen_fds* fds, const char* name,
                                const sysfd_fd_type* type, sysfd_error* error);
int sysfd_listen_fds_release_one(sysfd_listen_fds* fds, const char* name, const sysfd_fd_type* type,
                                 sysfd_error* error);
// Releases all with this name, and returns how many. -ERANGE: they are more than `capacity`; none
// is released then.
int sysfd_listen_fds_release_all(sysfd_listen_fds* fds, const char* name, const sysfd_fd_type* type,
                                 size_t capacity, int* released, sysfd_error* error);
// Writes the indices of those with this name, at most `capacity`, and returns how many there are.
int sysfd_listen_fds_indices_of(const sysfd_listen_fds* fds, const char* name, size_t capacity,
                                size_t* indices);
void sysfd_listen_fds_free(sysfd_listen_fds* fds);

// ---- listen: <sysfd/notify.hpp> ----

enum {
  SYSFD_NOTIFY_READY = 0x1,
  SYSFD_NOTIFY_RELOADING = 0x2,
  SYSFD_NOTIFY_STOPPING = 0x4,
  SYSFD_NOTIFY_WATCHDOG = 0x8,
  SYSFD_NOTIFY_WATCHDOG_TRIGGER = 0x10,
  SYSFD_NOTIFY_STORE_NO_POLL = 0x20,
  // Which of these members are set.
  SYSFD_NOTIFY_ERROR = 0x100,
  SYSFD_NOTIFY_EXIT_STATUS = 0x200,
  SYSFD_NOTIFY_WATCHDOG_INTERVAL = 0x400,
  SYSFD_NOTIFY_EXTEND_TIMEOUT = 0x800
};
typedef struct sysfd_notification {
  uint32_t size;
  uint32_t flags;      // SYSFD_NOTIFY_...
  const char* status;  // null: none
  int32_t error;
  int32_t exit_status;
  int32_t main_process;  // a pidfd; -1: none
  int32_t sender;        // a pidfd; -1: none
  uint64_t watchdog_interval_microseconds;
  uint64_t extend_timeout_microseconds;
  const int* store;
  size_t store_count;
  const char* store_name;
  const char* remove_stored;
  const char* more;
  const sysfd_timeout* timeout;  // null: five seconds
} sysfd_notification;
#define SYSFD_NOTIFICATION_INIT \
  {sizeof(sysfd_notification), 0, NULL, 0, 0, -1, -1, 0, 0, NULL, 0, NULL, NULL, NULL, NULL}

// sendmsg(2) to the socket that NOTIFY_SOCKET names. Returns 1, or 0 if there is no manager. With
// an address, as below too: returns 0.
int sysfd_notify(const sysfd_notification* notification, sysfd_error* error);
int sysfd_notify_to(const char* address, const sysfd_notification* notification,
                    sysfd_error* error);
// Waits until the manager has read all earlier messages. Returns 1, or 0 if there is no manager.
int sysfd_notify_barrier(const sysfd_timeout* timeout);
int sysfd_notify_barrier_to(const char* address, const sysfd_timeout* timeout);
// getenv(3) of WATCHDOG_USEC and WATCHDOG_PID. -ENODATA: there is no watchdog.
int sysfd_watchdog_interval(uint64_t* microseconds);

// A connection to a manager. Thread-safe.
typedef struct sysfd_notifier sysfd_notifier;
enum { SYSFD_NOTIFIER_UNSET_ENVIRONMENT = 1 };
int sysfd_notifier_connect(const char* address, sysfd_notifier** notifier);
int sysfd_notifier_from_environment(uint32_t flags, sysfd_notifier** notifier);
int sysfd_notifier_has_manager(const sysfd_notifier* notifier);
int sysfd_notifier_notify(const sysfd_notifier* notifier, const sysfd_notification* notification,
                          sysfd_error* error);
int sysfd_notifier_barrier(const sysfd_notifier* notifier, const sysfd_timeout* timeout);
int sysfd_notifier_watchdog_interval(const sysfd_notifier* notifier, uint64_t* microseconds);
void sysfd_notifier_free(sysfd_notifier* notifier);

// ---- spawn: <sysfd/spawn_error.hpp> ----

enum {  // SpawnStep
  SYSFD_STEP_PROGRAM = 0,
  SYSFD_STEP_ARGUMENT = 1,
  SYSFD_STEP_ENVIRONMENT = 2,
  SYSFD_STEP_STANDARD_STREAM = 3,
  SYSFD_STEP_DESCRIPTOR = 4,
  SYSFD_STEP_LISTEN_FDS = 5,
  SYSFD_STEP_TERMINAL = 6,
  SYSFD_STEP_CGROUP = 7,
  SYSFD_STEP_NAMESPACES = 8,
  SYSFD_STEP_CLONE = 9,
  SYSFD_STEP_START = 10,
  SYSFD_STEP_TABLE = 11,
  SYSFD_STEP_SIGNALS = 12,
  SYSFD_STEP_SESSION = 13,
  SYSFD_STEP_PROCESS_GROUP = 14,
  SYSFD_STEP_CONTROLLING_TERMINAL = 15,
  SYSFD_STEP_FOREGROUND_GROUP = 16,
  SYSFD_STEP_USER_MAP = 17,
  SYSFD_STEP_GROUP_MAP = 18,
  SYSFD_STEP_DUMPABLE = 19,
  SYSFD_STEP_JOIN_NAMESPACE = 20,
  SYSFD_STEP_MOUNTS = 21,
  SYSFD_STEP_HOST_NAME = 22,
  SYSFD_STEP_LIMIT = 23,
  SYSFD_STEP_UMASK = 24,
  SYSFD_STEP_NICE = 25,
  SYSFD_STEP_SCHEDULER = 26,
  SYSFD_STEP_PROCESSORS = 27,
  SYSFD_STEP_IO_PRIORITY = 28,
  SYSFD_STEP_OOM_SCORE_ADJUST = 29,
  SYSFD_STEP_TIMER_SLACK = 30,
  SYSFD_STEP_ROOT_DIRECTORY = 31,
  SYSFD_STEP_WORKING_DIRECTORY = 32,
  SYSFD_STEP_BOUNDING_SET = 33,
  SYSFD_STEP_GROUPS = 34,
  SYSFD_STEP_GROUP = 35,
  SYSFD_STEP_USER = 36,
  SYSFD_STEP_CAPABILITIES = 37,
  SYSFD_STEP_AMBIENT_SET = 38,
  SYSFD_STEP_SECUREBITS = 39,
  SYSFD_STEP_PARENT_DEATH = 40,
  SYSFD_STEP_NO_NEW_PRIVILEGES = 41,
  SYSFD_STEP_SECCOMP = 42,
  SYSFD_STEP_EXEC = 43,
  SYSFD_STEP_WAIT = 44,
  SYSFD_STEP_CONFIRMATION = 45,
  SYSFD_STEP_LANDLOCK = 46,
  SYSFD_STEP_CONTAINMENT = 47
};

// Why a program could not be started.
typedef struct sysfd_spawn_error {
  uint32_t size;
  int32_t step;     // SYSFD_STEP_...
  int32_t code;     // the errno value, positive
  int32_t index;    // of the argument, see SpawnStep; otherwise -1
  int32_t stage;    // of a pipeline, from 0; otherwise -1
  char text[1004];  // a sentence; cut if it is longer
} sysfd_spawn_error;
#define SYSFD_SPAWN_ERROR_INIT {sizeof(sysfd_spawn_error), 0, 0, -1, -1, {0}}
// Writes the name of a step, as in C++: "working_directory".
int sysfd_spawn_step_name(int step, char* buffer, size_t size);

// ---- spawn: <sysfd/command.hpp> ----

// A program to start, and what it is given. Functions that set something copy what they are given.
// If one fails, its result is negative, and every later start fails with the same error: it is
// enough to check the result of the start. As in C++, invalid strings are found by the start.
typedef struct sysfd_command sysfd_command;
typedef struct sysfd_child sysfd_child;
typedef struct sysfd_output sysfd_output;
typedef struct sysfd_prepared_command sysfd_prepared_command;
typedef struct sysfd_pending_child sysfd_pending_child;
typedef struct sysfd_pipeline sysfd_pipeline;

int sysfd_command_new(const char* program, sysfd_command** command);
int sysfd_command_new_borrow(int program, const char* argument0, sysfd_command** command);
int sysfd_command_new_shell(const char* line, sysfd_command** command);
void sysfd_command_free(sysfd_command* command);

enum { SYSFD_SEARCH_CHILD_PATH = 0, SYSFD_SEARCH_CALLER_PATH = 1, SYSFD_SEARCH_NOWHERE = 2 };
int sysfd_command_search(sysfd_command* command, int where);
// Lists of strings end with a null pointer.
int sysfd_command_search_directories(sysfd_command* command, const char* const* directories);
int sysfd_command_shell_fallback(sysfd_command* command);
int sysfd_command_argument0(sysfd_command* command, const char* value);
int sysfd_command_arg(sysfd_command* command, const char* value);
int sysfd_command_args(sysfd_command* command, const char* const* values);
int sysfd_command_env(sysfd_command* command, const char* name, const char* value);
int sysfd_command_remove_env(sysfd_command* command, const char* name);
int sysfd_command_clear_env(sysfd_command* command);
int sysfd_command_environment(sysfd_command* command, const char* const* entries);

enum { SYSFD_BEFORE_IDENTITY = 0, SYSFD_AFTER_IDENTITY = 1 };
int sysfd_command_working_directory(sysfd_command* command, const char* path, int change);
// Also SYSFD_CWD.
int sysfd_command_working_directory_borrow(sysfd_command* command, int directory, int change);
int sysfd_command_root_directory(sysfd_command* command, const char* path);
int sysfd_command_root_directory_borrow(sysfd_command* command, int directory);
int sysfd_command_cgroup_borrow(sysfd_command* command, int directory);
// landlock_restrict_self(2): `ruleset` is a descriptor of landlock_create_ruleset(2).
int sysfd_command_landlock_borrow(sysfd_command* command, int ruleset);

enum {
  SYSFD_STDIO_INHERIT = 0,
  SYSFD_STDIO_NULL = 1,
  SYSFD_STDIO_PIPE = 2,
  SYSFD_STDIO_TERMINAL = 3,
  SYSFD_STDIO_LIKE_STDOUT = 4  // for stderr only
};
int sysfd_command_stdin_from(sysfd_command* command, int stdio);
int sysfd_command_stdin_from_borrow(sysfd_command* command, int fd);
int sysfd_command_stdin_from_take(sysfd_command* command, int fd);
int sysfd_command_stdout_to(sysfd_command* command, int stdio);
int sysfd_command_stdout_to_borrow(sysfd_command* command, int fd);
int sysfd_command_stdout_to_take(sysfd_command* command, int fd);
int sysfd_command_stderr_to(sysfd_command* command, int stdio);
int sysfd_command_stderr_to_borrow(sysfd_command* command, int fd);
int sysfd_command_stderr_to_take(sysfd_command* command, int fd);

// The child gets `fd` as `number`.
int sysfd_command_pass_borrow(sysfd_command* command, int fd, int number);
int sysfd_command_pass_take(sysfd_command* command, int fd, int number);
// The child also gets what is not close-on-exec, except these numbers.
int sysfd_command_inherit_descriptors(sysfd_command* command, const int* except, size_t count);
int sysfd_command_forget_descriptor(sysfd_command* command, int number);
int sysfd_command_listen_fds_borrow(sysfd_command* command, const char* name, int fd);
int sysfd_command_listen_fds_take(sysfd_command* command, const char* name, int fd);
// All that are left in `given`. `_take` releases them from there, also if it fails.
int sysfd_command_listen_fds_given_borrow(sysfd_command* command, const sysfd_listen_fds* given);
int sysfd_command_listen_fds_given_take(sysfd_command* command, sysfd_listen_fds* given);
int sysfd_command_terminal(sysfd_command* command, uint16_t rows, uint16_t columns);

enum { SYSFD_DROP_KILL = 0, SYSFD_DROP_TERMINATE = 1, SYSFD_DROP_WAIT = 2, SYSFD_DROP_DETACH = 3 };
// What sysfd_child_free() does to a child that runs. `grace`: null for five seconds.
int sysfd_command_on_drop(sysfd_command* command, int policy, const sysfd_timeout* grace);
int sysfd_command_parent_death_signal(sysfd_command* command, int signo);
int sysfd_command_kill_with_parent(sysfd_command* command);
int sysfd_command_leave_no_zombie(sysfd_command* command);
int sysfd_command_retry_busy(sysfd_command* command, int times);

// <sysfd/containment.hpp>: the child and all that it starts are one tree, which ends together.
enum {
  SYSFD_REACH_WHOLE_TREE = 0,   // all of it, in a new pid namespace, or the start fails
  SYSFD_REACH_BEST_EFFORT = 1,  // the strongest kind that is possible here
  // What a subreaper reaches: pid and user namespaces stay the caller's, or the start fails.
  SYSFD_REACH_SAME_NAMESPACES = 2
};
enum {
  SYSFD_CONTAIN_OUTLIVES_OWNER = 0x1,  // the tree is not killed when the caller's process ends
  SYSFD_CONTAIN_CALLERS_PROC = 0x2,    // /proc stays the caller's
  SYSFD_CONTAIN_OWN_CGROUP = 0x4       // also without limits
};
typedef struct sysfd_containment {
  uint32_t size;
  uint32_t flags;                     // SYSFD_CONTAIN_...
  int32_t reach;                      // SYSFD_REACH_...
  uint32_t reserved;                  // 0
  const sysfd_cgroup_limits* limits;  // of the whole tree; null: none
  // Where its cgroup is created: borrowed until the start has returned. Null: in that of the
  // calling thread.
  const sysfd_cgroup* parent;
} sysfd_containment;
#define SYSFD_CONTAINMENT_INIT {sizeof(sysfd_containment), 0, 0, 0, NULL, NULL}
int sysfd_command_contain(sysfd_command* command, const sysfd_containment* containment);
// Kills and removes the trees with cgroups below `parent` whose owner and keeper were killed.
// Returns how many. Errors as of the functions of cgroups.
int sysfd_sweep_trees(const sysfd_cgroup* parent, sysfd_error* error);

// <sysfd/identity.hpp>. A null pointer for a text or an array: it is not set.
typedef struct sysfd_bpf_instruction {  // struct sock_filter
  uint16_t code;
  uint8_t jump_true;
  uint8_t jump_false;
  uint32_t value;
} sysfd_bpf_instruction;
enum {
  SYSFD_IDENTITY_KEEP_GROUPS = 0x1,
  SYSFD_IDENTITY_NO_CAPABILITIES = 0x2,
  SYSFD_IDENTITY_NO_NEW_PRIVILEGES = 0x4,
  // Which of these members are set.
  SYSFD_IDENTITY_USER = 0x100,
  SYSFD_IDENTITY_GROUP = 0x200,
  SYSFD_IDENTITY_GROUPS = 0x400,
  SYSFD_IDENTITY_SECUREBITS = 0x800
};
typedef struct sysfd_identity {
  uint32_t size;
  uint32_t flags;  // SYSFD_IDENTITY_...
  uint32_t user;
  uint32_t group;
  uint32_t securebits;
  uint32_t reserved;  // 0
  const uint32_t* groups;
  size_t group_count;
  const char* capabilities;
  const char* iab;
  const sysfd_bpf_instruction* seccomp;
  size_t seccomp_count;
} sysfd_identity;
#define SYSFD_IDENTITY_INIT {sizeof(sysfd_identity), 0, 0, 0, 0, 0, NULL, 0, NULL, NULL, NULL, 0}
int sysfd_command_identity(sysfd_command* command, const sysfd_identity* identity);

// <sysfd/resources.hpp>
typedef struct sysfd_resource_limit {
  int32_t resource;   // RLIMIT_...
  uint32_t reserved;  // 0
  uint64_t soft;      // SYSFD_UNLIMITED: no limit
  uint64_t hard;
} sysfd_resource_limit;
enum {
  SYSFD_RESOURCES_ALL_PROCESSORS = 0x1,
  SYSFD_RESOURCES_SCHEDULER_RESET_ON_FORK = 0x2,
  // Which of these members are set.
  SYSFD_RESOURCES_UMASK = 0x100,
  SYSFD_RESOURCES_NICE = 0x200,
  SYSFD_RESOURCES_SCHEDULER = 0x400,    // those that begin with scheduler_
  SYSFD_RESOURCES_IO_PRIORITY = 0x800,  // io_class and io_level
  SYSFD_RESOURCES_OOM_SCORE_ADJUST = 0x1000,
  SYSFD_RESOURCES_TIMER_SLACK = 0x2000
};
enum { SYSFD_IO_REAL_TIME = 1, SYSFD_IO_BEST_EFFORT = 2, SYSFD_IO_IDLE = 3 };
typedef struct sysfd_resources {
  uint32_t size;
  uint32_t flags;  // SYSFD_RESOURCES_...
  const sysfd_resource_limit* limits;
  size_t limit_count;
  const int* processors;
  size_t processor_count;
  uint32_t umask;
  int32_t nice;
  int32_t scheduler_policy;  // SCHED_...
  uint32_t scheduler_priority;
  int64_t scheduler_runtime_nanoseconds;
  int64_t scheduler_deadline_nanoseconds;
  int64_t scheduler_period_nanoseconds;
  int32_t io_class;  // SYSFD_IO_...
  int32_t io_level;
  int32_t oom_score_adjust;
  uint32_t reserved;  // 0
  int64_t timer_slack_nanoseconds;
} sysfd_resources;
#define SYSFD_RESOURCES_INIT \
  {sizeof(sysfd_resources), 0, NULL, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
int sysfd_command_resources(sysfd_command* command, const sysfd_resources* resources);

// <sysfd/session.hpp>
enum {
  SYSFD_SESSION_NEW = 0x1,
  SYSFD_SESSION_PROCESS_GROUP = 0x100  // process_group is set
};
typedef struct sysfd_session {
  uint32_t size;
  uint32_t flags;  // SYSFD_SESSION_...
  int32_t process_group;
  int32_t controlling_terminal;  // borrowed until the start has returned; -1: none
  int32_t foreground_of;         // the same
  uint32_t reserved;             // 0
} sysfd_session;
#define SYSFD_SESSION_INIT {sizeof(sysfd_session), 0, 0, -1, -1, 0}
int sysfd_command_session(sysfd_command* command, const sysfd_session* session);
// TIOCSWINSZ.
int sysfd_set_window_size(int terminal, uint16_t rows, uint16_t columns);

// <sysfd/signals.hpp>
enum { SYSFD_SIGNALS_INHERIT_MASK = 1, SYSFD_SIGNALS_ALL_TO_DEFAULT = 2 };
typedef struct sysfd_signals {
  uint32_t size;
  uint32_t flags;  // SYSFD_SIGNALS_...
  const int* blocked;
  size_t blocked_count;
  const int* to_default;
  size_t to_default_count;
  const int* ignored;
  size_t ignored_count;
  const int* unchanged;
  size_t unchanged_count;
} sysfd_signals;
#define SYSFD_SIGNALS_INIT {sizeof(sysfd_signals), 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0}
int sysfd_command_signals(sysfd_command* command, const sysfd_signals* signals);

// <sysfd/namespaces.hpp>
typedef struct sysfd_id_range {
  uint32_t inside;
  uint32_t outside;
  uint32_t count;
} sysfd_id_range;
typedef struct sysfd_namespace_join {
  int32_t fd;      // a namespace or a pidfd, borrowed until the start has returned
  uint32_t kinds;  // of a pidfd: SYSFD_NAMESPACE_...; 0: the namespace that `fd` refers to
} sysfd_namespace_join;
enum { SYSFD_NAMESPACES_SHARED_MOUNTS = 1 };  // leaves the mounts' propagation as it is
typedef struct sysfd_namespaces {
  uint32_t size;
  uint32_t flags;     // SYSFD_NAMESPACES_...
  uint32_t create;    // SYSFD_NAMESPACE_...
  uint32_t reserved;  // 0
  const sysfd_id_range* user_map;
  size_t user_map_count;
  const sysfd_id_range* group_map;
  size_t group_map_count;
  const sysfd_namespace_join* join;
  size_t join_count;
  const char* host_name;  // null: unchanged
} sysfd_namespaces;
#define SYSFD_NAMESPACES_INIT {sizeof(sysfd_namespaces), 0, 0, 0, NULL, 0, NULL, 0, NULL, 0, NULL}
int sysfd_command_namespaces(sysfd_command* command, const sysfd_namespaces* namespaces);

// ---- spawn: starts. Each `error` may be null ----

enum {
  SYSFD_UNTIL_CHILD_ENDS = 0,  // what others write to its streams later is lost
  SYSFD_UNTIL_PIPES_CLOSE = 1  // until no process has its streams open, and it has ended
};
enum { SYSFD_STREAM_OUT = 0, SYSFD_STREAM_ERR = 1, SYSFD_STREAM_TERMINAL = 2 };
// <sysfd/output_sink.hpp>: gets what is collected, while the child runs, in the thread that
// collects it. `bytes` is null when `stream`, a SYSFD_STREAM_..., has ended. It must return, and
// throw nothing: to end the collection early, cancel its timeout.
typedef void (*sysfd_output_sink)(void* data, int stream, const char* bytes, size_t size);
typedef struct sysfd_output_options {
  uint32_t size;
  int32_t until;      // SYSFD_UNTIL_...
  const void* input;  // for the child's stdin
  size_t input_size;
  uint64_t max_size;             // how many bytes of each stream to keep
  const sysfd_timeout* timeout;  // null: no limit
  // How long to wait after SIGTERM, at the timeout, before the child is killed. Null: not at all.
  const sysfd_timeout* grace;
  // Null: none. It also gets what goes beyond max_size.
  sysfd_output_sink sink;
  void* sink_data;
  // 0: it gets pieces, as they are read. Otherwise it gets lines without their newlines, in parts
  // of at most so many bytes.
  uint64_t longest_line;
} sysfd_output_options;
#define SYSFD_OUTPUT_OPTIONS_INIT \
  {sizeof(sysfd_output_options), 0, NULL, 0, SYSFD_UNLIMITED, NULL, NULL, NULL, NULL, 0}

enum { SYSFD_CONFIRM_BY_FINISH = 0, SYSFD_CONFIRM_BY_DESCRIPTOR = 1 };

int sysfd_command_spawn(sysfd_command* command, sysfd_child** child, sysfd_spawn_error* error);
int sysfd_command_status(sysfd_command* command, int32_t* status, sysfd_spawn_error* error);
int sysfd_command_output(sysfd_command* command, const sysfd_output_options* options,
                         sysfd_output** output, sysfd_spawn_error* error);
// Returns only an error.
int sysfd_command_exec(sysfd_command* command, sysfd_spawn_error* error);
// These two empty the command on success.
int sysfd_command_spawn_async(sysfd_command* command, int confirmation,
                              sysfd_pending_child** pending, sysfd_spawn_error* error);
int sysfd_command_prepare(sysfd_command* command, sysfd_prepared_command** prepared,
                          sysfd_spawn_error* error);

// <sysfd/prepared_command.hpp>: thread-safe. <sysfd/spawn_changes.hpp>: what may differ.
typedef struct sysfd_placed_fd {
  int32_t fd;  // borrowed until the start has returned; -1: none as that number
  int32_t number;
} sysfd_placed_fd;
typedef struct sysfd_spawn_changes {
  uint32_t size;
  uint32_t reserved;             // 0
  const char* const* arguments;  // lists of strings end with a null pointer; null: none
  const int* descriptors;        // borrowed until the start has returned
  size_t descriptor_count;
  const sysfd_placed_fd* placed;
  size_t placed_count;
  const char* const* environment;
  const char* working_directory;  // null: unchanged
} sysfd_spawn_changes;
#define SYSFD_SPAWN_CHANGES_INIT \
  {sizeof(sysfd_spawn_changes), 0, NULL, NULL, 0, NULL, 0, NULL, NULL}
int sysfd_prepared_command_spawn(const sysfd_prepared_command* prepared,
                                 const sysfd_spawn_changes* changes, sysfd_child** child,
                                 sysfd_spawn_error* error);
int sysfd_prepared_command_status(const sysfd_prepared_command* prepared,
                                  const sysfd_spawn_changes* changes, int32_t* status,
                                  sysfd_spawn_error* error);
int sysfd_prepared_command_output(const sysfd_prepared_command* prepared,
                                  const sysfd_output_options* options,
                                  const sysfd_spawn_changes* changes, sysfd_output** output,
                                  sysfd_spawn_error* error);
int sysfd_prepared_command_spawn_async(const sysfd_prepared_command* prepared,
                                       const sysfd_spawn_changes* changes, int confirmation,
                                       sysfd_pending_child** pending, sysfd_spawn_error* error);
void sysfd_prepared_command_free(sysfd_prepared_command* prepared);

// <sysfd/spawn_all.hpp>: starts `count` children, and returns how many run. Where one could not be
// started, children[i] is null, and *errors[i] tells why. `errors`, and each of them, may be null.
int sysfd_spawn_all(sysfd_command* const* commands, size_t count, sysfd_child** children,
                    sysfd_spawn_error* const* errors);
// One child for each of the changes.
int sysfd_prepared_command_spawn_all(const sysfd_prepared_command* prepared,
                                     const sysfd_spawn_changes* const* changes, size_t count,
                                     sysfd_child** children, sysfd_spawn_error* const* errors);

// dup(2) of low numbers: returns how many are reserved. See <sysfd/spawn_slots.hpp>.
int sysfd_reserve_spawn_slots(size_t count);

// <sysfd/pending_child.hpp>: a child that is being started. Freeing it finishes the start, and then
// does to the child what its drop policy says.
int sysfd_pending_child_finish(sysfd_pending_child* pending, sysfd_child** child,
                               sysfd_spawn_error* error);
int sysfd_pending_child_try_finish(sysfd_pending_child* pending, sysfd_child** child,
                                   sysfd_spawn_error* error);
int sysfd_pending_child_finish_for(sysfd_pending_child* pending, const sysfd_timeout* timeout,
                                   sysfd_child** child, sysfd_spawn_error* error);
int sysfd_pending_child_cancel(sysfd_pending_child* pending);
int32_t sysfd_pending_child_pid(const sysfd_pending_child* pending);
// -ENOENT: it was not started with SYSFD_CONFIRM_BY_DESCRIPTOR.
int sysfd_pending_child_fd_borrow(const sysfd_pending_child* pending);
void sysfd_pending_child_free(sysfd_pending_child* pending);

// <sysfd/pipeline.hpp>: these two empty the commands on success. A command with an error of an
// earlier call is refused, as by a start.
int sysfd_pipeline_new(sysfd_command* first, sysfd_command* second, sysfd_pipeline** pipeline,
                       sysfd_spawn_error* error);
int sysfd_pipeline_append(sysfd_pipeline* pipeline, sysfd_command* next, sysfd_spawn_error* error);
// <sysfd/containment.hpp>: all stages, and all that they start, are one tree, which ends when the
// last child is freed. `containment`: null for the defaults. -EINVAL: a mistake in it. A stage that
// cannot be in a tree, as one with sysfd_command_contain(), is an error of the start.
int sysfd_pipeline_contain(sysfd_pipeline* pipeline, const sysfd_containment* containment);
// Writes a child for each stage, and returns how many. -ERANGE: they are more than `capacity`.
int sysfd_pipeline_spawn(sysfd_pipeline* pipeline, size_t capacity, sysfd_child** children,
                         sysfd_spawn_error* error);
int sysfd_pipeline_output(sysfd_pipeline* pipeline, const sysfd_output_options* options,
                          sysfd_output** output, sysfd_spawn_error* error);
void sysfd_pipeline_free(sysfd_pipeline* pipeline);

// <sysfd/output.hpp>: how a program ended, and what it wrote.
enum {
  SYSFD_OUTPUT_SUCCESS = 0x1,  // it ended with exit code 0, and in time
  SYSFD_OUTPUT_OUT_CUT = 0x2,
  SYSFD_OUTPUT_ERR_CUT = 0x4,
  SYSFD_OUTPUT_TIMED_OUT = 0x8,
  SYSFD_OUTPUT_CANCELED = 0x10,
  SYSFD_OUTPUT_TERMINAL_CUT = 0x20
};
typedef struct sysfd_output_info {
  uint32_t size;
  uint32_t flags;       // SYSFD_OUTPUT_...
  int32_t status_code;  // 0, or why there is no status: an errno value, positive
  int32_t status;       // as wait(2) stores it; of a pipeline, of the first stage that failed
  int32_t kill_code;    // 0, or why it could not be killed
  uint32_t stages;      // 1, or those of the pipeline
  const char* out;      // these live as long as the object
  size_t out_size;
  const char* err;
  size_t err_size;
  uint64_t input_taken;
  const char* terminal;  // what was written to the terminal of sysfd_command_terminal()
  size_t terminal_size;
} sysfd_output_info;
#define SYSFD_OUTPUT_INFO_INIT \
  {sizeof(sysfd_output_info), 0, 0, 0, 0, 0, NULL, 0, NULL, 0, 0, NULL, 0}
int sysfd_output_get(const sysfd_output* output, sysfd_output_info* info);
// The status of one stage of a pipeline, or its error.
int sysfd_output_stage(const sysfd_output* output, size_t stage, int32_t* status);
int sysfd_output_describe(const sysfd_output* output, char* buffer, size_t size);

// <sysfd/ending.hpp>: why a child has ended. Only what is certain.
enum {
  SYSFD_END_NOT_KNOWN = 0,
  SYSFD_END_EXITED = 1,
  SYSFD_END_SIGNAL = 2,
  SYSFD_END_CORE_DUMP = 3,
  SYSFD_END_TIMEOUT = 4,       // also when the timeout was canceled
  SYSFD_END_OUT_OF_MEMORY = 5  // for the limit of its own cgroup
};
enum {  // which members of sysfd_ending are set
  SYSFD_ENDING_STATUS = 0x1,
  SYSFD_ENDING_OOM_KILLS = 0x2,  // these two: of a tree with a cgroup of its own
  SYSFD_ENDING_REFUSED_FORKS = 0x4
};
typedef struct sysfd_ending {
  uint32_t size;
  uint32_t set;        // SYSFD_ENDING_...; members that are not set are 0
  int32_t reason;      // SYSFD_END_...
  int32_t status;      // as wait(2) stores it
  uint64_t oom_kills;  // how many processes of the tree the OOM killer has killed
  uint64_t refused_forks;
} sysfd_ending;
#define SYSFD_ENDING_INIT {sizeof(sysfd_ending), 0, 0, 0, 0, 0}
// -ENODATA: it is the output of a pipeline.
int sysfd_output_ending(const sysfd_output* output, sysfd_ending* ending);
void sysfd_output_free(sysfd_output* output);

// <sysfd/child.hpp>: a child process. Freeing it does what the drop policy says: it kills and reaps
// a process that runs, unless another policy was set.
// -EINVAL: it was detached. -EBADF: its descriptors were closed.
int sysfd_child_pidfd_borrow(const sysfd_child* child);
int32_t sysfd_child_pid(const sysfd_child* child);
// The caller's ends of pipes and of the terminal. -ENOENT: there is none, or no longer.
int sysfd_child_stdin_pipe_borrow(sysfd_child* child);
int sysfd_child_stdin_pipe_release(sysfd_child* child);
int sysfd_child_stdout_pipe_borrow(sysfd_child* child);
int sysfd_child_stdout_pipe_release(sysfd_child* child);
int sysfd_child_stderr_pipe_borrow(sysfd_child* child);
int sysfd_child_stderr_pipe_release(sysfd_child* child);
int sysfd_child_terminal_borrow(sysfd_child* child);
int sysfd_child_terminal_release(sysfd_child* child);
enum {
  SYSFD_REPORT_BY_CLONE3 = 1,
  SYSFD_REPORT_ISOLATED_TABLE = 2,
  SYSFD_REPORT_REAPS_ITSELF = 4,
  SYSFD_REPORT_KILLED_WITH_PARENT = 8,
  SYSFD_REPORT_COPIED_MEMORY = 16
};
typedef struct sysfd_spawn_report {
  uint32_t size;
  uint32_t flags;  // SYSFD_REPORT_...
  int32_t busy_retries;
  uint32_t reserved;
} sysfd_spawn_report;
#define SYSFD_SPAWN_REPORT_INIT {sizeof(sysfd_spawn_report), 0, 0, 0}
int sysfd_child_report(const sysfd_child* child, sysfd_spawn_report* report);
enum {  // from the strongest to the weakest
  SYSFD_CONTAINED_BY_PID_NAMESPACE = 0,
  SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE = 1,
  SYSFD_CONTAINED_BY_SUBREAPER = 2,
  SYSFD_NOT_CONTAINED = 3
};
// How its tree is kept together: SYSFD_CONTAINED_BY_....
int sysfd_child_containment(const sysfd_child* child);
// -EAGAIN: it was not waited for yet.
int sysfd_child_ending(const sysfd_child* child, sysfd_ending* ending);
// What its tree uses or has used. -EOPNOTSUPP: it has no cgroup of its own.
int sysfd_child_usage(const sysfd_child* child, sysfd_cgroup_usage* usage);
// `status` is as wait(2) stores it, and may be null.
int sysfd_child_wait(sysfd_child* child, int32_t* status);
int sysfd_child_try_wait(sysfd_child* child, int32_t* status);
int sysfd_child_wait_for(sysfd_child* child, const sysfd_timeout* timeout, int32_t* status);
// `grace`: null for no limit.
int sysfd_child_terminate(sysfd_child* child, const sysfd_timeout* grace, int32_t* status);
int sysfd_child_on_drop(sysfd_child* child, int policy, const sysfd_timeout* grace);
int sysfd_child_communicate(sysfd_child* child, const sysfd_output_options* options,
                            sysfd_output** output);
int sysfd_child_send_signal_to_group(sysfd_child* child, int signo);
int sysfd_child_kill_cgroup(sysfd_child* child);
int sysfd_child_close_descriptors(sysfd_child* child);
// Child::detach(): returns the pidfd. Empties the object.
int sysfd_child_detach_release(sysfd_child* child);
void sysfd_child_free(sysfd_child* child);

#ifdef __cplusplus
}
#endif
// NOLINTEND

#endif  // SYSFD_SYSFD_H
