/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the rules and gives what they find. */
#include "findings/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rule_table *const tables[] = {
    &handshake_rules, &icmp_rules, &reset_rules, &teardown_rules, &time_wait_rules,
    &window_rules,    &http_rules, &host_rules,  &capture_rules,
};
#define TABLES (sizeof tables / sizeof *tables)
/* A set of rules is a word: bit N is the rule number N, in the tables' order. */
#define RULES_MAX 64

struct findings {
    const struct rule *rules[RULES_MAX];
    uint64_t of_scope[SCOPE_COUNT];
    struct lifeline_thresholds thresholds;
    const struct lifeline_options *options;
    const struct lifeline_sink *sink;
    struct facts_pool facts;
    struct hosts *hosts; /* NULL in a shard but the first: their findings belong to the whole */
};

static void number_rules(struct findings *f)
{
    unsigned number = 0;
    for (unsigned i = 0; i < TABLES; i++) {
        for (unsigned j = 0; j < tables[i]->count; j++, number++) {
            if (number == RULES_MAX) {
                abort(); /* a set needs a larger word */
            }
            f->rules[number] = &tables[i]->rules[j];
            f->of_scope[f->rules[number]->scope] |= (uint64_t)1 << number;
        }
    }
}

/* Takes the first rule from a set that isn't empty. */
static unsigned next_rule(uint64_t *set)
{
    unsigned number = (unsigned)__builtin_ctzll(*set);
    *set &= *set - 1;
    return number;
}

struct findings *findings_new(const struct lifeline_options *options,
                              struct lifeline_counters *counters, const struct lifeline_sink *sink)
{
    struct findings *f = calloc(1, sizeof *f);
    if (!f) {
        return NULL;
    }
    bool with_hosts = options->shard_count <= 1 || options->shard == 1;
    number_rules(f);
    thresholds_fill(&f->thresholds, &options->thresholds);
    f->options = options;
    f->sink = sink;
    f->facts.limit_bytes = options->max_memory_bytes / 16;
    f->facts.dropped = &counters->facts_dropped;
    f->hosts = with_hosts ? hosts_new(options->max_hosts, options->max_memory_bytes / 8,
                                      &counters->hosts_dropped)
                          : NULL;
    if (with_hosts && !f->hosts) {
        free(f);
        return NULL;
    }
    return f;
}

void findings_free(struct findings *findings)
{
    if (findings) {
        hosts_free(findings->hosts);
        free(findings);
    }
}

uint64_t findings_memory_bytes(const struct findings *findings)
{
    return findings
               ? sizeof *findings + findings->facts.held_bytes + hosts_memory_bytes(findings->hosts)
               : 0;
}

const struct lifeline_finding_kind *lifeline_finding_kind(unsigned index)
{
    for (unsigned i = 0; i < TABLES; i++) {
        if (index < tables[i]->count) {
            return &tables[i]->rules[index].kind;
        }
        index -= tables[i]->count;
    }
    return NULL;
}

/* ---- giving ---------------------------------------------------------------------------------- */

/* "10.0.0.5:8080" for a server; a client's port is of one connection only and left out. */
static void name_host(const struct lifeline_address *ip, unsigned port, char *out, size_t size)
{
    char address[46];
    lifeline_address_text(ip, address, sizeof address);
    if (port) {
        snprintf(out, size, ip->family == 6 ? "[%s]:%u" : "%s:%u", address, port);
    } else {
        snprintf(out, size, "%s", address);
    }
}

/* What a rule may leave as it is. No more: rules run for each connection and mostly find nothing.
 * frames[] counts up to frame_count only. */
static void prepare(struct lifeline_finding *out, const struct rule *rule)
{
    out->kind = &rule->kind;
    out->severity = rule->kind.severity;
    out->advice = rule->kind.advice;
    out->endpoint = LIFELINE_NOBODY;
    out->icmp.error = LIFELINE_UNKNOWN;
    out->icmp.sender.family = 0;
    out->frame_count = 0;
    out->duration_ns = LIFELINE_UNKNOWN_NS;
    out->count = LIFELINE_UNKNOWN_COUNT;
}

