/* Gangway, agent ABI: the whole contract between PassengerAgent and a module.
 *
 * The host side is compiled into PassengerAgent (agent_hooks/); the module side is a shared
 * object that the host loads (ext/ builds gangway.so, examples/ another). Neither includes a header
 * of the other: this file is all that they share, and it is all that one needs to write another
 * module. docs/modules.md says how to begin.
 *
 * Shape of the contract
 *   1. The host dlopen()s the module with RTLD_LOCAL, looks up the single symbol
 *      GANGWAY_MODULE_ENTRY, and checks the table that it returns (see Compatibility). A module
 *      that does not fit is refused with one line in Passenger's log; the module checks nothing.
 *   2. The host calls module->start() once, at the end of Pool::initialize(); module->begin_drain()
 *      when the agent was told to exit (Pool::prepareForShutdown()); and module->stop() before
 *      Pool::destroy() touches the pool. It never unloads the shared object.
 *   3. Between the call of start() and the return of stop() the module may call every function of
 *      gangway_host, from within its own functions and from any of its own threads, concurrently.
 *      It may call none of them before or after, and none from a signal handler.
 *   4. Before stop() returns the module has closed every session and released every process
 *      reference, and no thread of its own is running.
 *
 * Rules that hold for every function
 *   - No C++ exception crosses in either direction. What fails, returns a gangway_status; the host
 *     logs the reason of GANGWAY_FAILED itself.
 *   - No host function blocks on a worker process, on the network or on a file. Two exceptions,
 *     both without the pool's lock: a hook script of Passenger's (detached_process) is waited for
 *     by the call that detaches a process; and the user database is asked by the first snapshot()
 *     or process_find() that meets a group after its start or restart.
 *   - The pool's lock (Pool::syncher), which every visitor's request takes too, may have to be
 *     waited for; each function says whether it takes it and for how much work.
 *   - Strings are gangway_str: bytes with a length, not NUL-terminated, of no promised encoding.
 *   - Times are microseconds since the epoch, UTC, as Passenger keeps them, unless named otherwise.
 *   - Memory is owned by who allocated it. The host hands out memory only inside a caller's buffer,
 *     or inside a handle that the caller gives back. A string's type says in whose memory it lies.
 *   - What a function writes through a pointer is written with GANGWAY_OK only, unless it says so.
 *
 * Each function is described in one form: its parameters; what it returns; thread: on which it may
 * be called; lock: whether it takes the pool's, and for how much work; owner: who owns what it
 * takes and gives; when: in which part of the module's life it may be called.
 *
 * Compatibility
 *   Both tables begin with abi_version, the major version, and struct_size, which tells the minor
 *   one: it grows with each.
 *   - Minor changes leave a module or an agent that was built before as good as it was. There are
 *     two: a function is appended at the end of gangway_host or gangway_module; an enumeration gets
 *     a further value. A module takes a status that it does not know for GANGWAY_FAILED, and a
 *     state that it does not know for one that is not alive and not enabled. The host answers a
 *     flag that it does not know by GANGWAY_UNSUPPORTED, and does nothing.
 *   - Everything else is a major change and raises GANGWAY_ABI_VERSION: a function that goes, moves
 *     or has another type or meaning, and any change of a record (the other structs). What a record
 *     lacks comes in a new record, from a new function.
 *   - An agent loads a module of its own major version that is older, as old, or younger. The
 *     module's host_struct_size says how much of gangway_host it cannot do without: where that is
 *     more than the agent has, the module is refused. A module that can do without a function that
 *     was appended says less there, and asks GANGWAY_HOST_HAS() before it calls it.
 *   - A module of another major version is refused, and so is a table whose sizes cannot be.
 *   test/abi/layout.c pins the layout of what must not change.
 *
 * Passenger's own words are kept: group, process, session, gupid, busyness. Each field that mirrors
 * a Passenger one names it.
 */
#ifndef GANGWAY_AGENT_ABI_H
#define GANGWAY_AGENT_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The major version; see Compatibility. */
#define GANGWAY_ABI_VERSION 4u

/* ---------------------------------------------------------------- basic types */

