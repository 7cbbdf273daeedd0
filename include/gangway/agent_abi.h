/* Gangway, agent ABI: the whole contract between PassengerAgent and a module.
 *
 * The host side is compiled into PassengerAgent (agent_hooks/); the module side is a shared
 * object that the host loads (ext/ builds gangway.so). Neither includes a header of the other:
 * this file is all that they share, and it is all that one needs to write another module.
 *
 * Shape of the contract
 *   1. The host dlopen()s the module with RTLD_LOCAL and looks up the single symbol
 *      GANGWAY_MODULE_ENTRY. It refuses a module whose abi_version or struct_size differs from
 *      its own. There is no negotiation: host and module are built from one tree.
 *   2. The host calls module->start() once, at the end of Pool::initialize(); module->begin_drain()
 *      when the agent was told to exit (Pool::prepareForShutdown()); and module->stop() before
 *      Pool::destroy() touches the pool. It never unloads the shared object.
 *   3. Between start() and the return of stop() the module may call every function of gangway_host
 *      from any of its own threads, concurrently. It may call none of them before or after, and
 *      none from a signal handler.
 *   4. Before stop() returns the module has closed every session and released every process
 *      reference, and no thread of its own is running.
 *
 * Rules that hold for every function
 *   - No C++ exception crosses in either direction. What fails, returns a gangway_status; the host
 *     logs the reason of GANGWAY_FAILED itself.
 *   - No host function blocks on a worker process, on the network or on a file; except that a hook
 *     script of Passenger's (detached_process) is waited for by the call that detaches a process.
 * The pool's lock (Pool::syncher), which every visitor's request takes too, may have to be waited
 * for; each function says whether it takes it and for how much work.
 *   - Strings are gangway_str: bytes with a length, not NUL-terminated, of no promised encoding.
 *   - Times are microseconds since the epoch, UTC, as Passenger keeps them, unless named otherwise.
 *   - Memory is owned by who allocated it. The host hands out memory only inside a caller's buffer,
 *     or inside a handle that the caller gives back.
 *
 * Passenger's own words are kept: group, process, session, gupid, busyness. Each field that mirrors
 * a Passenger one names it.
 */
#ifndef GANGWAY_AGENT_ABI_H
#define GANGWAY_AGENT_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised by one on any change to this file that alters a type, an order or a meaning. */
#define GANGWAY_ABI_VERSION 3u

/* The one symbol that a module exports, of type gangway_module_entry_fn. */
#define GANGWAY_MODULE_ENTRY "gangway_module_entry"

/* ---------------------------------------------------------------- basic types */

/* Bytes with a length. data may be NULL only when size is 0. */
typedef struct gangway_str {
    const char* data;
    size_t size;
} gangway_str;

typedef enum gangway_status {
    GANGWAY_OK = 0,
    /* The buffer is too small; the size that is needed was stored. Try again with that. */
    GANGWAY_NO_SPACE = 1,
    /* No such process or group, or the process has left the pool in the meantime. */
    GANGWAY_NOT_FOUND = 2,
    /* The process serves as many sessions as its concurrency allows. Try again later. */
    GANGWAY_BUSY = 3,
    /* The process is in the pool but takes no sessions: disabled, detached or shutting down,
     * or it has no socket that accepts requests. */
    GANGWAY_NOT_ROUTABLE = 4,
    /* A connection is being made. Wait until its descriptor is writable, then call again. */
    GANGWAY_IN_PROGRESS = 5,
    /* The worker's listen queue is full (AF_UNIX only). There is nothing to wait on: call again
     * after a pause, or give up. */
    GANGWAY_AGAIN = 6,
    /* connect(2) failed; the errno was stored. The host has told Passenger, which detaches the
     * process as it does when its own connection fails (Group::onSessionInitiateFailure). */
    GANGWAY_CONNECT_FAILED = 7,
    /* An exception inside the host. It was caught and logged there; nothing was changed. */
    GANGWAY_FAILED = 8,
    /* With GANGWAY_SESSION_LEAVE_A_SLOT: it would take the group's last free slot. */
    GANGWAY_LAST_FREE_SLOT = 9
} gangway_status;

/* Passenger's levels, LoggingKit::Level. */
typedef enum gangway_log_level {
    GANGWAY_LOG_CRIT = 0,
    GANGWAY_LOG_ERROR = 1,
    GANGWAY_LOG_WARN = 2,
    GANGWAY_LOG_NOTICE = 3,
    GANGWAY_LOG_INFO = 4,
    GANGWAY_LOG_DEBUG = 5
} gangway_log_level;

