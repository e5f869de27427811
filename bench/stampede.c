/* The stampede of the bench: sources that all come within a span, each on a new connection for each of its wishes, as
 * cheap as OpenSSL allows: on a machine that is shared with what is measured, it takes as little of it as it can.
 *
 *     stampede < ORDER
 *
 * ORDER is a line "PORT SOURCES SPAN_S LONGEST_S TLS NICENESS WISHES NAME", and for each wish a line "HEADS" and so many
 * heads of requests, each a line "BYTES" and the bytes; a source has the head of its number. They begin at chance times
 * within the span, and go on with their next wish when the answer has come. Certificates are not looked at. Standard
 * output has a line of JSON at the end (tests/support/stampede.py, Told).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_OPEN = 600, MOST_WISHES = 64, EVENTS = 256, HEAD_BYTES = 8192, READ_BYTES = 65536, SOURCES = 250 };

struct head { char *bytes; int size; };
struct wish { struct head *heads; int count; };
struct asking {
    int line, source, number, connected, sent, kept;
    SSL *tls;
    long bytes;
    double began;
    char first[HEAD_BYTES + 1]; /* of the answer */
};
struct next { double due; int source, number; };

static struct wish wishes[MOST_WISHES];
static int port, sources, tls, niceness, wish_count;
static double span_s, longest_s, began;
static char name[256];
static SSL_CTX *context;
static struct asking places[MOST_OPEN];
static int free_places[MOST_OPEN], free_count, poll;
static struct next *fresh, *again; /* both in the order of their moments */
static int fresh_at, again_at, again_end;
static int statuses[600], failed, cut, took_count;
static double *took;
static long bytes;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9 - began;
}

static void must(int well, const char *what) {
    if (well) return;
    fprintf(stderr, "stampede: %s\n", what);
    exit(1);
}

