/* test_pool.c - the thread pool: every task runs once, from any caller, and results do not depend on the pool. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "kernels/kernels.h"

enum { TASKS = 1000 };

/* Neither the thread sanitizer nor qemu (where the environment has TAPEGRAD_EMULATED) can start threads in the child of
   a program with threads. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN true
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN true
#elif !defined(UNDER_TSAN)
#define UNDER_TSAN false
#endif

typedef struct counts {
    atomic_int of[TASKS];
} counts;

static void count(void *context, int64_t i)
{
    atomic_fetch_add(&((counts *)context)->of[i], 1);
}

/* Whether the first n have been counted `times` times and the others never. */
static bool all_are(counts *c, int64_t n, int times)
{
    for (int64_t i = 0; i < TASKS; i++)
        if (atomic_load(&c->of[i]) != (i < n ? times : 0))
            return false;
    return true;
}

static void every_task_runs_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 7; threads++) {
        assert_int_equal(tg_set_num_threads(threads), TG_OK);
        assert_int_equal(tg_num_threads(), threads);
        for (int64_t n = 0; n <= TASKS; n = n * 2 + 1)
            for (int repeat = 0; repeat < 20; repeat++) {
                counts c = { 0 };
                tg_parallel(n, count, &c);
                tg_parallel_brief(n, count, &c);
                assert_true(all_are(&c, n, 2));
            }
    }
}

static void numbers_of_threads_are_checked(void **state)
{
    (void)state;
    assert_int_equal(tg_set_num_threads(3), TG_OK);
    assert_int_equal(tg_set_num_threads(-1), TG_ERR_ARGUMENT);
    assert_int_equal(tg_set_num_threads(65), TG_ERR_ARGUMENT);
    assert_int_equal(tg_num_threads(), 3);
    assert_int_equal(tg_set_num_threads(64), TG_OK);
    assert_int_equal(tg_num_threads(), 64);
}

static void the_environment_sets_the_default(void **state)
{
    (void)state;
    setenv("TAPEGRAD_THREADS", "5", 1);
    assert_int_equal(tg_set_num_threads(0), TG_OK);
    assert_int_equal(tg_num_threads(), 5);
    setenv("TAPEGRAD_THREADS", "1000", 1);
    assert_int_equal(tg_set_num_threads(0), TG_OK);
    assert_int_equal(tg_num_threads(), 64);
    unsetenv("TAPEGRAD_THREADS");
    assert_int_equal(tg_set_num_threads(0), TG_OK);
    const int without = tg_num_threads();
    assert_true(without >= 1);
    static const char *const none[] = { "many", "", "0", "-3", "3 threads", "0x4", "+2", " 2", "1.5" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        setenv("TAPEGRAD_THREADS", none[i], 1);
        assert_int_equal(tg_set_num_threads(0), TG_OK);
        assert_int_equal(tg_num_threads(), without);
    }
    unsetenv("TAPEGRAD_THREADS");
}

static void nest(void *context, int64_t i)
{
    (void)i;
    tg_parallel(TASKS, count, context);
}

static void a_task_may_ask_for_tasks(void **state)
{
    (void)state;
    tg_set_num_threads(4);
    counts c = { 0 };
    tg_parallel(9, nest, &c);
    assert_true(all_are(&c, TASKS, 9));
}

static void *ask(void *context)
{
    for (int i = 0; i < 50; i++)
        tg_parallel(TASKS, count, context);
    return NULL;
}

static void several_threads_may_ask_at_once(void **state)
{
    (void)state;
    tg_set_num_threads(3);
    counts c = { 0 };
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask, &c), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    assert_true(all_are(&c, TASKS, 200));
}

/* Blocked workers are woken for the next job. */
static void blocked_workers_are_woken(void **state)
{
    (void)state;
    tg_set_num_threads(4);
    for (int i = 0; i < 5; i++) {
        counts c = { 0 };
        tg_parallel(TASKS, count, &c);
        assert_true(all_are(&c, TASKS, 1));
        usleep(3000);
    }
}

static atomic_int inside, most;

/* Tasks that wait for each other, to find out how many run at the same time: each waits up to `wait` milliseconds, until the
   first one has reached its limit. If `first` is not 0, task 0 only takes so many nanoseconds. */
