# Varnish in front of house and edges: everything that Stentor says may be kept, and one question for all who ask the same.
# varnishd -a :6081 -f /etc/varnish/stentor.vcl -s malloc,2g; TLS ends before it (hitch, HAProxy, nginx).
vcl 4.1;

backend edges {         # the first one is that of every path that is not the house's
    .host = "127.0.0.1";
    .port = "8081";
    .first_byte_timeout = 20s;      # a blocking reload is held 12 s at most
    .between_bytes_timeout = 60s;
}

backend house {
    .host = "127.0.0.1";
    .port = "8080";
    .first_byte_timeout = 120s;     # of an upload that is decoded
    .between_bytes_timeout = 60s;
}

sub vcl_recv {
    # The door gives places by address. Varnish writes X-Forwarded-For; here stands what a client invents.
    unset req.http.Forwarded;
    # What apps are told as it happens, over WebSocket.
    # paths
    if (req.http.Upgrade ~ "(?i)^websocket$" && req.url ~ "^/api/v1/streaming/?([?]|$)") {
        set req.backend_hint = house;
        return (pipe);
    }
    # /paths
    # Hosts, speakers, programs: nothing of it is kept.
    # paths
    if (req.url ~ "^/(account|accounts|admin|api|ask|comments|echo|enter|home|inbox|mine|oauth|report|search|sign-in|sign-up|stage|studio|whip)([/?]|$)") {
        set req.backend_hint = house;
        return (pass);
    }
    # /paths
    # What is not ours in a query (utm_term, fbclid) is dropped: it would make a copy of its own.
    if (req.url ~ "\?") {
        set req.http.X-Query = regsub(req.url, "^[^?]*\?", "&");
        set req.http.X-Query = regsuball(req.http.X-Query, "&(?!(_HLS_msn|_HLS_part|burst|by|format|from|lang|maxheight|maxwidth|pass|player|q|rendition|resource|ticket|to|url|v)=)[^&]*", "");
        set req.url = regsub(req.url, "\?.*$", "") + regsub(req.http.X-Query, "^&", "?");
        unset req.http.X-Query;
    }
    if (req.url ~ "^/metrics(\?|$)") {
        return (synth(404));        # for operators: ask the edges themselves
    }
    if (req.url ~ "^/s/[^/?]+/(k/[^/?]+/)?ticket(\?|$)") {
        return (pass);
    }
    # Endless streams are no objects, and recordings are long and asked for in ranges.
    if (req.url ~ "^/s/[^/?]+/(k/[^/?]+/)?(live\.(aac|opus|mp4)|(cut/)?(recording|edition)\.m4a)(\?|$)") {
        return (pipe);
    }
    # One ticket's holder has addresses of their own, and nobody else asks for them.
    if (req.url ~ "^/s/[^/?]+/k/[^/?]+/p/") {
        return (pass);
    }
    # Below the key of a private space: the cookie with the pass leads from an old key to the new one, and is asked for
    # nothing else. What is kept is kept for all who know the key.
    if (req.url ~ "^/s/[^/?]+/k/") {
        unset req.http.Authorization;
        return (hash);
    }
    # Nothing for the audience depends on them, and with them nothing would be cached.
    unset req.http.Cookie;
    unset req.http.Authorization;
}

sub vcl_pipe {
    if (req.http.Upgrade) {
        set bereq.http.Upgrade = req.http.Upgrade;
        set bereq.http.Connection = req.http.Connection;
    }
}

sub vcl_backend_response {
    # Cache-Control decides how long (Varnish's own rules follow). No grace: an old playlist makes a player stall.
    set beresp.grace = 0s;
}