/* Once a rule has found something: the rest, as of one about nobody. */
static void complete(struct lifeline_finding *out)
{
    const struct lifeline_finding_kind *kind = out->kind;
    out->name = kind->name;
    out->why = kind->why;
    out->reference = kind->reference;
    out->connection = LIFELINE_UNKNOWN_COUNT;
    out->incarnation = LIFELINE_UNKNOWN_COUNT;
    out->slot = UINT32_MAX;
    out->exchange = LIFELINE_UNKNOWN_COUNT;
    out->request = NULL;
    out->subject = out->peer = NULL;
    out->time_ns = 0;
    out->text = NULL;
}

static void give(const struct findings *f, const struct lifeline_sink *sink,
                 struct lifeline_finding *out)
{
    char text[512];
    if (!sink->finding) {
        return;
    }
    if (out->duration_ns < 0 && out->duration_ns != LIFELINE_UNKNOWN_NS) {
        out->duration_ns = 0; /* the capture's clock went back */
    }
    if (!f->options->bare_findings) {
        lifeline_finding_render(out, out->text_template, text, sizeof text);
        out->text = text;
    }
    sink->finding(sink->user, out);
    out->text = NULL;
}

/* Names both ends of a connection and gives what is about it. */
static void give_connection(const struct findings *f, const struct lifeline_sink *sink,
                            struct lifeline_finding *out, const struct lifeline_connection *record)
{
    char server[64], client[64];
    if (!sink->finding) {
        return; /* only the record names it */
    }
    name_host(&record->server.ip, record->server.port, server, sizeof server);
    name_host(&record->client.ip, 0, client, sizeof client);
    bool about_client = out->endpoint == LIFELINE_CLIENT;
    out->subject = about_client ? client : server;
    out->peer = about_client ? server : client;
    out->connection = record->connection;
    out->incarnation = record->incarnation;
    give(f, sink, out);
}

/* ---- scopes ---------------------------------------------------------------------------------- */

void findings_event(struct findings *f, const struct lifeline_event *event,
                    struct finding_facts **facts, int64_t turnaround_ns)
{
    facts_note(&f->facts, facts, event, turnaround_ns);
}

uint32_t findings_time_wait_begins(struct findings *f, const struct time_wait_holder *holder)
{
    return f->hosts && holder->is_client ? hosts_time_wait_begins(f->hosts, holder) : 0;
}

void findings_time_wait_ends(struct findings *f, uint32_t tally)
{
    hosts_time_wait_ends(f->hosts, tally);
}

void findings_count(struct findings *f, const struct http_tally *connection)
{
    if (f->hosts) {
        hosts_connection(f->hosts, connection);
    }
}

void findings_forget(struct findings *f, struct finding_facts *facts)
{
    facts_free(&f->facts, facts);
}

bool findings_suspect(const struct findings *f, const struct lifeline_exchange *x)
{
    return x->outcome != LIFELINE_EXCHANGE_COMPLETE || x->blocked_ns ||
           (x->wait_ns != LIFELINE_UNKNOWN_NS && x->wait_ns >= f->thresholds.slow_response_ns);
}

static const struct finding_facts no_facts;