/* Bytes with a length. data may be NULL only when size is 0. In a record it lies where the record
 * does: in the caller's buffer. */
typedef struct gangway_str {
    const char* data;
    size_t size;
} gangway_str;

/* In the host's memory: valid as long as is said beside it, never freed by the module. */
typedef gangway_str gangway_host_str;
/* In the module's memory: the host copies what it needs for longer than the call. */
typedef gangway_str gangway_module_str;

/* A gangway_str's initializer, of a literal. */
#define GANGWAY_STR(literal)                                                                       \
    { (literal), sizeof(literal) - 1 }

/* An enumeration has 32 bits on either side: C++ is told so, of C it is asserted below. */
#ifdef __cplusplus
#define GANGWAY_32_BITS : uint32_t
#else
#define GANGWAY_32_BITS
#endif

typedef enum gangway_status GANGWAY_32_BITS {
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
    GANGWAY_LAST_FREE_SLOT = 9,
    /* A flag that this host does not know: it is older than the module. Nothing was done. */
    GANGWAY_UNSUPPORTED = 10
} gangway_status;

/* Passenger's levels, LoggingKit::Level. */
typedef enum gangway_log_level GANGWAY_32_BITS {
    GANGWAY_LOG_CRIT = 0,
    GANGWAY_LOG_ERROR = 1,
    GANGWAY_LOG_WARN = 2,
    GANGWAY_LOG_NOTICE = 3,
    GANGWAY_LOG_INFO = 4,
    GANGWAY_LOG_DEBUG = 5
} gangway_log_level;

/* ---------------------------------------------------------------- the pool, at one moment */

/* ApplicationPool2::Process::LifeStatus. */
typedef enum gangway_process_life GANGWAY_32_BITS {
    GANGWAY_PROCESS_ALIVE = 0,
    GANGWAY_PROCESS_SHUTDOWN_TRIGGERED = 1,
    GANGWAY_PROCESS_DEAD = 2
} gangway_process_life;

/* ApplicationPool2::Process::EnabledStatus. */
typedef enum gangway_process_enabled GANGWAY_32_BITS {
    GANGWAY_PROCESS_ENABLED = 0,
    GANGWAY_PROCESS_DISABLING = 1,
    GANGWAY_PROCESS_DISABLED = 2,
    GANGWAY_PROCESS_DETACHED = 3
} gangway_process_enabled;

