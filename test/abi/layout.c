/* The layout that a module and an agent built apart rely on, where pointers have 64 bits. A record
 * that changes, and a member that moves, is a major change (see Compatibility in agent_abi.h); what
 * is appended to one of the two tables gets a row here, and its size grows.
 *
 * Compiled as C, which shows that the header needs nothing else, and as C++ (layout.cpp). */
#include <gangway/agent_abi.h>

#if UINTPTR_MAX == UINT64_MAX

#define GREW(type) "the size of " #type " changed: see Compatibility in agent_abi.h"
#define MOVED(type, member) #type "." #member " moved: see Compatibility in agent_abi.h"
#define SIZE(type, size) static_assert(sizeof(type) == (size), GREW(type))
#define AT(offset, type, member)                                                                   \
    static_assert(offsetof(type, member) == (offset), MOVED(type, member))

SIZE(gangway_str, 16);
AT(0, gangway_str, data);
AT(8, gangway_str, size);

SIZE(gangway_socket, 64);
AT(0, gangway_socket, address);
AT(16, gangway_socket, protocol);
AT(32, gangway_socket, description);
AT(48, gangway_socket, concurrency);
AT(52, gangway_socket, sessions);
AT(56, gangway_socket, accept_http_requests);

SIZE(gangway_metrics, 72);
AT(0, gangway_metrics, valid);
AT(1, gangway_metrics, cpu_percent);
AT(4, gangway_metrics, process_group_id);
AT(8, gangway_metrics, rss_kib);
AT(16, gangway_metrics, pss_kib);
AT(24, gangway_metrics, private_dirty_kib);
AT(32, gangway_metrics, swap_kib);
AT(40, gangway_metrics, real_memory_kib);
AT(48, gangway_metrics, vmsize_kib);
AT(56, gangway_metrics, command);

SIZE(gangway_process, 184);
AT(0, gangway_process, pid);
AT(8, gangway_process, gupid);
AT(24, gangway_process, group_index);
AT(28, gangway_process, sticky_session_id);
AT(32, gangway_process, concurrency);
AT(36, gangway_process, sessions);
AT(40, gangway_process, busyness);
AT(44, gangway_process, processed);
AT(48, gangway_process, life);
AT(52, gangway_process, enabled);
AT(56, gangway_process, spawner_creation_time_usec);
AT(64, gangway_process, spawn_start_time_usec);
AT(72, gangway_process, spawn_end_time_usec);
AT(80, gangway_process, last_used_usec);
AT(88, gangway_process, code_revision);
AT(104, gangway_process, metrics);
AT(176, gangway_process, first_socket);
AT(180, gangway_process, socket_count);

SIZE(gangway_group, 192);
AT(0, gangway_group, name);
AT(16, gangway_group, app_root);
AT(32, gangway_group, app_type);
AT(48, gangway_group, environment);
AT(64, gangway_group, uuid);
AT(80, gangway_group, password);
AT(96, gangway_group, has_user);
AT(100, gangway_group, uid);
AT(104, gangway_group, gid);
AT(112, gangway_group, user);
AT(128, gangway_group, user_group);
AT(144, gangway_group, life);
AT(148, gangway_group, spawning);
AT(149, gangway_group, restarting);
AT(152, gangway_group, enabled_process_count);
AT(156, gangway_group, disabling_process_count);
AT(160, gangway_group, disabled_process_count);
AT(164, gangway_group, detached_process_count);
AT(168, gangway_group, processes_being_spawned);
AT(172, gangway_group, capacity_used);
AT(176, gangway_group, get_wait_list_size);
AT(180, gangway_group, disable_wait_list_size);
AT(184, gangway_group, first_process);
AT(188, gangway_group, process_count);

SIZE(gangway_snapshot, 56);
AT(0, gangway_snapshot, taken_at_usec);
AT(8, gangway_snapshot, max);
AT(12, gangway_snapshot, capacity_used);
AT(16, gangway_snapshot, get_wait_list_size);
AT(20, gangway_snapshot, group_count);
AT(24, gangway_snapshot, process_count);
AT(28, gangway_snapshot, socket_count);
AT(32, gangway_snapshot, groups);
AT(40, gangway_snapshot, processes);
AT(48, gangway_snapshot, sockets);

SIZE(gangway_process_identity, 104);
AT(0, gangway_process_identity, pid);
AT(8, gangway_process_identity, gupid);
AT(24, gangway_process_identity, group_name);
AT(40, gangway_process_identity, password);
AT(56, gangway_process_identity, has_user);
AT(60, gangway_process_identity, uid);
AT(64, gangway_process_identity, debug_address);
AT(80, gangway_process_identity, base_uri);
AT(96, gangway_process_identity, protocol);

SIZE(gangway_process_state, 24);
AT(0, gangway_process_state, life);
AT(4, gangway_process_state, enabled);
AT(8, gangway_process_state, concurrency);
AT(12, gangway_process_state, sessions);
AT(16, gangway_process_state, last_used_usec);