/* ---------------------------------------------------------------- the pool, at one moment */

/* ApplicationPool2::Process::LifeStatus. */
typedef enum gangway_process_life {
    GANGWAY_PROCESS_ALIVE = 0,
    GANGWAY_PROCESS_SHUTDOWN_TRIGGERED = 1,
    GANGWAY_PROCESS_DEAD = 2
} gangway_process_life;

/* ApplicationPool2::Process::EnabledStatus. */
typedef enum gangway_process_enabled {
    GANGWAY_PROCESS_ENABLED = 0,
    GANGWAY_PROCESS_DISABLING = 1,
    GANGWAY_PROCESS_DISABLED = 2,
    GANGWAY_PROCESS_DETACHED = 3
} gangway_process_enabled;

/* ApplicationPool2::Group::LifeStatus. */
typedef enum gangway_group_life {
    GANGWAY_GROUP_ALIVE = 0,
    GANGWAY_GROUP_SHUTTING_DOWN = 1,
    GANGWAY_GROUP_SHUT_DOWN = 2
} gangway_group_life;

/* One listening socket of a process (ApplicationPool2::Socket). */
typedef struct gangway_socket {
    gangway_str address;          /* "unix:/path" or "tcp://host:port" */
    gangway_str protocol;         /* "session" or "http" */
    gangway_str description;      /* often empty */
    int32_t concurrency;          /* sessions at once; 0 unlimited, -1 unknown */
    int32_t sessions;             /* sessions open now */
    uint8_t accept_http_requests; /* 1: Passenger routes requests here */
} gangway_socket;

/* CPU and memory as Pool::collectAnalytics() last measured them, every few seconds. Sizes in KiB;
 * -1 where the system does not tell. */
typedef struct gangway_metrics {
    uint8_t valid; /* 0: not measured yet; every other field is then meaningless */
    uint8_t cpu_percent;
    int32_t process_group_id;
    int64_t rss_kib;
    int64_t pss_kib;
    int64_t private_dirty_kib;
    int64_t swap_kib;
    int64_t real_memory_kib; /* ProcessMetrics::realMemory(): private dirty plus swap, else rss */
    int64_t vmsize_kib;
    gangway_str command;
} gangway_metrics;

/* One application process (ApplicationPool2::Process). */
typedef struct gangway_process {
    int64_t pid;
    gangway_str gupid;    /* unique for ever, unlike a pid */
    uint32_t group_index; /* into gangway_snapshot.groups */
    uint32_t sticky_session_id;
    int32_t concurrency; /* sessions at once; 0 unlimited, -1 unknown */
    int32_t sessions;    /* sessions open now */
    int32_t busyness;    /* Process::busyness(): 0 to INT32_MAX, comparable within a group only */
    uint32_t processed;  /* sessions closed so far */
    gangway_process_life life;
    gangway_process_enabled enabled;
    uint64_t spawner_creation_time_usec;
    uint64_t spawn_start_time_usec;
    uint64_t spawn_end_time_usec;
    uint64_t last_used_usec;   /* when the newest session was opened */
    gangway_str code_revision; /* empty when Passenger knows none */
    gangway_metrics metrics;
    uint32_t first_socket; /* into gangway_snapshot.sockets */
    uint32_t socket_count;
} gangway_process;

/* One application group (ApplicationPool2::Group): the processes of one application. */
typedef struct gangway_group {
    gangway_str name; /* unique in the pool */
    gangway_str app_root;
    gangway_str app_type; /* "ruby", "python", "nodejs", … ; empty for a generic application */
    gangway_str environment;
    gangway_str uuid;     /* new at every restart */
    gangway_str password; /* Group::getApiKey(), the connect password of each of its processes.
                             A secret: compared in constant time, never logged. */
    uint8_t has_user;     /* 0: the user database did not answer; the next four are unset */
    uint32_t uid;         /* the user that the processes run as (prepareUserSwitching()) */
    uint32_t gid;
    gangway_str user;
    gangway_str user_group;
    gangway_group_life life;
    uint8_t spawning;
    uint8_t restarting;
    uint32_t enabled_process_count;
    uint32_t disabling_process_count;
    uint32_t disabled_process_count;
    uint32_t detached_process_count;
    uint32_t processes_being_spawned;
    uint32_t capacity_used;
    uint32_t get_wait_list_size; /* visitors' requests that wait for a process */
    uint32_t disable_wait_list_size;
    uint32_t first_process; /* into gangway_snapshot.processes; enabled ones come first, then */
    uint32_t process_count; /* disabling, disabled and detached ones, as in /pool.xml */
} gangway_group;

