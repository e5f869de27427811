/* Players of plain HLS, for listeners.c, as RFC 8216 (6.3.3, 6.3.4) has them.
 *
 * A player keeps one line. It asks for the media playlist, then for the last three segments that it names, one after
 * the other; then for the playlist again a target duration after the last time, or half of one when nothing was new,
 * and for what is new then. Only the bodies of segments are sound.
 */
enum {
    SLOTS = 2048,       /* of REST_MS: longer than any rest */
    TARGET_MS = 4000,
    AHEAD = 3,          /* segments that a player begins with */
    NAME_BYTES = 64,
    ANSWER_BYTES = 16384
};

struct player {
    int number, next;          /* the listener; the next one that rests until the same moment */
    int kept_bytes, segment;   /* whether a segment is what was asked for */
    int chunked;               /* a playlist of unknown length: a cache has unpacked it */
    long left;                 /* of its body */
    char *kept;                /* the answer, until it is whole */
    double loaded;             /* when the playlist came */
    int wanted, new;           /* segments to ask for; whether the playlist had a new one */
    char wants[AHEAD][NAME_BYTES], last[NAME_BYTES];
};

static struct player *players;
static int resting[SLOTS];     /* the first player of each slot, -1 for none */
static long slot_now;

static void rests(struct player *one, double until) {
    long slot = (long)(until * 1000 / REST_MS);
    if (slot <= slot_now) slot = slot_now + 1;
    if (slot >= slot_now + SLOTS) slot = slot_now + SLOTS - 1;
    one->next = resting[slot % SLOTS];
    resting[slot % SLOTS] = (int)(one - players);
}

static void ends(struct player *one, enum state state, int error) {
    free(one->kept);
    one->kept = NULL;
    over(&all[one->number], state, error);
}

static void ask(struct player *one, const char *name) {
    char text[2048];
    int size = name ? snprintf(text, sizeof text, "GET %.*s%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                               folder_bytes, path, name)
                    : snprintf(text, sizeof text, "%s", request);
    one->segment = name != NULL;
    one->kept_bytes = one->chunked = 0;
    one->left = -1;
    if (send(all[one->number].line, text, (size_t)size, MSG_NOSIGNAL) != size) ends(one, CUT, errno);
}

/* What the playlist has after the last segment that this player has; at first the last three. */
static void choose(struct player *one, char *playlist) {
    one->wanted = 0;
    for (char *line = strtok(playlist, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        if (*line == '#' || strlen(line) >= NAME_BYTES) continue;
        if (!strcmp(line, one->last)) { one->wanted = 0; continue; }
        if (one->wanted == AHEAD) memmove(one->wants[0], one->wants[1], sizeof one->wants[0] * --one->wanted);
        strcpy(one->wants[one->wanted++], line);
    }
    one->new = one->wanted > 0;
}

/* The next segment, or a rest. */
static void goes_on(struct player *one) {
    if (one->wanted) {
        strcpy(one->last, one->wants[0]);
        memmove(one->wants[0], one->wants[1], sizeof one->wants[0] * (size_t)--one->wanted);
        ask(one, one->last);
        return;
    }
    rests(one, one->loaded + TARGET_MS * 1e-3 / (one->new ? 1 : 2));
}

/* The head of an answer is there, `size` bytes long: what is the body? */
static void begins(struct player *one, int size, double at) {
    struct listener *listener = &all[one->number];
    int status = -1;
    sscanf(one->kept, "HTTP/1.%*d %d", &status);
    if (!listener->first || status != 200) listener->status = status;
    if (status == 429) { free(one->kept); one->kept = NULL; refused(listener, "", at); return; }
    const char *length = strcasestr(one->kept, "\r\nContent-Length:");
    if (length > one->kept + size) length = NULL;
    one->chunked = !length && !one->segment && strcasestr(one->kept, "\r\nTransfer-Encoding: chunked");
    if (status != 200 || (!length && !one->chunked)) { ends(one, listener->first ? CUT : REFUSED, 0); return; }
    one->left = length ? atol(length + strlen("\r\nContent-Length:")) : 1;
    if (one->segment) {
        int body = one->kept_bytes - size;
        one->left -= body;
        if (listener->state != HEARING) joined(listener, at);
        if (body) sound(listener, body, at);
    } else {
        if (!one->chunked) one->left -= one->kept_bytes - size;
        memmove(one->kept, one->kept + size, (size_t)(one->kept_bytes -= size));
    }
}

/* A playlist in chunks (RFC 9112, 7.1): when all of it is there it is put together; false before. */
static int whole(struct player *one) {
    static const char last[] = "0\r\n\r\n";
    int size = one->kept_bytes, end = (int)strlen(last), to = 0;
    if (size < end || memcmp(one->kept + size - end, last, (size_t)end)) return 0;
    for (char *from = one->kept, *line; (line = strstr(from, "\r\n"));) {
        long bytes = strtol(from, NULL, 16);
        if (bytes <= 0 || bytes > one->kept + size - line - 2) break;
        memmove(one->kept + to, line + 2, (size_t)bytes);
        to += (int)bytes;
        from = line + 2 + bytes + 2;
        if (from > one->kept + size) break;
    }
    one->kept_bytes = to;
    return 1;
}

/* Reads what has come; false when there is nothing more. */
static int reads(struct player *one, double at) {
    struct listener *listener = &all[one->number];
    int whole_body = one->left >= 0 && one->segment;
    if (!one->kept) one->kept = malloc(ANSWER_BYTES);
    ssize_t size = whole_body ? recv(listener->line, NULL, (size_t)one->left, MSG_TRUNC | MSG_DONTWAIT)
                              : recv(listener->line, one->kept + one->kept_bytes,
                                     (size_t)(ANSWER_BYTES - 1 - one->kept_bytes), 0);
    if (size < 0 && errno == EAGAIN) return 0;
    if (size <= 0) { ends(one, listener->first ? CUT : REFUSED, size ? errno : 0); return 0; }
    if (whole_body) {
        one->left -= size;
        sound(listener, size, at);
    } else {
        one->kept_bytes += (int)size;
        one->kept[one->kept_bytes] = 0;
        if (one->left >= 0) one->left -= one->chunked ? 0 : size;
        else {
            char *end = strstr(one->kept, HEAD_END);
            if (end) begins(one, (int)(end - one->kept) + 4, at);
            else if (one->kept_bytes == ANSWER_BYTES - 1) ends(one, REFUSED, EMSGSIZE);
        }
    }
    if (one->chunked && listener->line >= 0 && whole(one)) one->left = 0;
    if (listener->line < 0 || one->left) return listener->line >= 0;
    if (one->segment) listener->heard_s += SEGMENT_S;
    if (!one->segment) {
        one->loaded = at;
        one->kept[one->kept_bytes] = 0;
        choose(one, one->kept);
    }
    free(one->kept);
    one->kept = NULL;
    goes_on(one);
    return listener->line >= 0;
}

/* Those whose rest is over ask for the playlist. */
static void wake(double at) {
    for (long until = (long)(at * 1000 / REST_MS); slot_now < until;) {
        int first = resting[++slot_now % SLOTS];
        resting[slot_now % SLOTS] = -1;
        for (int index = first, next; index >= 0; index = next) {
            next = players[index].next;
            if (all[players[index].number].line >= 0) ask(&players[index], NULL);
        }
    }
}

static void sit_down(int process) {
    players = calloc((size_t)(count / processes + 1), sizeof *players);
    for (int i = 0; i < count / processes + 1; i++) players[i].number = process + i * processes;
    for (int i = 0; i < SLOTS; i++) resting[i] = -1;
}