typedef struct rendezvous {
    atomic_int wait;
    long first;
} rendezvous;

static void work_for(long ns)
{
    struct timespec start, t;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &t);
    while ((t.tv_sec - start.tv_sec) * 1000000000 + t.tv_nsec - start.tv_nsec < ns);
}

static void wait_for_another(void *context, int64_t i)
{
    rendezvous *m = context;
    if (i == 0 && m->first) {
        work_for(m->first);
        return;
    }
    const int n = atomic_fetch_add(&inside, 1) + 1;
    for (int seen = atomic_load(&most); n > seen && !atomic_compare_exchange_weak(&most, &seen, n);)
        ;
    for (int ms = 0; ms < atomic_load(&m->wait) && atomic_load(&most) < 2; ms++)
        usleep(1000);
    if (atomic_load(&most) < 2)
        atomic_store(&m->wait, 0);
    atomic_fetch_sub(&inside, 1);
}

static void tasks_run_at_the_same_time(void **state)
{
    (void)state;
    tg_set_num_threads(2);
    tg_parallel(2, wait_for_another, &(rendezvous){ .wait = 2000 });
    assert_int_equal(atomic_load(&most), 2);
}

/* How many of n brief tasks ran at the same time. */
static int concurrency(int64_t n, long first, int wait)
{
    rendezvous m = { .wait = wait, .first = first };
    atomic_store(&most, 0);
    tg_parallel_brief(n, wait_for_another, &m);
    return atomic_load(&most);
}

/* Starts workers, and waits until they block. */
static void start_and_let_block(void)
{
    counts c = { 0 };
    tg_set_num_threads(2);
    tg_parallel(TASKS, count, &c);
    usleep(50000);
}

static void brief_tasks_wake_no_worker(void **state)
{
    (void)state;
    int least = 2; /* of several runs: on a busy machine any task may take long */
    for (int i = 0; i < 10 && least > 1; i++) {
        start_and_let_block();
        least = concurrency(10, 3000, 50);
    }
    assert_int_equal(least, 1);
}

static void work(void *context, int64_t i)
{
    (void)context, (void)i;
    work_for(20000);
}

static void brief_tasks_are_shared_with_spinning_workers(void **state)
{
    (void)state;
    if (tg_cpu_count() < 2)
        skip(); /* there no worker spins */
    tg_set_num_threads(2);
    int n = 0; /* on a busy machine any worker may block */
    for (int i = 0; i < 100 && n < 2; i++) {
        tg_parallel(100, work, NULL);
        n = concurrency(10, 3000, 2);
    }
    assert_int_equal(n, 2);
}

static void long_or_many_tasks_are_shared(void **state)
{
    (void)state;
    start_and_let_block();
    assert_int_equal(concurrency(10, 20000000, 2000), 2);
    start_and_let_block();
    assert_int_equal(concurrency(100, 0, 2000), 2);
    start_and_let_block();
    tg_parallel_eagerly(true);
    assert_int_equal(concurrency(2, 0, 2000), 2);
    tg_parallel_eagerly(false);
}

/* Workers spin for less than a millisecond before they block. */
static void an_idle_pool_takes_no_time(void **state)
{
    (void)state;
    const int threads = tg_cpu_count() < 8 ? tg_cpu_count() : 8; /* with more threads than CPUs no worker spins */
    if (threads < 2)
        skip();
    enum { ROUNDS = 20 };
    assert_int_equal(tg_set_num_threads(threads), TG_OK);
    tg_parallel(100, work, NULL);
    clock_t idle = 0;
    for (int i = 0; i < ROUNDS; i++) {
        tg_parallel(100, work, NULL);
        const clock_t start = clock();
        usleep(10000);
        idle += clock() - start;
    }
    assert_true(idle < (clock_t)ROUNDS * (threads - 1) * CLOCKS_PER_SEC / 1000);
}