/* How many octets, at most so many, hold whole characters of UTF-8 only. */
static int whole_characters(const char *text, size_t most)
{
    size_t length = strnlen(text, most + 1);
    if (length > most) {
        length = most;
        while (length && (text[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return (int)length;
}

void findings_exchange(struct findings *f, const struct lifeline_exchange *exchange,
                       const struct lifeline_connection *record, struct finding_facts **facts,
                       int64_t now_ns, bool capture_ended)
{
    struct scene scene = {
        .thresholds = &f->thresholds,
        .record = record,
        .facts = *facts ? *facts : &no_facts,
        .exchange = exchange,
        .now_ns = now_ns,
        .capture_ended = capture_ended,
    };
    for (uint64_t set = f->of_scope[SCOPE_EXCHANGE]; set;) {
        unsigned number = next_rule(&set);
        struct lifeline_finding out;
        char request[120];
        prepare(&out, f->rules[number]);
        if (!f->rules[number]->find(&scene, &out)) {
            continue;
        }
        complete(&out);
        const char *method = exchange->method ? exchange->method : "?";
        const char *uri = exchange->uri ? exchange->uri : "?";
        snprintf(request, sizeof request, "%.*s %.*s", whole_characters(method, 20), method,
                 whole_characters(uri, 90), uri);
        out.request = exchange->method ? request : NULL;
        out.exchange = exchange->index;
        out.slot = exchange->slot;
        out.time_ns = now_ns;
        give_connection(f, f->sink, &out, record);
        if (facts_make(&f->facts, facts)) {
            (*facts)->found |= (uint64_t)1 << number;
        }
    }
}

unsigned findings_connection(const struct findings *f, const struct lifeline_sink *sink,
                             const struct lifeline_connection *record,
                             const struct finding_facts *facts, int64_t now_ns, bool capture_ended,
                             const char *names[FINDINGS_MAX])
{
    struct scene scene = {
        .thresholds = &f->thresholds,
        .record = record,
        .facts = facts ? facts : &no_facts,
        .now_ns = now_ns > record->end_ns ? now_ns : record->end_ns,
        .capture_ended = capture_ended,
    };
    uint64_t found = scene.facts->found;
    for (uint64_t set = f->of_scope[SCOPE_CONNECTION]; set;) {
        unsigned number = next_rule(&set);
        struct lifeline_finding out;
        prepare(&out, f->rules[number]);
        if (f->rules[number]->find(&scene, &out)) {
            found |= (uint64_t)1 << number;
            complete(&out);
            out.time_ns = record->end_ns;
            give_connection(f, sink, &out, record);
        }
    }
    unsigned count = 0;
    while (found && count < FINDINGS_MAX) {
        names[count++] = f->rules[next_rule(&found)]->kind.name;
    }
    return count;
}

static void judge_pair(struct findings *f, const struct host_pair *row, int64_t now_ns)
{
    struct lifeline_host_stack stack;
    struct scene scene = {
        .thresholds = &f->thresholds,
        .pair = row,
        .client_stack = &stack,
        .now_ns = now_ns,
        .capture_ended = true,
    };
    lifeline_host_stack(f->options, &row->client, 0, &stack);
    char server[64], client[64];
    name_host(&row->server, row->port, server, sizeof server);
    name_host(&row->client, 0, client, sizeof client);
    for (uint64_t set = f->of_scope[SCOPE_PAIR]; set;) {
        const struct rule *rule = f->rules[next_rule(&set)];
        struct lifeline_finding out;
        prepare(&out, rule);
        if (rule->find(&scene, &out)) {
            complete(&out);
            bool about_client = out.endpoint == LIFELINE_CLIENT;
            out.subject = about_client ? client : server;
            out.peer = about_client ? server : client;
            out.time_ns = now_ns;
            give(f, f->sink, &out);
        }
    }
}

/* Each limit that was reached, as a finding about the capture as a whole. */
static void tell_limits(struct findings *f, const struct lifeline_counters *counters,
                        int64_t now_ns)
{
    struct lifeline_finding out;
    for (unsigned i = 0;; i++) {
        prepare(&out, capture_rules.rules);
        if (!capture_limit(i, counters, &out)) {
            return;
        }
        if (out.count) {
            complete(&out);
            out.time_ns = now_ns;
            give(f, f->sink, &out);
        }
    }
}

void findings_finish(struct findings *f, const struct lifeline_counters *counters, int64_t now_ns)
{
    const struct host_pair *row;
    tell_limits(f, counters, now_ns);
    for (unsigned i = 0; f->hosts && (row = hosts_pair(f->hosts, i)); i++) {
        judge_pair(f, row, now_ns);
    }
}
