// Runs two commands in turns and compares what they cost.
//
//   pairs [-n COUNT] [-t TEXT | -o] COMMAND... -- COMMAND...
//
// Without -t and -o: wall time from exec to exit, and CPU time (user and system, with the children waited for), both in
// microseconds. With -t: wall time from exec until TEXT stands in the output; the command is then killed. With -o:
// the hexadecimal number that the command prints.
//
// Prints a line for each of these: median of the first command, median of the second, median of the ratios within
// pairs. A command that is killed by a signal, cannot be started or gives no value ends all with status 1.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *text;
static int takes_output;

struct cost {
    double first, second;
};

static void give_up(const char *command, const char *why) {
    fprintf(stderr, "pairs: %s: %s\n", command, why);
    exit(1);
}

static double microseconds(struct timeval time) { return time.tv_sec * 1e6 + time.tv_usec; }

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

// Starts a command; the result is what it writes, or -1 where that goes to our standard error.
static int start(char **command, pid_t *child) {
    int output[2] = {-1, STDERR_FILENO};
    if ((text || takes_output) && pipe(output) < 0)
        give_up("pipe", strerror(errno));
    // vfork: what a fork copies of this process is no cost of the command.
    *child = vfork();
    if (*child == 0) {
        dup2(output[1], STDOUT_FILENO);
        if (output[0] >= 0) {
            close(output[0]);
            close(output[1]);
        }
        execvp(command[0], command);
        _exit(127);
    }
    if (*child < 0)
        give_up(command[0], strerror(errno));
    if (output[0] >= 0)
        close(output[1]);
    return output[0];
}

// Reads until `text` or the end.
static void listen_to(int output, char *heard, size_t size) {
    size_t length = 0;
    while (length < size - 1) {
        ssize_t count = read(output, heard + length, size - 1 - length);
        if (count <= 0)
            break;
        length += count;
        heard[length] = 0;
        if (text && strstr(heard, text))
            break;
    }
    heard[length] = 0;
}

static struct cost run(char **command) {
    static char heard[1 << 20];
    pid_t child;
    struct cost cost = {0, 0};
    double begin = now();
    int output = start(command, &child);
    if (output >= 0) {
        listen_to(output, heard, sizeof heard);
        cost.first = text ? now() - begin : (double)strtoull(heard, NULL, 16);
        if (text)
            kill(child, SIGKILL);
        close(output);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0)
        give_up(command[0], strerror(errno));
    if (text ? !strstr(heard, text) : !WIFEXITED(status) || WEXITSTATUS(status) == 127)
        give_up(command[0], text ? "ended without the text" : "did not run to its end");
    if (takes_output && cost.first == 0)
        give_up(command[0], "printed no number");
    if (output < 0) {
        cost.first = now() - begin;
        cost.second = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
    }
    return cost;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, count, sizeof *values, ascending);
    return (values[count / 2] + values[(count - 1) / 2]) / 2;
}

static void print(double *first, double *second, int count) {
    double ratio[count];
    for (int i = 0; i < count; i++)
        ratio[i] = first[i] / second[i];
    printf("%.0f %.0f %.4f\n", median(first, count), median(second, count), median(ratio, count));
}

int main(int argc, char **argv) {
    int count = 20, option;
    while ((option = getopt(argc, argv, "+n:t:o")) != -1)
        switch (option) {
        case 'n': count = atoi(optarg); break;
        case 't': text = optarg; break;
        case 'o': takes_output = 1; break;
        default: return 64;
        }
    char **first = argv + optind, **second = NULL;
    for (char **word = first; *word; word++)
        if (strcmp(*word, "--") == 0) {
            *word = NULL;
            second = word + 1;
            break;
        }
    if (count < 1 || !*first || !second || !*second) {
        fprintf(stderr, "usage: pairs [-n COUNT] [-t TEXT | -o] COMMAND... -- COMMAND...\n");
        return 64;
    }
    double values[4][count];
    // Not counted: these read both programs into the page cache.
    run(first);
    run(second);
    for (int i = 0; i < count; i++) {
        // Who goes first changes, so that neither always runs in the other's wake.
        struct cost costs[2];
        int leader = i % 2;
        costs[leader] = run(leader ? second : first);
        costs[!leader] = run(leader ? first : second);
        values[0][i] = costs[0].first;
        values[1][i] = costs[1].first;
        values[2][i] = costs[0].second;
        values[3][i] = costs[1].second;
        fprintf(stderr, "pair %d, %s first: %.0f and %.0f\n", i + 1, leader ? "second" : "first", costs[0].first,
                costs[1].first);
    }
    print(values[0], values[1], count);
    if (!text && !takes_output)
        print(values[2], values[3], count);
}
