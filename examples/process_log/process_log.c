/* Logs the processes that come and go: each second a snapshot, on a thread of its own, is compared
 * with the one before. ../README.md says how to build and load it. */
#include <gangway/agent_abi.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct picture {
    void* buffer;
    size_t size;
    gangway_snapshot pool; /* its rows lie in buffer */
};

static const gangway_host* host;
static pthread_t thread;
static int end; /* an eventfd: readable when the thread shall end */

/* 0 where there is none; the host has logged why. */
static int take(struct picture* picture) {
    gangway_status status;
    size_t size = picture->size;
    while ((status = host->snapshot(host->context, picture->buffer, &size, &picture->pool)) ==
           GANGWAY_NO_SPACE) {
        free(picture->buffer);
        picture->buffer = malloc(size);
        picture->size = picture->buffer != NULL ? size : 0;
        if (picture->buffer == NULL) {
            return 0;
        }
    }
    return status == GANGWAY_OK;
}

static int has(const gangway_snapshot* pool, gangway_str gupid) {
    for (uint32_t i = 0; i < pool->process_count; i++) {
        const gangway_str other = pool->processes[i].gupid;
        if (other.size == gupid.size && memcmp(other.data, gupid.data, gupid.size) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What happened to the processes that only one of two snapshots has. */
static void tell(const gangway_snapshot* one, const gangway_snapshot* other, const char* what) {
    for (uint32_t i = 0; i < one->process_count; i++) {
        const gangway_process* process = &one->processes[i];
        const gangway_str group = one->groups[process->group_index].name;
        if (!has(other, process->gupid)) {
            char line[512];
            snprintf(line, sizeof(line), "process %lld has %s: %.*s", (long long)process->pid, what,
                     (int)group.size, group.data);
            host->log(host->context, GANGWAY_LOG_NOTICE, (gangway_module_str){line, strlen(line)});
        }
    }
}

static void* run(void* unused) {
    struct picture pictures[2] = {{0}};
    struct picture *before = &pictures[0], *now = &pictures[1];
    struct pollfd ending = {end, POLLIN, 0};
    do {
        if (take(now)) {
            struct picture* const last = before;
            tell(&now->pool, &before->pool, "come");
            tell(&before->pool, &now->pool, "gone");
            before = now;
            now = last;
        }
    } while (poll(&ending, 1, 1000) == 0);
    free(before->buffer);
    free(now->buffer);
    return unused;
}

static gangway_status start(const gangway_host* agent, void** instance, gangway_module_str* error) {
    host = agent;
    *instance = NULL; /* there is one agent, and so one of each of the variables above */
    end = eventfd(0, EFD_CLOEXEC);
    if (end == -1 || pthread_create(&thread, NULL, run, NULL) != 0) {
        close(end);
        *error = (gangway_module_str)GANGWAY_STR("there is no descriptor or no thread to be had");
        return GANGWAY_FAILED;
    }
    return GANGWAY_OK;
}

static void stop(void* instance) {
    (void)instance;
    eventfd_write(end, 1);
    pthread_join(thread, NULL);
    close(end);
}

const gangway_module* gangway_module_entry(void) {
    static const gangway_module module = {
        .abi_version = GANGWAY_ABI_VERSION,
        .struct_size = sizeof(gangway_module),
        .host_struct_size = sizeof(gangway_host),
        .name = GANGWAY_STR("process_log"),
        .version = GANGWAY_STR("1.0"),
        .start = start,
        .stop = stop,
    };
    return &module;
}