/* ApplicationPool2::Group::LifeStatus. */
typedef enum gangway_group_life GANGWAY_32_BITS {
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

typedef enum gangway_protocol GANGWAY_32_BITS {
    GANGWAY_PROTOCOL_SESSION = 0, /* Passenger's own: length, CGI-style variables, body */
    GANGWAY_PROTOCOL_HTTP = 1
} gangway_protocol;

/* A process that the module holds on to. It stays valid, with its identity, when the process has
 * left the pool; only what is asked of it then answers GANGWAY_NOT_FOUND or GANGWAY_NOT_ROUTABLE.
 */
typedef struct gangway_process_ref gangway_process_ref;

/* What never changes in a process. Valid until the release. */
typedef struct gangway_process_identity {
    int64_t pid;
    gangway_host_str gupid;
    gangway_host_str group_name;
    gangway_host_str password; /* a secret, see gangway_group.password */
    uint8_t has_user;
    uint32_t uid;                   /* the user that the group's processes run as */
    gangway_host_str debug_address; /* "tcp://…" or "unix:…" of the socket that speaks http and that
                                       Passenger routes nothing to (Ruby has one); empty for none */
    gangway_host_str base_uri;      /* where the group's application is mounted (Options::baseURI);
                                       "/" for the root */
    gangway_protocol protocol;      /* of the sockets that Passenger routes requests to */
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
typedef enum gangway_session_flags GANGWAY_32_BITS {
    /* For requests that are nobody's visit: nothing is opened, and GANGWAY_LAST_FREE_SLOT answered,
     * while visitors wait for a process of the group, and where the session would make the last
     * process of several busy that is not totally busy yet (Group::nEnabledProcessesTotallyBusy).
     * A group's only process is given away while nobody waits. */
    GANGWAY_SESSION_LEAVE_A_SLOT = 1
} gangway_session_flags;

/* The connection of a session. */
typedef struct gangway_connection {
    int fd;         /* non-blocking, close-on-exec; the host's: never close it; -1 for none */
    uint8_t reused; /* 1: kept alive from an earlier request, so it may have gone stale */
    gangway_protocol protocol;
    int error; /* errno, with GANGWAY_CONNECT_FAILED */
} gangway_connection;

/* Which process is meant. */
typedef struct gangway_process_id {
    int64_t pid; /* used when gupid is empty */
    gangway_module_str gupid;
} gangway_process_id;

/* ---------------------------------------------------------------- visitors' requests */

/* What a visitor's request is at (Core::Request::State, Core::AppResponse::HttpState). */
typedef enum gangway_request_state GANGWAY_32_BITS {
    GANGWAY_REQUEST_READING = 0,   /* its body is received, and kept, before a process is chosen */
    GANGWAY_REQUEST_QUEUED = 1,    /* waits for a process */
    GANGWAY_REQUEST_SENDING = 2,   /* is being sent to its process */
    GANGWAY_REQUEST_WAITING = 3,   /* waits for the head of the answer */
    GANGWAY_REQUEST_ANSWERING = 4, /* the answer has begun */
    GANGWAY_REQUEST_UPGRADED = 5   /* the connection has left HTTP: a WebSocket, say */
} gangway_request_state;

/* Which texts of a request were longer than the host copies; or-ed. */
typedef enum gangway_request_cut GANGWAY_32_BITS {
    GANGWAY_REQUEST_CUT_PATH = 1,
    GANGWAY_REQUEST_CUT_HOST = 2,
    GANGWAY_REQUEST_CUT_ID = 4
} gangway_request_cut;

/* A visitor's request whose head has been received (Core::Request). */
typedef struct gangway_request {
    gangway_str group_name;
    int64_t pid;       /* of the process that has it; 0 for none: not yet, or no longer */
    gangway_str gupid; /* likewise; empty for none */
    gangway_str method;
    gangway_str host;   /* the header; empty for none */
    gangway_str path;   /* with the query */
    gangway_str client; /* the address, as the web server tells it, else the peer's; empty for a
                           peer without one (a Unix socket) */
    gangway_str id;     /* X-Request-Id; empty for none */
    gangway_request_state state;
    uint32_t cut; /* of gangway_request_cut */
    uint8_t https;
    uint8_t keep_alive;      /* the client's connection may take another request afterwards */
    uint64_t began_at_usec;  /* when its head had been received */
    uint64_t received_bytes; /* of its body, from the client */
    uint64_t sent_bytes;     /* of the answer's body, from the process */
} gangway_request;

/* How much of a sample is wanted. Where there is more, requests over HTTP are given before
 * connections that have left it, and older ones before younger ones. */
typedef struct gangway_requests_wanted {
    uint32_t most_at_processes; /* requests that a process has */
    uint32_t most_others;       /* requests that none has */
    uint32_t most_clients;      /* connections that are looked at; the oldest ones */
} gangway_requests_wanted;

/* The requests of one of Passenger's controllers: it has one a thread. */
typedef struct gangway_requests {
    uint32_t controller; /* its number */
    uint8_t failed;      /* 1: for want of memory there are none here */
    uint64_t taken_at_usec;
    uint32_t took_usec;           /* for so long the controller served nobody */
    uint32_t client_count;        /* connections, those without a request included */
    uint32_t unseen_client_count; /* those among them that were not looked at */
    uint32_t at_processes_count;  /* in all; those in requests come first */
    uint32_t others_count;
    uint32_t request_count;
    const gangway_request* requests;
} gangway_requests;

/* What became of a visit. */
typedef enum gangway_visit_state GANGWAY_32_BITS {
    GANGWAY_VISIT_QUEUED = 0,     /* waits for a process still */
    GANGWAY_VISIT_AT_PROCESS = 1, /* a process has it still */
    GANGWAY_VISIT_SERVED = 2,     /* its process is rid of it, whatever the visitor got */
    GANGWAY_VISIT_REFUSED = 3,    /* the queue was full (RequestQueueFullException) */
    GANGWAY_VISIT_FAILED = 4,     /* there was no process to be had: it could not be started, say */
    GANGWAY_VISIT_LEFT = 5 /* the visitor had left when there was a process, or that could not
                              be connected to (and another visit follows) */
} gangway_visit_state;

/* A visitor's request from when it asks for a process (Pool::asyncGet()) until its session with
 * that ends (AbstractSession::close()). The times are by a clock that cannot be set, but for the
 * first. */
typedef struct gangway_visit {
    gangway_str group_name;
    gangway_str method;
    gangway_str path;  /* without the query */
    gangway_str gupid; /* of its process; empty for none */
    int64_t pid;       /* likewise; 0 for none */
    uint64_t asked_at_usec;
    uint64_t queued_usec; /* until it got its process, or got none; so far */
    uint64_t served_usec; /* from then on; so far */
    gangway_visit_state state;
    uint8_t path_cut; /* 1: it was longer than the host copies */
} gangway_visit;

/* The visits of all controllers. */
typedef struct gangway_visits {
    uint64_t taken_at_usec;
    uint64_t lost; /* that have ended since the last time, and are not here: there were too many */
    uint32_t ended_count;
    uint32_t open_count;
    const gangway_visit* ended;
    const gangway_visit* open; /* under way; the oldest of each controller first */
} gangway_visits;

/* ---------------------------------------------------------------- what the host tells */

/* How an attempt to start a process of a group ended (SpawningKit::Spawner::spawn()). */
typedef struct gangway_spawn {
    gangway_host_str group_name;
    gangway_host_str group_uuid; /* as it was when the attempt began: a restart gives another */
    gangway_host_str error; /* why there is no process, as Passenger logs it, without its page for
                               browsers; what the application printed may be in it. Empty: there is
                               one */
    uint64_t began_at_usec;
    uint64_t ended_at_usec;
} gangway_spawn;

/* ---------------------------------------------------------------- what the host gives */

typedef struct gangway_host {
    uint32_t abi_version; /* GANGWAY_ABI_VERSION */
    uint32_t struct_size; /* sizeof(gangway_host), as the agent was built */
    void* context;        /* the host's; first argument of every function below */

    /* Facts that do not change. Valid until stop() returns. */
    gangway_host_str passenger_version; /* "6.0.26" */
    gangway_host_str instance_dir;      /* empty when the core runs without a watchdog */
    gangway_host_str agent_config;      /* the core's effective configuration, a JSON object.
                                           Holds secrets: never logged. */
    gangway_host_str config_path;       /* the configuration file; empty when there is none */
    gangway_host_str config_text;       /* its content, read once; empty when there is none. May
                                           have any keys, besides "enabled" and "module". */

    /* Copies the pool into memory of the module.
     *   buffer   aligned as for malloc(), or NULL with a *size of 0; *out points into it
     *   size     in: its size in bytes; out: how many were used, or are needed
     *   out      the pool
     *   returns  GANGWAY_OK; GANGWAY_NO_SPACE, *size is set; GANGWAY_FAILED
     *   thread   any
     *   lock     the pool's, once, for a copy of the fields that change. What never changes in a
     *            process, and what must be looked up, is written after it was let go.
     *   owner    all of it is the module's
     *   when     from start() to the return of stop() */
    gangway_status (*snapshot)(void* context, void* buffer, size_t* size, gangway_snapshot* out);

    /* Finds a process in any state, a detached one only if no other has that id.
     *   id       which
     *   out      the process
     *   returns  GANGWAY_OK, GANGWAY_NOT_FOUND, GANGWAY_FAILED
     *   thread   any
     *   lock     the pool's, for a look at each process's pid or gupid
     *   owner    *out is the host's, lent to the module until it gives it to process_release()
     *   when     from start() to the return of stop() */
    gangway_status (*process_find)(void* context, const gangway_process_id* id,
                                   gangway_process_ref** out);

    /* Who it is.
     *   process  of process_find()
     *   returns  never NULL
     *   thread   any
     *   lock     none
     *   owner    what is returned is the host's; valid until process_release()
     *   when     between process_find() and process_release() */
    const gangway_process_identity* (*process_identity)(void* context,
                                                        const gangway_process_ref* process);

    /* How it is.
     *   process  of process_find()
     *   out      its state
     *   returns  GANGWAY_OK; GANGWAY_NOT_FOUND when it has left the pool; GANGWAY_FAILED
     *   thread   any
     *   lock     the pool's, for a few reads
     *   owner    *out is the module's
     *   when     between process_find() and process_release() */
    gangway_status (*process_state)(void* context, const gangway_process_ref* process,
                                    gangway_process_state* out);

    /* Lets go of it.
     *   process  of process_find(); its sessions are closed
     *   thread   any
     *   lock     none
     *   owner    process goes back to the host, and its identity with it
     *   when     from start() to the return of stop(), once for each process_find() */
    void (*process_release)(void* context, gangway_process_ref* process);

    /* Opens a session on that process and no other: the pool counts it at once.
     *   process  of process_find()
     *   flags    of gangway_session_flags
     *   out      the session
     *   returns  GANGWAY_OK; nothing was opened with GANGWAY_BUSY, GANGWAY_LAST_FREE_SLOT,
     *            GANGWAY_NOT_ROUTABLE, GANGWAY_NOT_FOUND, GANGWAY_UNSUPPORTED, GANGWAY_FAILED
     *   thread   any
     *   lock     the pool's, for a few reads and writes
     *   owner    *out is the host's, lent to the module until it gives it to session_close()
     *   when     between process_find() and process_release() */
    gangway_status (*session_open)(void* context, gangway_process_ref* process, uint32_t flags,
                                   gangway_session** out);

    /* Gives the session its connection, one that Passenger kept alive or a new one, and never
     * waits for it: call it until it answers anything else than GANGWAY_IN_PROGRESS (wait until
     * out->fd is writable) or GANGWAY_AGAIN; give up by session_close().
     *   session  of session_open()
     *   out      the connection; written with every status but GANGWAY_FAILED
     *   returns  GANGWAY_OK, GANGWAY_IN_PROGRESS, GANGWAY_AGAIN; GANGWAY_CONNECT_FAILED, out->error
     *            is set; GANGWAY_FAILED
     *   thread   any, one at a time for each session
     *   lock     none of the pool's, but with GANGWAY_CONNECT_FAILED as process_detach()
     *   owner    *out is the module's; out->fd is the host's, which closes it or keeps it alive
     *   when     between session_open() and session_close() */
    gangway_status (*session_connect)(void* context, gangway_session* session,
                                      gangway_connection* out);

    /* Tells Passenger that the application asked for out-of-band work in this answer
     * (Session::requestOOBW()).
     *   session  of session_open()
     *   thread   any, one at a time for each session
     *   lock     the pool's, for a few writes
     *   owner    nothing changes hands
     *   when     between session_open() and session_close() */
    void (*session_request_oobw)(void* context, gangway_session* session);

    /* Ends the session and counts it as processed. The descriptor may be closed by it: stop using
     * it, and take it out of any event loop, before.
     *   session     of session_open()
     *   success     0 when the connection broke
     *   keep_alive  1 only when request and answer were complete and the worker did not say
     *               "Connection: close"; Passenger then keeps the connection
     *   thread      any
     *   lock        the pool's, for a few writes; but it may detach the process (max_requests), or
     *               hand it to a visitor who waits
     *   owner       session goes back to the host, and its descriptor with it
     *   when        from start() to the return of stop(), once for each session_open() */
    void (*session_close)(void* context, gangway_session* session, int success, int keep_alive);

    /* Takes the process out of the pool (Pool::detachProcess()): it finishes its requests, is shut
     * down, and Passenger replaces it where its limits say so.
     *   process  of process_find()
     *   returns  GANGWAY_OK; GANGWAY_NOT_FOUND when it has left already, or its group shuts down;
     *            GANGWAY_FAILED
     *   thread   any
     *   lock     the pool's, for what Passenger does to detach a process. A hook script
     *            (detached_process) is waited for after it was let go.
     *   owner    process stays with the module
     *   when     between process_find() and process_release() */
    gangway_status (*process_detach)(void* context, gangway_process_ref* process);

    /* One line into Passenger's log, after "[NAME] ", the module's name.
     *   level    lines of a level that Passenger does not log are dropped
     *   line     holds no secret. A control character comes out as \xHH, so one call is one line.
     *   thread   any
     *   lock     none of the pool's
     *   owner    line stays the module's
     *   when     from start() to the return of stop() */
    void (*log)(void* context, gangway_log_level level, gangway_module_str line);

    /* Since struct_size 232. */

    /* How many controllers Passenger has. They are made after start(), all before the first visitor
     * is served, and stay.
     *   returns  their number; the first is 0
     *   thread   any
     *   lock     none of the pool's
     *   owner    nothing changes hands
     *   when     from start() to the return of stop() */
    uint32_t (*controller_count)(void* context);

    /* Asks a controller for its visitors' requests, and does not wait: it answers by
     * requests_taken(), between two of its events, on its own thread. One that is stuck answers
     * late or never, and is not asked again before it has. What an answer cost the controller's
     * visitors is told with it: the module asks seldom enough.
     *   controller  its number
     *   wanted      how much
     *   returns     GANGWAY_OK: it will be told once; GANGWAY_NOT_FOUND: no such controller;
     *               GANGWAY_FAILED
     *   thread      any
     *   lock        none of the pool's
     *   owner       wanted stays the module's
     *   when        from start() to the return of stop() */
    gangway_status (*requests_ask)(void* context, uint32_t controller,
                                   const gangway_requests_wanted* wanted);

    /* Gives back what requests_taken() was given.
     *   requests  of requests_taken()
     *   thread    any
     *   lock      none
     *   owner     requests goes back to the host, with all that it points to
     *   when      from start() to the return of stop(), once for each */
    void (*requests_release)(void* context, const gangway_requests* requests);

    /* Whether each visit that begins from now on is kept for visits_take(). It is not, unless it is
     * wanted: then a visit costs nothing more than a look at that. Those that end are kept up to a
     * bound, so they must be taken several times a second.
     *   on      0 or 1
     *   thread  any
     *   lock    none
     *   owner   nothing changes hands
     *   when    from start() to the return of stop(), which is not without 0 */
    void (*visits_watch)(void* context, int on);

    /* The visits that have ended since this was called last.
     *   most_open  and so many that are under way, at most
     *   out        the visits
     *   returns    GANGWAY_OK; GANGWAY_FAILED
     *   thread     any
     *   lock       for a moment, each controller's, that it needs for its own visits; none of the
     *              pool's
     *   owner      *out is the host's, lent to the module until it gives it to visits_release()
     *   when       from start() to the return of stop() */
    gangway_status (*visits_take)(void* context, uint32_t most_open, const gangway_visits** out);

    /* Gives back what visits_take() has given.
     *   visits  of visits_take()
     *   thread  any
     *   lock    as visits_take()
     *   owner   visits goes back to the host, with all that it points to
     *   when    from start() to the return of stop(), once for each */
    void (*visits_release)(void* context, const gangway_visits* visits);

    /* A minor version appends its functions here. */
} gangway_host;

/* Whether this agent has a function that a minor version appended: a member of gangway_host. */
#define GANGWAY_HOST_HAS(host, member) ((host)->struct_size > offsetof(gangway_host, member))

/* ---------------------------------------------------------------- what the module gives */

typedef struct gangway_module {
    uint32_t abi_version;      /* GANGWAY_ABI_VERSION */
    uint32_t struct_size;      /* sizeof(gangway_module), as the module was built */
    uint32_t host_struct_size; /* so much of gangway_host it cannot do without; sizeof(gangway_host)
                                  unless it asks GANGWAY_HOST_HAS() */
    gangway_module_str name;   /* for the log: "gangway" */
    gangway_module_str version; /* for the log */

    /* Starts threads of its own, and returns soon.
     *   host      what the module may use
     *   instance  what the other two are given; NULL for nothing
     *   error     one line that says why not; written where it did not start
     *   returns   GANGWAY_OK; anything else: not started, nothing is left behind, no other function
     *             is called; the host logs *error, and Passenger serves on
     *   thread    the agent's main one, before the first request is served. All signals are
     *             blocked but those of a crash, and so they are in the threads that are started:
     *             signals are Passenger's to handle.
     *   lock      none is held
     *   owner     host is the host's, valid until stop() returns; *instance is the module's; *error
     *             lies in the module's memory, valid until the module is called again
     *   when      once, first of all */
    gangway_status (*start)(const gangway_host* host, void** instance, gangway_module_str* error);

    /* The agent exits soon. Takes no new work; what runs may finish. Must not block. May be NULL.
     *   instance  of start()
     *   thread    the agent's main one
     *   lock      none is held
     *   owner     nothing changes hands
     *   when      at most once, between start() and stop() */
    void (*begin_drain)(void* instance);

    /* Ends what still runs, within a bound of the module's own (seconds), closes every session and
     * releases every reference, joins every thread and frees the instance.
     *   instance  of start()
     *   thread    the agent's main one
     *   lock      none is held
     *   owner     all that was lent goes back to the host
     *   when      once, last of all; begin_drain() may not have been called before */
    void (*stop)(void* instance);

    /* Since struct_size 88: the host calls what a module has, and that is not NULL. */

    /* An attempt to start a process has ended, well or not; not told of one that is interrupted,
     * since its group goes. Passenger may still drop the process, after a restart, say. Returns
     * soon.
     *   instance  of start()
     *   spawn     of which group, and how
     *   thread    one of Passenger's, with a small stack; perhaps several at once
     *   lock      none is held, but no function of gangway_host may be called
     *   owner     spawn is the host's, valid until it returns
     *   when      between start() and stop() */
    void (*spawn_ended)(void* instance, const gangway_spawn* spawn);

    /* The process gets no further requests and waits for those that it has, while the option
     * abort_websockets_on_process_shutdown of its application says that it shall not wait for
     * connections that have left HTTP: those of visitors Passenger closes now
     * (Pool::abortLongRunningConnectionsCallback), those of the module it has to close itself.
     * Told from the module's first session on. Returns soon.
     *   instance  of start()
     *   gupid     the process's
     *   thread    one of Passenger's, with a small stack; or one of the module's, within
     *             process_detach(), session_connect() or session_close(): nothing may be locked
     *             here that is locked around a call of these
     *   lock      the pool's is held: no function of gangway_host may be called
     *   owner     gupid is the host's, valid until it returns
     *   when      between start() and stop() */
    void (*abort_long_running_connections)(void* instance, gangway_host_str gupid);

    /* Since struct_size 96. */

    /* A controller's answer to requests_ask(). Returns at once: visitors wait for it.
     *   instance  of start()
     *   requests  all that it points to lies in it
     *   thread    the controller's
     *   lock      none is held, but no function of gangway_host may be called, except
     *             requests_release()
     *   owner     requests is the host's, lent to the module until it gives it to
     *             requests_release()
     *   when      between start() and stop() */
    void (*requests_taken)(void* instance, const gangway_requests* requests);

    /* A minor version appends its functions here. */
} gangway_module;

/* Whether this module has a function that a minor version appended. */
#define GANGWAY_MODULE_HAS(module, member)                                                         \
    ((module)->struct_size > offsetof(gangway_module, member) && (module)->member != NULL)

/* The one symbol that a module exports. Returns a table that lives as long as the shared object. */
#define GANGWAY_MODULE_ENTRY "gangway_module_entry"
__attribute__((visibility("default"))) const gangway_module* gangway_module_entry(void);
typedef const gangway_module* (*gangway_module_entry_fn)(void);

static_assert(sizeof(gangway_status) == 4 && sizeof(gangway_process_enabled) == 4,
              "the agent's enumerations have 32 bits: not with -fshort-enums");

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* GANGWAY_AGENT_ABI_H */