SIZE(gangway_connection, 16);
AT(0, gangway_connection, fd);
AT(4, gangway_connection, reused);
AT(8, gangway_connection, protocol);
AT(12, gangway_connection, error);

SIZE(gangway_process_id, 24);
AT(0, gangway_process_id, pid);
AT(8, gangway_process_id, gupid);

SIZE(gangway_spawn, 64);
AT(0, gangway_spawn, group_name);
AT(16, gangway_spawn, group_uuid);
AT(32, gangway_spawn, error);
AT(48, gangway_spawn, began_at_usec);
AT(56, gangway_spawn, ended_at_usec);

SIZE(gangway_request, 160);
AT(0, gangway_request, group_name);
AT(16, gangway_request, pid);
AT(24, gangway_request, gupid);
AT(40, gangway_request, method);
AT(56, gangway_request, host);
AT(72, gangway_request, path);
AT(88, gangway_request, client);
AT(104, gangway_request, id);
AT(120, gangway_request, state);
AT(124, gangway_request, cut);
AT(128, gangway_request, https);
AT(129, gangway_request, keep_alive);
AT(136, gangway_request, began_at_usec);
AT(144, gangway_request, received_bytes);
AT(152, gangway_request, sent_bytes);

SIZE(gangway_requests_wanted, 12);
AT(0, gangway_requests_wanted, most_at_processes);
AT(4, gangway_requests_wanted, most_others);
AT(8, gangway_requests_wanted, most_clients);

SIZE(gangway_requests, 48);
AT(0, gangway_requests, controller);
AT(4, gangway_requests, failed);
AT(8, gangway_requests, taken_at_usec);
AT(16, gangway_requests, took_usec);
AT(20, gangway_requests, client_count);
AT(24, gangway_requests, unseen_client_count);
AT(28, gangway_requests, at_processes_count);
AT(32, gangway_requests, others_count);
AT(36, gangway_requests, request_count);
AT(40, gangway_requests, requests);

SIZE(gangway_visit, 104);
AT(0, gangway_visit, group_name);
AT(16, gangway_visit, method);
AT(32, gangway_visit, path);
AT(48, gangway_visit, gupid);
AT(64, gangway_visit, pid);
AT(72, gangway_visit, asked_at_usec);
AT(80, gangway_visit, queued_usec);
AT(88, gangway_visit, served_usec);
AT(96, gangway_visit, state);
AT(100, gangway_visit, path_cut);

SIZE(gangway_visits, 40);
AT(0, gangway_visits, taken_at_usec);
AT(8, gangway_visits, lost);
AT(16, gangway_visits, ended_count);
AT(20, gangway_visits, open_count);
AT(24, gangway_visits, ended);
AT(32, gangway_visits, open);

SIZE(gangway_host, 232);
AT(0, gangway_host, abi_version);
AT(4, gangway_host, struct_size);
AT(8, gangway_host, context);
AT(16, gangway_host, passenger_version);
AT(32, gangway_host, instance_dir);
AT(48, gangway_host, agent_config);
AT(64, gangway_host, config_path);
AT(80, gangway_host, config_text);
AT(96, gangway_host, snapshot);
AT(104, gangway_host, process_find);
AT(112, gangway_host, process_identity);
AT(120, gangway_host, process_state);
AT(128, gangway_host, process_release);
AT(136, gangway_host, session_open);
AT(144, gangway_host, session_connect);
AT(152, gangway_host, session_request_oobw);
AT(160, gangway_host, session_close);
AT(168, gangway_host, process_detach);
AT(176, gangway_host, log);
AT(184, gangway_host, controller_count);
AT(192, gangway_host, requests_ask);
AT(200, gangway_host, requests_release);
AT(208, gangway_host, visits_watch);
AT(216, gangway_host, visits_take);
AT(224, gangway_host, visits_release);

SIZE(gangway_module, 96);
AT(0, gangway_module, abi_version);
AT(4, gangway_module, struct_size);
AT(8, gangway_module, host_struct_size);
AT(16, gangway_module, name);
AT(32, gangway_module, version);
AT(48, gangway_module, start);
AT(56, gangway_module, begin_drain);
AT(64, gangway_module, stop);
AT(72, gangway_module, spawn_ended);
AT(80, gangway_module, abort_long_running_connections);
AT(88, gangway_module, requests_taken);

SIZE(gangway_status, 4);
SIZE(gangway_log_level, 4);
SIZE(gangway_process_life, 4);
SIZE(gangway_process_enabled, 4);
SIZE(gangway_group_life, 4);
SIZE(gangway_protocol, 4);
SIZE(gangway_session_flags, 4);
SIZE(gangway_request_state, 4);
SIZE(gangway_request_cut, 4);
SIZE(gangway_visit_state, 4);

#endif