static void a_fork_resets_the_pool(void **state)
{
    (void)state;
    if (UNDER_TSAN || getenv("TAPEGRAD_EMULATED"))
        skip();
    tg_set_num_threads(4);
    counts c = { 0 };
    tg_parallel(TASKS, count, &c);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (int i = 0; i < 20; i++)
            tg_parallel(TASKS, count, &c);
        const bool good = all_are(&c, TASKS, 21) && tg_num_threads() == 4;
        tg_set_num_threads(1); /* stops the workers, which _exit would not */
        _exit(good ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    tg_parallel(TASKS, count, &c);
    assert_true(all_are(&c, TASKS, 2));
}

static atomic_int stage; /* 0: not started, 1: a task waits, 2: it may continue */

static void wait_at_the_second(void *context, int64_t i)
{
    (void)context;
    if (i == 1) {
        atomic_store(&stage, 1);
        while (atomic_load(&stage) == 1)
            usleep(100);
    }
}

static void *hold_the_pool(void *unused)
{
    tg_parallel_brief(3, wait_at_the_second,
                      NULL); /* so brief that the calling thread runs them alone: no worker is started */
    return unused;
}

/* Another thread uses the pool and no worker has been started yet: must be the first test of this program. */
static void a_fork_before_any_worker_has_a_pool(void **state)
{
    (void)state;
    if (UNDER_TSAN || getenv("TAPEGRAD_EMULATED"))
        skip();
    pthread_t other;
    assert_int_equal(tg_set_num_threads(2), TG_OK);
    assert_int_equal(pthread_create(&other, NULL, hold_the_pool, NULL), 0);
    while (atomic_load(&stage) == 0)
        usleep(100);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(10);
        tg_set_num_threads(3);
        counts c = { 0 };
        tg_parallel(TASKS, count, &c);
        tg_set_num_threads(1);
        _exit(all_are(&c, TASKS, 1) ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    atomic_store(&stage, 2);
    pthread_join(other, NULL);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Products by 1, 2, 3 and 7 threads have the same bits. */
static void products_do_not_depend_on_threads(void **state)
{
    (void)state;
    static const int64_t shapes[][3] = { { 64, 300, 784 }, { 300, 211, 129 }, { 1000, 80, 301 }, { 7, 4000, 150 } };
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int64_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
        float *a = malloc(sizeof(float) * (size_t)(m * k)), *b = malloc(sizeof(float) * (size_t)(k * n));
        float *c = malloc(sizeof(float) * (size_t)(m * n)), *first = malloc(sizeof(float) * (size_t)(m * n));
        for (int64_t i = 0; i < m * k; i++)
            a[i] = (float)(i * 7919 % 1013) / 1013 - 0.5f;
        for (int64_t i = 0; i < k * n; i++)
            b[i] = (float)(i * 104729 % 997) / 997 - 0.5f;
        for (int transposed = 0; transposed < 2; transposed++) {
            const tg_gemm g = { .m = m,
                                .n = n,
                                .k = k,
                                .a = a,
                                .a_row = k,
                                .a_col = 1,
                                .b = b,
                                .b_row = transposed ? 1 : n,
                                .b_col = transposed ? k : 1,
                                .c = c,
                                .c_row = n };
            static const int threads[] = { 1, 2, 3, 7 };
            for (int t = 0; t < 4; t++) {
                tg_set_num_threads(threads[t]);
                memset(c, 0, sizeof(float) * (size_t)(m * n));
                tg_gemm_run(tg_kernels_for(TG_F32), TG_F32, &g, NULL);
                if (t == 0)
                    memcpy(first, c, sizeof(float) * (size_t)(m * n));
                assert_memory_equal(c, first, sizeof(float) * (size_t)(m * n));
            }
        }
        free(a);
        free(b);
        free(c);
        free(first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_before_any_worker_has_a_pool),
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(numbers_of_threads_are_checked),
        cmocka_unit_test(the_environment_sets_the_default),
        cmocka_unit_test(a_task_may_ask_for_tasks),
        cmocka_unit_test(several_threads_may_ask_at_once),
        cmocka_unit_test(blocked_workers_are_woken),
        cmocka_unit_test(tasks_run_at_the_same_time),
        cmocka_unit_test(brief_tasks_wake_no_worker),
        cmocka_unit_test(brief_tasks_are_shared_with_spinning_workers),
        cmocka_unit_test(long_or_many_tasks_are_shared),
        cmocka_unit_test(an_idle_pool_takes_no_time),
        cmocka_unit_test(a_fork_resets_the_pool),
        cmocka_unit_test(products_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
