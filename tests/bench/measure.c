/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure DESCRIPTOR LIMIT_MIB COMMAND...: runs a command and writes to the descriptor what it
 * took: exit status (a signal's number below zero), user and system seconds, elapsed seconds, peak
 * of resident memory in KiB.
 *
 * A process of its own because the peak of a child includes what its parent had at the fork: here
 * next to nothing, in a script's interpreter more than the programs measured. LIMIT_MIB bounds the
 * command's address space; 0 doesn't.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: measure DESCRIPTOR LIMIT_MIB COMMAND...\n", stderr);
        return 2;
    }
    int result = atoi(argv[1]);
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        rlim_t bytes = (rlim_t)strtoull(argv[2], NULL, 10) << 20;
        struct rlimit limit = {bytes, bytes};
        if (bytes)
            setrlimit(RLIMIT_AS, &limit);
        close(result);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (child == -1 || wait4(child, &status, 0, &usage) != child) {
        perror("measure");
        return 1;
    }
    dprintf(result, "%d %.6f %.6f %.6f %ld\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), seconds(usage.ru_utime),
            seconds(usage.ru_stime), now() - start, usage.ru_maxrss);
    return 0;
}