/* The pool at one moment. Everything that it points to lies in the caller's buffer. */
typedef struct gangway_snapshot {
    uint64_t taken_at_usec;
    uint32_t max;           /* the most processes that may run at once */
    uint32_t capacity_used; /* processes that count against max, those being spawned included */
    uint32_t get_wait_list_size; /* requests that wait for room in the pool */
    uint32_t group_count;
    uint32_t process_count; /* with detached ones, which Passenger's own process_count leaves out */
    uint32_t socket_count;
    const gangway_group* groups;
    const gangway_process* processes;
    const gangway_socket* sockets;
} gangway_snapshot;

/* ---------------------------------------------------------------- one process, one session */

typedef enum gangway_protocol {
    GANGWAY_PROTOCOL_SESSION = 0, /* Passenger's own: length, CGI-style variables, body */
    GANGWAY_PROTOCOL_HTTP = 1
} gangway_protocol;

/* A process that the module holds on to. It stays valid, with its identity, when the process has
 * left the pool; only what is asked of it then answers GANGWAY_NOT_FOUND or GANGWAY_NOT_ROUTABLE.
 */
typedef struct gangway_process_ref gangway_process_ref;

/* What never changes in a process, read without the pool's lock. Valid until the release. */
typedef struct gangway_process_identity {
    int64_t pid;
    gangway_str gupid;
    gangway_str group_name;
    gangway_str password; /* a secret, see gangway_group.password */
    uint8_t has_user;
    uint32_t uid;              /* the user that the group's processes run as */
    gangway_str debug_address; /* "tcp://…" or "unix:…" of the socket that speaks http and that
                                  Passenger routes nothing to (Ruby has one); empty for none */
    gangway_str base_uri;      /* where the group's application is mounted (Options::baseURI); "/"
                                  for the root */
    gangway_protocol protocol; /* of the sockets that Passenger routes requests to */
} gangway_process_identity;

/* What changes in a process. */
typedef struct gangway_process_state {
    gangway_process_life life;
    gangway_process_enabled enabled;
    int32_t concurrency;
    int32_t sessions;
    uint64_t last_used_usec;
} gangway_process_state;

/* A session as Passenger counts them: one request's use of one process. While it is open the pool
 * does not shut the process down, and a single-threaded process takes no other request. */
typedef struct gangway_session gangway_session;

/* How a session is opened; or-ed. */
typedef enum gangway_session_flags {
    /* For requests that are nobody's visit: nothing is opened, and GANGWAY_LAST_FREE_SLOT answered,
     * while visitors wait for a process of the group, and where the session would make the last
     * process of several busy that is not totally busy yet (Group::nEnabledProcessesTotallyBusy).
     * A group's only process is given away while nobody waits. */
    GANGWAY_SESSION_LEAVE_A_SLOT = 1
} gangway_session_flags;

/* The connection of a session. */
typedef struct gangway_connection {
    int fd;         /* non-blocking, close-on-exec; owned by the host: never close it */
    uint8_t reused; /* 1: kept alive from an earlier request, so it may have gone stale */
    gangway_protocol protocol;
    int error; /* errno, with GANGWAY_CONNECT_FAILED */
} gangway_connection;

/* Which process is meant. */
typedef struct gangway_process_id {
    int64_t pid; /* used when gupid is empty */
    gangway_str gupid;
} gangway_process_id;

/* ---------------------------------------------------------------- what the host gives */

