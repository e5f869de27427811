/* The crowd of the bench: COUNT listeners of one stream, as cheap as Linux allows, each of them measured.
 *
 *     listeners PORT PATH COUNT RATE SECONDS [STAY AGAIN [frames]]
 *
 * A PATH that ends with .m3u8 is a media playlist, and the listeners are players of HLS (players.h).
 * They come to http://127.0.0.1:PORT/PATH at a steady RATE a second, each from a loopback address of its own, and
 * stay until SECONDS after the last was due. With STAY each leaves after half to one and a half of so many seconds; with
 * AGAIN who was refused or cut off comes again: when the answer says, else after so many seconds, but not in the last three. Else nobody comes
 * again: who was refused or cut off stays away, and his pause lasts until the end. With "frames" the sound of streams of AAC is added up frame by frame. Standard output has a line of JSON a second, and at the end one with what all listeners met.
 *
 * What comes is counted and thrown away without being copied (MSG_TRUNC, tcp(7)), but for those frames. Nobody is woken for it: a process
 * looks every REST_MS, so times are as exact as that.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    A_PROCESS = 19000,  /* listeners: its descriptors are limited to 20,000 in many places */
    FIRST_NETWORK = 10, /* listeners of process p come from 127.(10 + p).0.0/16: ports are limited for each address */
    MOST_PROCESSES = 200,
    OPENINGS = 64,      /* new lines between two looks at those that are open */
    EVENTS = 1024,
    REST_MS = 5,
    LOOKS = 50, /* a second, at who hears */
    HEAD_BYTES = 4096
};
static const double START_S = 1.0; /* until every process is there */
static const double LAST_S = 3.0;  /* before the end nobody comes again: what is under way then is answered in time */
static const char HEAD_END[] = "\r\n\r\n";

enum state { AWAY, CONNECTING, ASKING, HEARING, REFUSED, CUT, LEFT };
enum { ADTS_BYTES = 6, READ_BYTES = 65536 };
/* A frame of AAC, and a file of HLS. What a stream begins with, of which the last chunk has been whole for half of one
   on average: for those whose frames are not counted. */
static const double FRAME_S = 1024.0 / 48000, SEGMENT_S = 3.84, BURST_S = 3.36;

/* Times are seconds since the first listener was due; 0 where it did not happen. */
struct listener {
    double due, opened, connected, first, second, last, pause;
    long bytes, bytes_by_second; /* of sound, so without the head of the answer */
    double again, until, spell;  /* when it comes again and when it leaves; the longest time it has heard in one go */
    double told, told_last, waited_s, heard_s;
    int line, status, error, joins, refusals, let_in;
    int frame_left;              /* bytes until the next frame begins */
    unsigned char state, matched; /* how much of HEAD_END was seen */
    unsigned char frame[6], frame_bytes; /* the beginning of the next frame's head */
};

static struct listener *all; /* shared by the processes; number i is of process i % processes */
static int count, processes;
static double peak;
static struct sockaddr_in server = {.sin_family = AF_INET};
static char request[1024];
static int request_bytes, folder_bytes, plays_hls, adds_up;
static const char *path;
static double began, stay, comes_again;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9 - began;
}

static void rest(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    if (seconds > 0) nanosleep(&time, NULL);
}

/* The spell is over, or the crowd is: adds up what was heard. */
static void spell_over(struct listener *one) {
    double spell = one->last - one->first;
    if (!one->first) return;
    if (spell > one->spell) one->spell = spell;
    if (!plays_hls && !adds_up) one->heard_s += BURST_S + spell;
    if (stay || comes_again) one->first = 0;
}

static void over(struct listener *one, enum state state, int error) {
    if (one->state == HEARING && (stay || comes_again)) spell_over(one);
    if (state != LEFT && one->again <= now()) one->again = now() + comes_again;
    one->state = (unsigned char)state;
    one->error = error;
    if (one->line >= 0) close(one->line);
    one->line = -1;
}