static void read_order(void) {
    must(scanf("%d %d %lf %lf %d %d %d %255s", &port, &sources, &span_s, &longest_s, &tls, &niceness, &wish_count, name) == 8 &&
         sources > 0 && wish_count > 0 && wish_count <= MOST_WISHES, "this is no order");
    for (struct wish *each = wishes; each < wishes + wish_count; each++) {
        must(scanf("%d", &each->count) == 1 && each->count > 0, "a wish has no heads");
        each->heads = calloc((size_t)each->count, sizeof *each->heads);
        for (struct head *head = each->heads; head < each->heads + each->count; head++) {
            must(scanf("%d", &head->size) == 1 && getchar() == '\n', "a head has no length");
            head->bytes = malloc((size_t)head->size);
            must(fread(head->bytes, 1, (size_t)head->size, stdin) == (size_t)head->size, "a head is too short");
        }
    }
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static void begin(struct next next) {
    struct asking *one = &places[free_places[--free_count]];
    memset(one, 0, offsetof(struct asking, first));
    one->source = next.source, one->number = next.number, one->began = now();
    one->line = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    must(one->line >= 0, "there are too few descriptors");
    struct sockaddr_in own = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    own.sin_addr.s_addr = htonl(127u << 24 | (unsigned)(next.source / SOURCES + 1) << 8 | (unsigned)(next.source % SOURCES + 1));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int yes = 1;
    setsockopt(one->line, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    must(!bind(one->line, (struct sockaddr *)&own, sizeof own), "an address cannot be used");
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u32 = (unsigned)(one - places)};
    (void)!connect(one->line, (struct sockaddr *)&to, sizeof to); /* what is wrong is said by the socket */
    must(!epoll_ctl(poll, EPOLL_CTL_ADD, one->line, &event), "epoll_ctl");
}

static void over(struct asking *one) {
    took[took_count++] = now() - one->began;
    bytes += one->bytes;
    if (one->tls) SSL_free(one->tls);
    close(one->line);
    if (one->number + 1 < wish_count) again[again_end++] = (struct next){now(), one->source, one->number + 1};
    one->line = -1;
    free_places[free_count++] = (int)(one - places);
}

/* The other side has ended it: as much has come as was said, or not. The answer to HEAD has no body. */
static void ended(struct asking *one) {
    one->first[one->kept] = 0;
    char *end = strstr(one->first, "\r\n\r\n"), *length = strcasestr(one->first, "\r\ncontent-length:");
    int status = one->kept > 12 ? atoi(one->first + 9) : 0;
    if (!one->kept) {
        failed++;
    } else if (!end || !length || length > end || status < 100 || status > 599) {
        cut++;
    } else {
        long head = end + 4 - one->first, whole = head + atol(length + strlen("\r\ncontent-length:"));
        if (one->bytes == head || one->bytes == whole) statuses[status]++; else cut++;
    }
    over(one);
}

static void came(struct asking *one, const char *what, int size) {
    int more = HEAD_BYTES - one->kept < size ? HEAD_BYTES - one->kept : size;
    memcpy(one->first + one->kept, what, (size_t)more);
    one->kept += more;
    one->bytes += size;
}

/* Whether OpenSSL waits for the other side; ends it where there is nothing to wait for. */
static int waits(struct asking *one, int said) {
    int error = SSL_get_error(one->tls, said);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 1;
    if (one->sent) ended(one); else failed++, over(one);
    return 0;
}

static void ready(struct asking *one) {
    static char read_bytes[READ_BYTES];
    int error = 0, size;
    socklen_t error_size = sizeof error;
    struct head *head = &wishes[one->number].heads[one->source % wishes[one->number].count];
    if (!one->connected) {
        getsockopt(one->line, SOL_SOCKET, SO_ERROR, &error, &error_size);
        if (error) { failed++, over(one); return; }
        one->connected = 1;
        if (tls) {
            one->tls = SSL_new(context);
            SSL_set_tlsext_host_name(one->tls, name);
            SSL_set_fd(one->tls, one->line);
            SSL_set_connect_state(one->tls);
        }
    }
    if (!one->sent) {
        int said = tls ? SSL_write(one->tls, head->bytes, head->size) : (int)send(one->line, head->bytes, (size_t)head->size, MSG_NOSIGNAL);
        if (said <= 0) {
            if (tls) { waits(one, said); return; }
            if (errno != EAGAIN) failed++, over(one);
            return;
        }
        one->sent = 1;
    }
    while ((size = tls ? SSL_read(one->tls, read_bytes, READ_BYTES) : (int)recv(one->line, read_bytes, READ_BYTES, 0)) > 0)
        came(one, read_bytes, size);
    if (tls) waits(one, size);
    else if (!size || errno != EAGAIN) ended(one);
}

static void run(void) {
    struct epoll_event events[EVENTS];
    while (fresh_at < sources || again_at < again_end || free_count < MOST_OPEN) {
        double at = now();
        if (at > span_s + longest_s) return;
        while (free_count) {
            struct next *first = fresh_at < sources ? &fresh[fresh_at] : NULL;
            struct next *other = again_at < again_end ? &again[again_at] : NULL;
            struct next *next = !first || (other && other->due < first->due) ? other : first;
            if (!next || next->due > at) break;
            if (next == other) again_at++; else fresh_at++;
            begin(*next);
        }
        int found = epoll_wait(poll, events, EVENTS, 2);
        for (int i = 0; i < found; i++)
            if (places[events[i].data.u32].line >= 0) ready(&places[events[i].data.u32]);
    }
}

static double quantile_ms(double share) {
    int rank = (int)(share * took_count + 0.999999) - 1;
    return took_count ? 1000 * took[rank < 0 ? 0 : rank] : 0;
}

static void tell(void) {
    struct rusage used;
    double took_s = now();
    int open = MOST_OPEN - free_count, unasked = sources - fresh_at + again_end - again_at;
    getrusage(RUSAGE_SELF, &used);
    qsort(took, (size_t)took_count, sizeof *took, ascending);
    printf("{\"answers\": {");
    int some = 0;
    for (int i = 0; i < 600; i++) if (statuses[i]) printf("%s\"%d\": %d", some++ ? ", " : "", i, statuses[i]);
    struct { const char *name; int count; } others[] = {{"failed", failed}, {"short", cut}, {"open", open}, {"unasked", unasked}};
    for (int i = 0; i < 4; i++) if (others[i].count) printf("%s\"%s\": %d", some++ ? ", " : "", others[i].name, others[i].count);
    printf("}, \"took_s\": %.1f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"bytes\": %ld, \"processor_s\": %.2f}\n", took_s,
           quantile_ms(0.5), quantile_ms(0.99), bytes,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec));
}

int main(void) {
    read_order();
    signal(SIGPIPE, SIG_IGN);
    (void)!nice(niceness);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    poll = epoll_create1(0);
    fresh = calloc((size_t)sources, sizeof *fresh);
    again = calloc((size_t)sources * (size_t)wish_count, sizeof *again);
    took = calloc((size_t)sources * (size_t)wish_count, sizeof *took);
    srand48((long)time(NULL));
    for (int i = 0; i < sources; i++) fresh[i].due = drand48() * span_s; /* the moment is the first of its fields */
    qsort(fresh, (size_t)sources, sizeof *fresh, ascending);
    for (int i = 0; i < sources; i++) fresh[i].source = i;
    for (int i = 0; i < MOST_OPEN; i++) free_places[free_count++] = i, places[i].line = -1;
    began = now();
    run();
    tell();
    return 0;
}
