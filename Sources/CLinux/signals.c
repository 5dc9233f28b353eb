#define _GNU_SOURCE
#include "CLinux.h"

static void ignore_kick(int signal) { (void)signal; }

int clinux_install_kick_handler(void) {
    // No SA_RESTART: the signal is there to interrupt.
    struct sigaction action = {.sa_handler = ignore_kick};
    return sigaction(clinux_kick_signal(), &action, NULL) < 0 ? -errno : 0;
}

void clinux_unblock_kick(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, clinux_kick_signal());
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void clinux_block_signals(sigset_t *old) {
    sigset_t set;
    sigfillset(&set);
    // A thread's own doing.
    const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&set, own[i]);
    pthread_sigmask(SIG_SETMASK, &set, old);
}

void clinux_restore_signals(const sigset_t *old) { pthread_sigmask(SIG_SETMASK, old, NULL); }