static void come(int number, int poll) {
    struct listener *one = &all[number];
    int yes = 1, turn = number / processes;
    one->opened = now();
    one->line = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (one->line < 0) { over(one, REFUSED, errno); return; }
    struct sockaddr_in own = {.sin_family = AF_INET};
    own.sin_addr.s_addr = htonl(127u << 24 | (unsigned)(FIRST_NETWORK + number % processes) << 16 |
                                (unsigned)(1 + turn / 254) << 8 | (unsigned)(1 + turn % 254));
    setsockopt(one->line, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    /* Edge-triggered: one entry into the list of what is ready for each arrival, and no call to change the events. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u32 = (unsigned)number};
    one->state = CONNECTING;
    if (bind(one->line, (struct sockaddr *)&own, sizeof own) ||
        (connect(one->line, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS) ||
        epoll_ctl(poll, EPOLL_CTL_ADD, one->line, &event))
        over(one, REFUSED, errno);
}

/* The line stands, or not: asks. */
static void stands(struct listener *one, double at) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(one->line, SOL_SOCKET, SO_ERROR, &error, &size);
    if (!error && send(one->line, request, (size_t)request_bytes, MSG_NOSIGNAL) != request_bytes) error = errno;
    if (error) { over(one, REFUSED, error); return; }
    one->connected = at;
    one->state = ASKING;
}

static void sound(struct listener *one, long bytes, double at) {
    one->bytes += bytes;
    if (!one->first) {
        one->first = at;
    } else {
        if (at - one->last > one->pause) one->pause = at - one->last;
        if (!one->second) { one->second = at; one->bytes_by_second = one->bytes; }
    }
    one->last = at;
}

/* Every whole frame of ADTS (ISO 14496-3, 1.A.3.2) is so much sound. */
static void frames(struct listener *one, const unsigned char *bytes, long size) {
    for (long at = 0; at < size;) {
        if (one->frame_left) {
            long more = one->frame_left < size - at ? one->frame_left : size - at;
            at += more;
            if (!(one->frame_left -= (int)more)) one->heard_s += FRAME_S;
            continue;
        }
        one->frame[one->frame_bytes++] = bytes[at++];
        if (one->frame_bytes < ADTS_BYTES) continue;
        one->frame_bytes = 0;
        int length = (one->frame[3] & 3) << 11 | one->frame[4] << 3 | one->frame[5] >> 5;
        if (one->frame[0] != 0xff || (one->frame[1] & 0xf0) != 0xf0 || length <= ADTS_BYTES) {
            fprintf(stderr, "this is no ADTS\n");
            _exit(3);
        }
        one->frame_left = length - ADTS_BYTES;
    }
}

static void joined(struct listener *one, double at) {
    one->state = HEARING;
    one->joins++;
    one->frame_left = one->frame_bytes = 0;
    one->until = at + stay * (0.5 + (double)((one - all) * 7919L % 1000) / 1000);
    if (!one->refusals || one->let_in) return;
    one->let_in = 1;
    one->waited_s = at - one->told;
}

/* Told to come back, and when. */
static void refused(struct listener *one, const char *head, double at) {
    const char *after = strcasestr(head, "\r\nRetry-After:");
    if (one->status == 429) {
        if (!one->refusals++) one->told = at;
        one->told_last = at;
        if (after) one->again = at + atof(after + strlen("\r\nRetry-After:"));
    }
    over(one, REFUSED, 0);
}

#include "players.h"

/* The head of the answer, perhaps with sound behind it; false when there is nothing more to read. */
static int answered(struct listener *one, double at) {
    char head[HEAD_BYTES];
    ssize_t size = recv(one->line, head, sizeof head - 1, 0);
    if (size < 0 && errno == EAGAIN) return 0;
    if (size <= 0) { over(one, REFUSED, size ? errno : ECONNRESET); return 0; }
    head[size] = 0;
    if (!one->status && sscanf(head, "HTTP/1.%*d %d", &one->status) != 1) one->status = -1;
    if (one->status != 200) { refused(one, head, at); return 0; }
    ssize_t next = 0;
    while (next < size && one->matched < 4) {
        one->matched = (unsigned char)(head[next] == HEAD_END[one->matched] ? one->matched + 1 : head[next] == '\r');
        next++;
    }
    if (one->matched < 4) return 1;
    joined(one, at);
    if (size > next) sound(one, size - next, at);
    if (adds_up) frames(one, (unsigned char *)head + next, size - next);
    return 1;
}

static ssize_t reads_sound(struct listener *one) {
    static unsigned char bytes[READ_BYTES];
    if (!adds_up) return recv(one->line, NULL, 1 << 30, MSG_TRUNC | MSG_DONTWAIT);
    ssize_t size, whole = 0;
    do {
        size = recv(one->line, bytes, sizeof bytes, MSG_DONTWAIT);
        if (size > 0) frames(one, bytes, size), whole += size;
    } while (size == sizeof bytes);
    return whole ? whole : size;
}

static void ready(struct listener *one, unsigned events, double at) {
    if (one->state == CONNECTING && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
        stands(one, at);
        if (plays_hls) players[(one - all) / processes].left = -1;
    }
    if (plays_hls) {
        while ((one->state == ASKING || one->state == HEARING) && reads(&players[(one - all) / processes], at)) continue;
        return;
    }
    while (one->state == ASKING && answered(one, at)) continue;
    if (one->state != HEARING) return;
    ssize_t size = reads_sound(one);
    if (size > 0) sound(one, size, at);
    else if (size == 0 || errno != EAGAIN) over(one, CUT, size ? errno : 0);
    if (size > 0 && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) over(one, CUT, 0); /* that was the last of it */
}

/* Who has stayed long enough leaves; who was sent away or cut off comes again. */
static void moves(int process, int poll, double end) {
    double at = now();
    for (int i = process; i < count; i += processes) {
        struct listener *one = &all[i];
        if (stay && one->state == HEARING && at >= one->until) {
            over(one, LEFT, 0);
        } else if (comes_again && at < end - LAST_S && (one->state == REFUSED || one->state == CUT) && at >= one->again) {
            one->status = one->matched = 0;
            one->again = 0;
            if (plays_hls) players[i / processes].kept_bytes = players[i / processes].segment = 0;
            come(i, poll);
        }
    }
}

/* One process: its listeners come when they are due, and are looked after until the end. */
static void crowd(int process, double end) {
    struct epoll_event events[EVENTS];
    int poll = epoll_create1(0), next = process, found;
    if (plays_hls) sit_down(process);
    while (now() < end) {
        for (int opened = 0; next < count && opened < OPENINGS && all[next].due <= now(); opened++, next += processes)
            come(next, poll);
        double looked = now();
        do {
            found = epoll_wait(poll, events, EVENTS, 0);
            double at = now();
            for (int i = 0; i < found; i++) ready(&all[events[i].data.u32], events[i].events, at);
        } while (found == EVENTS);
        if (plays_hls) wake(now());
        if (stay || comes_again) moves(process, poll, end);
        rest(looked + REST_MS * 1e-3 - now());
    }
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* Quantiles (nearest rank) of those `size` numbers, which are sorted in place. */
static void quantiles(const char *name, double *numbers, int size) {
    static const double shares[] = {0, 0.5, 0.95, 0.99, 0.999, 1};
    static const char *names[] = {"least", "p50", "p95", "p99", "p999", "most"};
    qsort(numbers, (size_t)size, sizeof *numbers, ascending);
    printf(", \"%s\": ", name);
    if (!size) { printf("null"); return; }
    for (int i = 0; i < 6; i++) {
        int rank = (int)(shares[i] * size + 0.999999) - 1;
        printf("%s\"%s\": %.4f", i ? ", " : "{", names[i], numbers[rank < 0 ? 0 : rank]);
    }
    printf("}");
}

/* The most that heard in a second of the wall clock, on the average of its time: of one look, a few hundredths of a
 * second by which it and the servers differ would make a difference of those who come and go meanwhile. Where looks are
 * late, as many heard as in the middle between both. */
static void look(void) {
    static time_t second;
    static double before_s, passed_s, heard_s;
    static int before;
    int hearing = 0;
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    for (int i = 0; i < count; i++) hearing += all[i].first > 0 && all[i].state == HEARING;
    if (wall.tv_sec != second) {
        if (passed_s > 0 && heard_s / passed_s > peak) peak = heard_s / passed_s;
        second = wall.tv_sec, passed_s = heard_s = 0;
    }
    double at_s = (double)wall.tv_sec + (double)wall.tv_nsec * 1e-9, since_s = at_s - before_s;
    if (before_s && since_s > 0) passed_s += since_s, heard_s += (before + hearing) / 2.0 * since_s;
    before = hearing, before_s = at_s;
}

/* What one line says of all listeners; with `last` also the quantiles over them. */
static void tell(double at, int last) {
    int joins = 0, refusals = 0, told = 0, let_in = 0, minute = 0, people = 0;
    double waited_s = 0, heard_s = 0;
    int come = 0, connected = 0, answers = 0, heard = 0, playing = 0, refused = 0, cut = 0, rates = 0, late = 0;
    int statuses[600] = {0}, errors[200] = {0};
    long bytes = 0;
    double *first = malloc(sizeof *first * (size_t)count * 4);
    double *pause = first + count, *rate = pause + count, *lateness = rate + count;
    for (int i = 0; i < count; i++) {
        struct listener *one = &all[i];
        come += one->opened > 0;
        connected += one->connected > 0;
        answers += one->status == 200;
        playing += one->first > 0 && one->state == HEARING;
        joins += one->joins;
        people += one->joins > 0;
        refusals += one->refusals;
        told += one->refusals > 0;
        let_in += one->let_in;
        waited_s += one->let_in ? one->waited_s : one->refusals ? one->told_last - one->told : 0;
        if (last && one->state == HEARING) spell_over(one);
        minute += one->spell >= 60;
        heard_s += one->heard_s;
        refused += one->state == REFUSED;
        cut += one->state == CUT;
        bytes += one->bytes;
        if (one->status && one->status != 200) statuses[one->status > 0 && one->status < 600 ? one->status : 0]++;
        if (one->error > 0 && one->error < 200) errors[one->error]++;
        if (one->opened) lateness[late++] = one->opened - one->due;
        if (!one->first) continue;
        first[heard] = one->first - one->due;
        pause[heard++] = at - one->last > one->pause ? at - one->last : one->pause;
        if (one->last > one->second && one->second)
            rate[rates++] = (double)(one->bytes - one->bytes_by_second) * 8 / (one->last - one->second);
    }
    printf("{\"at_s\": %.3f, \"come\": %d, \"connected\": %d, \"answered_200\": %d, \"heard\": %d, \"playing\": %d, "
           "\"refused\": %d, \"cut\": %d, \"sound_bytes\": %ld",
           at, come, connected, answers, heard, playing, refused, cut, bytes);
    if (last) {
        quantiles("first_sound_s", first, heard);
        quantiles("pause_s", pause, heard);
        quantiles("sound_bps", rate, rates);
        quantiles("late_s", lateness, late);
        printf(", \"joins\": %d, \"people\": %d, \"refusals\": %d, \"told\": %d, \"let_in\": %d, \"waited_s\": %.1f, \"minute\": %d, "
               "\"heard_s\": %.1f, \"peak\": %.0f", joins, people, refusals, told, let_in, waited_s, minute, heard_s, peak);
        printf(", \"last\": true, \"statuses\": {");
        for (int i = 0, some = 0; i < 600; i++)
            if (statuses[i]) printf("%s\"%d\": %d", some++ ? ", " : "", i, statuses[i]);
        printf("}, \"errors\": {");
        for (int i = 0, some = 0; i < 200; i++)
            if (errors[i]) printf("%s\"%s\": %d", some++ ? ", " : "", strerror(i), errors[i]);
        printf("}");
    }
    printf("}\n");
    fflush(stdout);
    free(first);
}

int main(int arguments, char **argument) {
    if ((arguments != 6 && arguments != 8 && arguments != 9) || *argument[2] != '/')
        return fprintf(stderr, "listeners PORT PATH COUNT RATE SECONDS [STAY AGAIN [frames]]\n"), 2;
    count = atoi(argument[3]);
    if (arguments >= 8) stay = atof(argument[6]), comes_again = atof(argument[7]);
    double rate = atof(argument[4]), end = count / rate + atof(argument[5]);
    processes = (count + A_PROCESS - 1) / A_PROCESS;
    if (count < 1 || processes > MOST_PROCESSES || rate <= 0) return fprintf(stderr, "no such crowd\n"), 2;
    server.sin_port = htons((unsigned short)atoi(argument[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    path = argument[2];
    size_t path_bytes = strlen(path);
    adds_up = arguments == 9;
    plays_hls = path_bytes > 5 && !strcmp(path + path_bytes - 5, ".m3u8");
    folder_bytes = (int)(strrchr(path, '/') + 1 - path);
    request_bytes = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", path, argument[1]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    all = mmap(NULL, sizeof *all * (size_t)count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) return perror("mmap"), 1;
    for (int i = 0; i < count; i++) all[i].due = i / rate;
    began = now() + START_S;
    for (int process = 0; process < processes; process++) {
        pid_t child = fork();
        if (child < 0) return perror("fork"), 1;
        if (!child) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            rest(-now());
            crowd(process, end);
            _exit(0);
        }
    }
    for (long looks = 0; (double)looks / LOOKS < end; looks++) {
        rest((double)looks / LOOKS - now());
        look();
        if (looks % LOOKS == 0) tell(looks > 0 ? now() : 0, 0);
    }
    int status, failed = 0;
    while (wait(&status) > 0) failed |= status;
    tell(end, 1);
    return failed != 0;
}