typedef struct gangway_host {
    uint32_t abi_version; /* GANGWAY_ABI_VERSION */
    uint32_t struct_size; /* sizeof(gangway_host) */
    void* context;        /* first argument of every function below; opaque */

    /* Facts that do not change. Valid until stop() returns. */
    gangway_str passenger_version; /* "6.0.26" */
    gangway_str instance_dir;      /* empty when the core runs without a watchdog */
    gangway_str agent_config;      /* the core's effective configuration, a JSON object.
                                      Holds secrets: never logged. */
    gangway_str config_path;       /* the configuration file; empty when there is none */
    gangway_str config_text;       /* its content, read once; empty when there is none */

    /* Copies the pool into buffer, which must be aligned as for malloc(). Stores the number of
     * bytes used, or needed, in *size (in: the buffer's size).
     * GANGWAY_OK: *out is filled and points into buffer. GANGWAY_NO_SPACE, GANGWAY_FAILED: it is
     * not. Takes the pool's lock once, for a copy of the fields that change; what never changes in
     * a process, and what must be looked up, is written after it was let go. */
    gangway_status (*snapshot)(void* context, void* buffer, size_t* size, gangway_snapshot* out);

    /* Finds a process in any state, a detached one only if no other has that id.
     * GANGWAY_OK: *out must be given to process_release(). Takes the pool's lock, for a look at
     * each process's pid or gupid. */
    gangway_status (*process_find)(void* context, const gangway_process_id* id,
                                   gangway_process_ref** out);
    /* No lock. */
    const gangway_process_identity* (*process_identity)(const gangway_process_ref* process);
    /* GANGWAY_OK or GANGWAY_NOT_FOUND. Takes the pool's lock, for a few reads. */
    gangway_status (*process_state)(void* context, const gangway_process_ref* process,
                                    gangway_process_state* out);
    /* No lock. The sessions of the process must be closed before. */
    void (*process_release)(void* context, gangway_process_ref* process);

    /* Opens a session on that process and no other: Sessions counts it at once.
     * flags: of gangway_session_flags.
     * GANGWAY_OK: *out must be given to session_close(). GANGWAY_BUSY, GANGWAY_LAST_FREE_SLOT,
     * GANGWAY_NOT_ROUTABLE, GANGWAY_NOT_FOUND: nothing was opened. Takes the pool's lock, for a few
     * reads and writes. */
    gangway_status (*session_open)(void* context, gangway_process_ref* process, uint32_t flags,
                                   gangway_session** out);
    /* Gives the session its connection, one that Passenger kept alive or a new one, and never
     * waits for it: GANGWAY_OK, GANGWAY_IN_PROGRESS (out->fd is set, to wait on),
     * GANGWAY_AGAIN, GANGWAY_CONNECT_FAILED. Call it until it answers anything else than
     * GANGWAY_IN_PROGRESS or GANGWAY_AGAIN; give up by session_close().
     * Does not take the pool's lock, except to report a failure. */
    gangway_status (*session_connect)(void* context, gangway_session* session,
                                      gangway_connection* out);
    /* Tells Passenger that the application asked for out-of-band work in this answer
     * (Session::requestOOBW()). Takes the pool's lock. */
    void (*session_request_oobw)(void* context, gangway_session* session);
    /* Ends the session and counts it as processed. The descriptor may be closed by it: stop using
     * it, and take it out of any event loop, before. keep_alive: 1 only when request and answer
     * were complete and the worker did not say "Connection: close"; Passenger then keeps the
     * connection. success: 0 when the connection broke. Takes the pool's lock, and may detach
     * the process (max_requests) or hand it to a waiting visitor. */
    void (*session_close)(void* context, gangway_session* session, int success, int keep_alive);

    /* Takes the process out of the pool (Pool::detachProcess()): it finishes its requests, is shut
     * down, and Passenger replaces it where its limits say so. GANGWAY_NOT_FOUND when it has left
     * already. Takes the pool's lock. */
    gangway_status (*process_detach)(void* context, gangway_process_ref* process);
    /* Restarts a group (Pool::restartGroupByName(), RM_DEFAULT). Takes the pool's lock. */
    gangway_status (*group_restart)(void* context, gangway_str name);

    /* One line into Passenger's log. Thread-safe, no lock of the pool. */
    void (*log)(void* context, gangway_log_level level, gangway_str line);
    /* 1: a line of that level would be written. */
    int (*log_enabled)(void* context, gangway_log_level level);
} gangway_host;

/* ---------------------------------------------------------------- what the module gives */

typedef struct gangway_module {
    uint32_t abi_version; /* GANGWAY_ABI_VERSION */
    uint32_t struct_size; /* sizeof(gangway_module) */
    gangway_str name;     /* for the log: "gangway" */
    gangway_str version;

    /* Called once, on a thread of the agent, before the first request is served. Starts threads of
     * its own, with all signals blocked, and returns soon.
     * 0: started; *instance goes to the other two. Otherwise: not started, nothing is left behind,
     * and error holds one line, NUL-terminated, that the host logs; Passenger serves on. */
    int (*start)(const gangway_host* host, void** instance, char* error, size_t error_size);
    /* The agent exits soon. Take no new work; what runs may finish. Must not block. */
    void (*begin_drain)(void* instance);
    /* Ends what still runs, within a bound of the module's own (seconds), closes every session and
     * releases every reference, joins every thread and frees the instance. begin_drain() may not
     * have been called before. */
    void (*stop)(void* instance);
} gangway_module;

/* Returns a table that lives as long as the shared object. */
typedef const gangway_module* (*gangway_module_entry_fn)(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* GANGWAY_AGENT_ABI_H */
