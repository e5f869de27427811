/* The floor for bench.fanout: the least that any server can spend. It lets up to COUNT listeners in on PORT, answers them
 * without reading what they ask, then writes 5,760 bytes (0.96 s at 48 kbit/s) to each of them every 0.96 s, spread over
 * the interval in 48 groups, and does nothing else: no timeouts, no slow readers. Ends with SIGTERM.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 5760, GROUPS = 48 };
static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: audio/aac\r\n\r\n";

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    int listeners = atoi(arguments[2]), yes = 1;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 65535)) return 1;
    int *sockets = malloc(sizeof(int) * (size_t)listeners);
    char sound[BYTES];
    memset(sound, 1, sizeof sound);
    double started = now();
    for (long turn = 0, there = 0, one = 0;; turn++) {
        double due = started + (double)turn * 0.96 / GROUPS;
        while (now() < due) usleep(500);
        while (there < listeners && (one = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
            setsockopt((int)one, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            if (send((int)one, HEAD, sizeof HEAD - 1, MSG_NOSIGNAL) > 0 && send((int)one, sound, BYTES, MSG_NOSIGNAL) > 0)
                sockets[there++] = (int)one;
        }
        for (long i = turn % GROUPS; i < there; i += GROUPS)
            if (send(sockets[i], sound, sizeof sound, MSG_NOSIGNAL) < 0) continue;
    }
}
