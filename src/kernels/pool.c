/* pool.c - the thread pool that kernels run on.

   One job runs at a time: a caller that finds the pool in use, because it is another thread of the program or a task that
   calls tg_parallel itself, runs its tasks alone. The caller runs tasks, too, and never waits for a worker that has not
   started one. A worker without a job spins for a while and then blocks; after a fork the child's pool is reset. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "kernels/kernels.h"

enum { MOST = TG_THREADS_MOST };

/* The cost of sharing work with another thread: moving the data into its cache, and, much more, waking it. */
enum { MOVING_NS = 5000, WAKING_NS = 60000 };

typedef struct job {
    void (*task)(void *context, int64_t i);
    void *context;
    int64_t n;
    atomic_int_fast64_t next; /* the first task that no thread has taken */
    atomic_int active;        /* workers that have joined; modified under the lock */
} job;

static struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, idle; /* to workers: a job or the end; to the caller: the last worker has left */
    pthread_t thread[MOST - 1];
    int workers, sleeping;
    bool stop, spin;
    job *job;
    atomic_uint jobs; /* posted so far; a spinning worker polls it */
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER };

static atomic_flag taken = ATOMIC_FLAG_INIT; /* only the thread that set it changes the workers and posts jobs */
static atomic_int threads;                   /* the setting; 0: not set yet */
static atomic_bool eager;                    /* for tests: even brief tasks are shared */

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Spins while the condition holds, yielding the CPU to others, for at most as long as waking up would take. Spinning and
   then blocking costs at most twice as much as the better of the two. */
#define SPIN_WHILE(condition)                                                                                        \
    for (const int64_t end = now() + WAKING_NS; (condition) && now() < end;)                                         \
    sched_yield()

static void run(job *j)
{
    for (int64_t i; (i = atomic_fetch_add(&j->next, 1)) < j->n;)
        j->task(j->context, i);
}

/* Under the lock: spins, then blocks, until there is a job other than the seen-th. NULL if the pool stops. */
static job *await(unsigned seen)
{
    if (pool.spin && !pool.stop && atomic_load(&pool.jobs) == seen) {
        pthread_mutex_unlock(&pool.lock);
        SPIN_WHILE(atomic_load(&pool.jobs) == seen);
        pthread_mutex_lock(&pool.lock);
    }
    while (!pool.stop && (!pool.job || atomic_load(&pool.jobs) == seen)) {
        pool.sleeping++;
        pthread_cond_wait(&pool.wake, &pool.lock);
        pool.sleeping--;
    }
    return pool.stop ? NULL : pool.job;
}

static void *work(void *unused)
{
    unsigned seen = 0;
    pthread_mutex_lock(&pool.lock);
    for (job *j; (j = await(seen));) {
        seen = atomic_load(&pool.jobs);
        atomic_fetch_add(&j->active, 1);
        pthread_mutex_unlock(&pool.lock);
        run(j);
        pthread_mutex_lock(&pool.lock);
        if (atomic_fetch_sub(&j->active, 1) == 1)
            pthread_cond_signal(&pool.idle);
    }
    pthread_mutex_unlock(&pool.lock);
    return unused;
}

/* After a fork the child has none of the workers, and its locks may be in any state. */
static void reset_after_fork(void)
{
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_cond_init(&pool.idle, NULL);
    pool.workers = pool.sleeping = 0;
    pool.stop = false;
    pool.job = NULL;
    atomic_flag_clear(&taken);
}

/* At load time: a fork may happen while `taken` is set and no worker has been started yet. */
__attribute__((constructor)) static void register_fork_handler(void)
{
    pthread_atfork(NULL, NULL, reset_after_fork);
}

/* Fewer workers than requested are no error: the caller runs the remaining tasks. Workers block all signals, which the
   program's own threads handle. */
static void start(int wanted)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&pool.lock);
    pool.spin = wanted < tg_cpu_count();
    pthread_mutex_unlock(&pool.lock);
    while (pool.workers < wanted && pthread_create(&pool.thread[pool.workers], NULL, work, NULL) == 0)
        pool.workers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Also when the program ends or the library is unloaded, so that no thread runs code that is no longer mapped. */
