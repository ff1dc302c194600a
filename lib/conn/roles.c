/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is the client. Evidence, best first: it sent the SYN; it got a SYN,ACK; it sends HTTP
 * requests; its port is the less likely one to be served. The last is a guess, and content may
 * correct it.
 */
#include "conn/roles.h"

/* Registered service ports above 1023 that clients meet often (IANA's registry). */
static const uint16_t service_ports[] = {
    1080, 1433, 1521, 1723, 1883, 1935, 2049, 2181, 2375,  2376,  2379,  3000,  3128, 3260,
    3306, 3389, 4369, 5000, 5060, 5061, 5222, 5269, 5432,  5601,  5672,  5900,  5984, 6379,
    6443, 6667, 7000, 7001, 8000, 8008, 8009, 8080, 8081,  8086,  8088,  8123,  8443, 8500,
    8888, 9000, 9042, 9090, 9092, 9200, 9300, 9418, 10050, 10051, 11211, 27017, 50051};

static int port_rank(uint16_t port)
{
    if (port < 1024) {
        return 2;
    }
    for (unsigned i = 0; i < sizeof service_ports / sizeof *service_ports; i++) {
        if (service_ports[i] == port) {
            return 1;
        }
    }
    return 0;
}

/* True when a is the likelier server port. */
static bool serves(uint16_t a, uint16_t b)
{
    int rank_a = port_rank(a), rank_b = port_rank(b);
    return rank_a != rank_b ? rank_a > rank_b : a < b;
}

void roles_guess(struct pass *pass)
{
    struct conn *c = pass->conn;
    const struct lifeline_segment *s = pass->segment;

    if (pass->syn && !pass->ack) {
        c->client = (uint8_t)pass->e;
        c->role_evidence = LIFELINE_ROLE_BY_SYN;
    } else if (pass->syn) {
        c->client = (uint8_t)pass->p;
        c->role_evidence = LIFELINE_ROLE_BY_SYN_ACK;
    } else {
        c->client = (uint8_t)(serves(s->src_port, s->dst_port) ? pass->p : pass->e);
        c->role_evidence = LIFELINE_ROLE_BY_PORT;
    }
}

void roles_by_content(struct pass *pass)
{
    struct conn *c = pass->conn;
    const struct lifeline_segment *s = pass->segment;

    if (c->role_evidence != LIFELINE_ROLE_BY_PORT || !s->captured_bytes ||
        pass->engine->options.no_http) {
        return;
    }
    enum app_probe_result content = app_probe(s->payload, s->captured_bytes);
    if (content == APP_NOTHING) {
        return;
    }
    uint8_t client = (uint8_t)(content == APP_REQUEST ? pass->e : pass->p);
    c->role_evidence = LIFELINE_ROLE_BY_HTTP;
    if (c->client != client) {
        c->client = client;
        if (!pass->first) {
            pass->steps |= LIFELINE_STEP_ROLE;
        }
    }
}
