/* Preloaded into the agent: records how long each thread holds each mutex.
 *
 * Appends a line "THREAD_NAME MUTEX NANOSECONDS" to $LOCK_TIMES for every hold, written when the
 * thread holds no mutex any more, so that writing is not part of what is measured. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MAX_HELD = 64, MAX_PENDING = 256 };

struct hold {
    const void* mutex;
    int64_t nanoseconds; /* while held: when it began */
};

static __thread struct hold held[MAX_HELD];
static __thread struct hold pending[MAX_PENDING];
static __thread int held_count, pending_count, writing;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void write_pending(void) {
    const char* path = getenv("LOCK_TIMES");
    char name[16] = "";
    writing = 1;
    pthread_getname_np(pthread_self(), name, sizeof(name));
    for (char* c = name; *c != '\0'; c++) {
        *c = *c == ' ' ? '_' : *c;
    }
    const int fd = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    for (int i = 0; fd != -1 && i < pending_count; i++) {
        dprintf(fd, "%s %p %lld\n", name, pending[i].mutex, (long long)pending[i].nanoseconds);
    }
    if (fd != -1) {
        close(fd);
    }
    pending_count = 0;
    writing = 0;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
    static int (*real)(pthread_mutex_t*);
    if (real == NULL) {
        *(void**)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    }
    const int result = real(mutex);
    if (result == 0 && !writing && held_count < MAX_HELD) {
        held[held_count].mutex = mutex;
        held[held_count++].nanoseconds = now();
    }
    return result;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
    static int (*real)(pthread_mutex_t*);
    if (real == NULL) {
        *(void**)&real = dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    }
    const int64_t end = now();
    for (int i = held_count - 1; i >= 0 && !writing; i--) {
        if (held[i].mutex == mutex) {
            if (pending_count < MAX_PENDING) {
                pending[pending_count].mutex = mutex;
                pending[pending_count++].nanoseconds = end - held[i].nanoseconds;
            }
            held[i] = held[--held_count];
            break;
        }
    }
    const int result = real(mutex);
    if (!writing && held_count == 0 && pending_count > 0) {
        write_pending();
    }
    return result;
}