__attribute__((destructor)) static void stop(void)
{
    pthread_mutex_lock(&pool.lock);
    pool.stop = true;
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    for (; pool.workers > 0; pool.workers--)
        pthread_join(pool.thread[pool.workers - 1], NULL);
    pool.stop = false;
}

static int default_threads(void)
{
    const int requested = tg_requested_threads(), n = requested >= 1 ? requested : tg_cpu_count();
    return n < MOST ? n : MOST;
}

tg_status tg_set_num_threads(int n)
{
    if (n < 0 || n > MOST)
        return TG_ERR_ARGUMENT;
    while (atomic_flag_test_and_set(&taken))
        sched_yield();
    stop();
    atomic_store(&threads, n > 0 ? n : default_threads());
    atomic_flag_clear(&taken);
    return TG_OK;
}

int tg_num_threads(void)
{
    if (atomic_load_explicit(&threads, memory_order_relaxed) == 0)
        atomic_store(&threads, default_threads());
    return atomic_load_explicit(&threads, memory_order_relaxed);
}

/* Posts the job, runs tasks of it, and removes it when every worker that joined has left. */
static void share(job *j)
{
    const int helpers = (int)(j->n - 1 < pool.workers ? j->n - 1 : pool.workers);
    pthread_mutex_lock(&pool.lock);
    pool.job = j;
    atomic_fetch_add(&pool.jobs, 1);
    for (int i = 0; i < helpers && i < pool.sleeping; i++)
        pthread_cond_signal(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    run(j);
    pthread_mutex_lock(&pool.lock);
    pool.job = NULL;
    const bool spin = pool.spin;
    pthread_mutex_unlock(&pool.lock);
    if (spin)
        SPIN_WHILE(atomic_load(&j->active) > 0);
    pthread_mutex_lock(&pool.lock);
    while (atomic_load(&j->active) > 0)
        pthread_cond_wait(&pool.idle, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

/* Whether to share work that takes the caller `ns` alone: the limit is lower if a worker is awake. */
static bool is_worth_sharing(int64_t ns)
{
    pthread_mutex_lock(&pool.lock);
    const bool awake = pool.sleeping < pool.workers;
    pthread_mutex_unlock(&pool.lock);
    return ns > (awake ? MOVING_NS : WAKING_NS);
}

/* Runs tasks first .. n - 1, which take the caller `ns` alone. */
static void parallel(int64_t first, int64_t n, int64_t ns, void (*task)(void *context, int64_t i), void *context)
{
    job j = { .task = task, .context = context, .n = n, .next = first };
    const int helpers = n - first > 1 ? tg_num_threads() - 1 : 0;
    if (helpers == 0 || atomic_flag_test_and_set(&taken)) {
        run(&j);
        return;
    }
    if (is_worth_sharing(ns)) {
        if (pool.workers < helpers)
            start(helpers);
        share(&j);
    } else {
        run(&j);
    }
    atomic_flag_clear(&taken);
}

void tg_parallel(int64_t n, void (*task)(void *context, int64_t i), void *context)
{
    if (n == 1)
        task(context, 0);
    else
        parallel(0, n, INT64_MAX, task, context);
}

/* From MANY tasks on they are shared at once. Otherwise the caller runs the first task alone and estimates the time of the
   others from it. */
void tg_parallel_brief(int64_t n, void (*task)(void *context, int64_t i), void *context)
{
    enum { MANY = 32 };
    if (n <= 1 || n >= MANY || tg_num_threads() == 1 || atomic_load_explicit(&eager, memory_order_relaxed)) {
        tg_parallel(n, task, context);
        return;
    }
    const int64_t start = now();
    task(context, 0);
    parallel(1, n, (now() - start) * (n - 1), task, context);
}

void tg_parallel_eagerly(bool on)
{
    atomic_store(&eager, on);
}
