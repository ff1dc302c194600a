/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "findings/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "model/address.h"
#include "model/hash.h"

/* Rows in the order made; an index by open addressing, twice as large as the most rows. */
struct hosts {
    struct host_pair *rows;
    unsigned count, capacity, max;
    uint64_t *dropped;
    struct hash_key key;
    unsigned last;    /* row found last, + 1 */
    uint16_t index[]; /* of 2 * max: row + 1; 0: free */
};

static size_t head_bytes(unsigned max)
{
    return sizeof(struct hosts) + 2 * (size_t)max * sizeof(uint16_t);
}

struct hosts *hosts_new(uint32_t max, uint64_t max_bytes, uint64_t *dropped)
{
    unsigned rows = !max ? HOSTS_DEFAULT : max < HOSTS_MAX ? max : HOSTS_MAX;
    uint64_t affordable = max_bytes / (sizeof(struct host_pair) + 2 * sizeof(uint16_t)) + 1;
    rows = affordable < rows ? (unsigned)affordable : rows;
    struct hosts *hosts = calloc(1, head_bytes(rows));
    if (hosts) {
        hosts->max = rows;
        hosts->dropped = dropped;
        hosts->key = hash_random_key();
    }
    return hosts;
}

void hosts_free(struct hosts *hosts)
{
    if (hosts) {
        free(hosts->rows);
        free(hosts);
    }
}

uint64_t hosts_memory_bytes(const struct hosts *hosts)
{
    return !hosts ? 0 : head_bytes(hosts->max) + (uint64_t)hosts->capacity * sizeof *hosts->rows;
}

static bool grow(struct hosts *table)
{
    if (table->count < table->capacity) {
        return true;
    }
    unsigned capacity = table->capacity ? table->capacity * 2 : 16;
    capacity = capacity < table->max ? capacity : table->max;
    struct host_pair *rows =
        capacity == table->capacity ? NULL : realloc(table->rows, capacity * sizeof *rows);
    if (!rows) {
        ++*table->dropped;
        return false;
    }
    table->rows = rows;
    table->capacity = capacity;
    return true;
}

static bool is_row_of(const struct host_pair *row, const struct lifeline_address *client,
                      const struct lifeline_address *server, uint16_t port)
{
    return row->port == port && address_is(&row->client, client) &&
           address_is(&row->server, server);
}

/* A client asks the same server again and again: mostly it is the row found last. */
static struct host_pair *row_of(struct hosts *table, const struct lifeline_address *client,
                                const struct lifeline_address *server, uint16_t port)
{
    if (table->last && is_row_of(&table->rows[table->last - 1], client, server, port)) {
        return &table->rows[table->last - 1];
    }
    uint64_t words[5] = {0, 0, 0, 0, (uint64_t)port << 8 | client->family};
    memcpy(words, client->bytes, sizeof client->bytes);
    memcpy(words + 2, server->bytes, sizeof server->bytes);
    unsigned at = hash_words(&table->key, words, 5) % (2 * table->max);
    for (; table->index[at]; at = (at + 1) % (2 * table->max)) {
        struct host_pair *row = &table->rows[table->index[at] - 1];
        if (is_row_of(row, client, server, port)) {
            table->last = table->index[at];
            return row;
        }
    }
    if (!grow(table)) {
        return NULL;
    }
    struct host_pair *row = &table->rows[table->count++];
    memset(row, 0, sizeof *row);
    row->client = *client;
    row->server = *server;
    row->port = port;
    table->index[at] = (uint16_t)table->count;
    return row;
}

uint32_t hosts_time_wait_begins(struct hosts *hosts, const struct time_wait_holder *holder)
{
    struct host_pair *row = row_of(hosts, &holder->ip, &holder->remote_ip, holder->remote_port);
    if (!row) {
        return 0;
    }
    if (row->held < HOSTS_FRAMES) {
        row->held_frames[row->held] = holder->frame;
    }
    if (!row->held++) {
        row->first_held_ns = holder->time_ns;
    }
    row->last_held_ns = holder->time_ns;
    row->holds++;
    if (row->holds > row->peak) {
        row->peak = row->holds;
    }
    return (uint32_t)(row - hosts->rows) + 1;
}

void hosts_time_wait_ends(struct hosts *hosts, uint32_t tally)
{
    hosts->rows[tally - 1].holds--;
}

void hosts_connection(struct hosts *hosts, const struct http_tally *connection)
{
    struct host_pair *row =
        row_of(hosts, &connection->client, &connection->server, connection->server_port);
    if (!row) {
        return;
    }
    row->connections++;
    row->exchanges += connection->exchanges;
    if (connection->exchanges == 1) {
        if (row->single < HOSTS_FRAMES) {
            row->single_frames[row->single] = connection->first_frame;
        }
        row->single++;
        /* A clock that jumps can make one as long as centuries. */
        int64_t room_ns = INT64_MAX - row->handshakes_ns;
        if (connection->rtt_ns > 0) {
            row->handshakes_ns += connection->rtt_ns < room_ns ? connection->rtt_ns : room_ns;
        }
    }
}

const struct host_pair *hosts_pair(const struct hosts *hosts, unsigned index)
{
    return index < hosts->count ? &hosts->rows[index] : NULL;
}
