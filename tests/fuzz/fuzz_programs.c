/* fuzz_programs.c - any bytes as a program: it runs once as it is; for some, again with an allocation that fails and on
   the same tapes without, and with three threads. What each step comes to is the same. */
#include "program.h"

#include "kernels/kernels.h"

/* Starting threads takes longer than most programs: while fuzzing, few do. */
#ifndef ONE_IN
#define ONE_IN 64
#endif

static supply memory;

static program *start(program *p)
{
    memory.calls = memory.fail_at = memory.failed = memory.refused = 0;
    *p = (program){ .supply = &memory };
    return p;
}

static void check_same(const program *a, const program *b)
{
    FUZZ_CHECK(a->steps == b->steps && memcmp(a->log, b->log, (size_t)a->steps * sizeof a->log[0]) == 0);
}

/* Up to the allocation that fails all is as before, and without it again: nothing is left of the failure. */
static void run_poor(const program *expected, const uint8_t *data, size_t size, long fail_at, bool fails_on)
{
    static program p;
    start(&p);
    memory.fail_at = fail_at;
    memory.fails_on = fails_on;
    program_run(&p, data, size);
    for (int i = 0; i < p.unharmed && i < expected->steps; i++)
        FUZZ_CHECK(p.log[i] == expected->log[i]);
    memory.fail_at = 0;
    memory.refused = 0;
    program_run(&p, data, size);
    if (memory.refused == 0)
        check_same(expected, &p);
    program_end(&p);
}

static void run_shared(const program *expected, const uint8_t *data, size_t size)
{
    static program p;
    tg_parallel_eagerly(true);
    FUZZ_CHECK(tg_set_num_threads(3) == TG_OK);
    program_run(start(&p), data, size);
    program_end(&p);
    FUZZ_CHECK(tg_set_num_threads(1) == TG_OK);
    check_same(expected, &p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static program p;
    FUZZ_CHECK(tg_num_threads() == 1 || tg_set_num_threads(1) == TG_OK);
    program_run(start(&p), data, size);
    program_end(&p);
    const long calls = memory.calls;
    if (memory.refused > 0) /* which allocations are too large depends on what the tape has already */
        return 0;
    const unsigned drawn = fuzz_draw(data, size, 1 << 16);
    if (calls > 0 && drawn % 4 == 0)
        run_poor(&p, data, size, 1 + (long)(drawn / 8) % calls, drawn / 4 % 2);
    if (drawn / 4 % ONE_IN == 0)
        run_shared(&p, data, size);
    return 0;
}
