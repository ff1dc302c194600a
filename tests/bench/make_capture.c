/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes synthetic captures to standard output, in linear time and constant memory:
 *
 * - make_capture flood SYNS REAL: a SYN flood, one a microsecond, each from another source; REAL
 *   whole connections among them, open for half of it.
 * - make_capture open CONNECTIONS STEPS: one connection a millisecond makes its first STEPS steps,
 *   then idles (5: after an exchange).
 * - make_capture beside IDLE SHORT: after IDLE handshakes a whole connection each millisecond.
 * - make_capture waves CONCURRENT TOTAL: connections in waves of CONCURRENT, each step made by all
 *   before the next step, so that all are busy at once; each wave 200 s after the one before.
 * - make_capture day HOURS PER_HOUR: connections one after the other, evenly.
 * - make_capture again FILE TIMES: a capture like these, of less than 1 MB and 2 s, again and
 * again, each time 2 s later and with other ports in place of those above 1023.
 *
 * A connection has nine packets, one step each: three of a handshake, a request, its response, four
 * of a four-way close by the client. Frames are Ethernet and IPv4 with right checksums; times are
 * nanoseconds of a classic pcap file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS      9
#define START_S    1700000000
#define SECOND_NS  INT64_C(1000000000)
#define HEAD_BYTES 54 /* Ethernet, IPv4 and TCP without options */

static const uint32_t header[6] = {0xa1b23c4d, 4 << 16 | 2, 0, 0, 262144, 1};

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

static const char request[] = "GET /item?id=17 HTTP/1.1\r\nHost: example.test\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 12\r\n\r\nhello, world";
#define REQUEST_BYTES  ((uint32_t)sizeof request - 1)
#define RESPONSE_BYTES ((uint32_t)sizeof response - 1)

/* Sequence numbers relative to the sender's and the receiver's initial ones. */
static const struct {
    uint8_t from_server, flags;
    uint32_t seq, ack;
    const char *payload;
    uint32_t payload_bytes;
} steps[STEPS] = {
    {0, SYN, 0, 0, "", 0},
    {1, SYN | ACK, 0, 1, "", 0},
    {0, ACK, 1, 1, "", 0},
    {0, PSH | ACK, 1, 1, request, REQUEST_BYTES},
    {1, PSH | ACK, 1, 1 + REQUEST_BYTES, response, RESPONSE_BYTES},
    {0, FIN | ACK, 1 + REQUEST_BYTES, 1 + RESPONSE_BYTES, "", 0},
    {1, ACK, 1 + RESPONSE_BYTES, 2 + REQUEST_BYTES, "", 0},
    {1, FIN | ACK, 1 + RESPONSE_BYTES, 2 + REQUEST_BYTES, "", 0},
    {0, ACK, 2 + REQUEST_BYTES, 2 + RESPONSE_BYTES, "", 0},
};

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint32_t sum(const uint8_t *bytes, size_t length, uint32_t total)
{
    for (size_t i = 0; i + 1 < length; i += 2) {
        total += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    return length % 2 ? total + ((uint32_t)bytes[length - 1] << 8) : total;
}

static uint32_t fold(uint32_t total)
{
    total = (total >> 16) + (total & 0xffff);
    total += total >> 16;
    return ~total & 0xffff;
}

static void write_or_die(const void *bytes, size_t length)
{
    if (fwrite(bytes, 1, length, stdout) != length) {
        exit(EXIT_FAILURE); /* the reader has had enough */
    }
}

/* One step of the connection of that number from the network (10.0.0.0, 172.16.0.0). */
static void put_step(uint32_t network, uint64_t number, unsigned step, int64_t time_ns)
{
    uint8_t out[16 + HEAD_BYTES + 256] = {0};
    uint8_t *frame = out + 16, *ip = frame + 14, *tcp = ip + 20;
    uint32_t payload = steps[step].payload_bytes;
    uint32_t client = network + (uint32_t)(number & 0xffffff), server = 0xc0000201;
    uint32_t client_port = 20000 + (uint32_t)(number >> 24) % 40000, server_port = 80;
    uint32_t client_isn = (uint32_t)number * 2654435761U, server_isn = client_isn ^ 0x5a5a5a5a;
    unsigned reply = steps[step].from_server;

    uint32_t record[4] = {(uint32_t)(START_S + time_ns / SECOND_NS),
                          (uint32_t)(time_ns % SECOND_NS), HEAD_BYTES + payload,
                          HEAD_BYTES + payload};
    memcpy(out, record, sizeof record);
    frame[0] = frame[6] = 2;
    frame[reply ? 11 : 5] = 1;
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, 40 + payload);
    put16(ip + 4, (uint32_t)number + step);
    put16(ip + 6, 0x4000);
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, reply ? server : client);
    put32(ip + 16, reply ? client : server);
    put16(ip + 10, fold(sum(ip, 20, 0)));
    put16(tcp, reply ? server_port : client_port);
    put16(tcp + 2, reply ? client_port : server_port);
    put32(tcp + 4, (reply ? server_isn : client_isn) + steps[step].seq);
    put32(tcp + 8,
          steps[step].flags & ACK ? (reply ? client_isn : server_isn) + steps[step].ack : 0);
    tcp[12] = 0x50;
    tcp[13] = steps[step].flags;
    put16(tcp + 14, 65535);
    memcpy(tcp + 20, steps[step].payload, payload);
    put16(tcp + 16, fold(sum(tcp, 20 + payload, sum(ip + 12, 8, 6 + 20 + payload))));
    write_or_die(out, 16 + HEAD_BYTES + payload);
}

static void flood(uint64_t syns, uint64_t real)
{
    /* When each step of a connection comes, in thousandths of the flood; it begins in the first
     * half. The connections make each step in the order of their numbers. */
    static const uint64_t offsets[STEPS] = {0, 1, 2, 3, 6, 500, 501, 502, 503};
    uint64_t next[STEPS] = {0};
    for (uint64_t i = 0; i < syns; i++) {
        int64_t time_ns = (int64_t)i * 1000;
        put_step(0x0a000000, i, 0, time_ns);
        for (unsigned step = 0; step < STEPS; step++) {
            while (next[step] < real &&
                   next[step] * (syns / 2) / real * 9 / 10 + syns * offsets[step] / 1000 <= i) {
                put_step(0xac100000, next[step]++, step, time_ns + 1 + step);
            }
        }
    }
}

static void one_by_one(uint64_t first, uint64_t count, unsigned last_step)
{
    for (uint64_t i = first; i < first + count; i++) {
        for (unsigned step = 0; step < last_step; step++) {
            put_step(0x0a000000, i, step, (int64_t)i * 1000000 + (int64_t)step * 1000);
        }
    }
}

static void waves(uint64_t concurrent, uint64_t total)
{
    int64_t time_ns = 0;
    for (uint64_t first = 0; first < total; first += concurrent) {
        for (unsigned step = 0; step < STEPS; step++) {
            for (uint64_t i = 0; i < concurrent; i++) {
                put_step(0x0a000000, first + i, step, time_ns += 1000);
            }
        }
        time_ns += 200 * SECOND_NS;
    }
}

static void day(uint64_t hours, uint64_t per_hour)
{
    int64_t gap_ns = 3600 * SECOND_NS / (int64_t)per_hour;
    for (uint64_t i = 0; i < hours * per_hour; i++) {
        for (unsigned step = 0; step < STEPS; step++) {
            put_step(0x0a000000, i, step, (int64_t)i * gap_ns + (int64_t)step * 1000000);
        }
    }
}

static void put_shifted(const uint8_t *bytes, size_t length, uint32_t ports, int64_t later_ns)
{
    static uint8_t record[16 + 65536];
    for (size_t at = 24; at + 16 <= length;) {
        uint32_t head[4];
        memcpy(head, bytes + at, sizeof head);
        size_t size = sizeof head + head[2];
        if (head[2] < HEAD_BYTES || size > sizeof record || at + size > length) {
            exit(EXIT_FAILURE);
        }
        int64_t time_ns = head[0] * SECOND_NS + head[1] + later_ns;
        head[0] = (uint32_t)(time_ns / SECOND_NS);
        head[1] = (uint32_t)(time_ns % SECOND_NS);
        memcpy(record, bytes + at, size);
        memcpy(record, head, sizeof head);
        uint8_t *tcp = record + 16 + 14 + 20;
        for (unsigned i = 0; i < 4; i += 2) {
            uint32_t port = get16(tcp + i), check = get16(tcp + 16);
            if (port >= 1024) {
                uint32_t other = 1024 + (port - 1024 + ports) % 64512;
                put16(tcp + i, other);
                put16(tcp + 16, fold((~check & 0xffff) + (~port & 0xffff) + other)); /* RFC 1624 */
            }
        }
        write_or_die(record, size);
        at += size;
    }
}

static void again(const char *path, uint64_t times)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file) {
        fclose(file);
    }
    if (length < 24 || length == sizeof bytes || memcmp(bytes, header, 4) != 0) {
        exit(EXIT_FAILURE);
    }
    for (uint64_t i = 0; i < times; i++) {
        put_shifted(bytes, length, (uint32_t)i * 61, (int64_t)i * 2 * SECOND_NS);
    }
}

int main(int argc, char **argv)
{
    uint64_t values[2] = {0};
    for (int i = 2; i < argc && i < 4; i++) {
        values[i - 2] = strtoull(argv[i], NULL, 10);
    }
    const char *kind = argc == 4 ? argv[1] : "";
    static char buffer[1 << 18];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    if (strcmp(kind, "flood") == 0 && values[0]) {
        write_or_die(header, sizeof header);
        flood(values[0], values[1]);
    } else if (strcmp(kind, "open") == 0 && values[1] >= 1 && values[1] <= STEPS) {
        write_or_die(header, sizeof header);
        one_by_one(0, values[0], (unsigned)values[1]);
    } else if (strcmp(kind, "beside") == 0) {
        write_or_die(header, sizeof header);
        one_by_one(0, values[0], 3);
        one_by_one(values[0], values[1], STEPS);
    } else if (strcmp(kind, "waves") == 0 && values[0]) {
        write_or_die(header, sizeof header);
        waves(values[0], values[1]);
    } else if (strcmp(kind, "day") == 0 && values[1]) {
        write_or_die(header, sizeof header);
        day(values[0], values[1]);
    } else if (strcmp(kind, "again") == 0) {
        write_or_die(header, sizeof header);
        again(argv[2], values[1]);
    } else {
        fputs("usage: make_capture flood SYNS REAL | open CONNECTIONS STEPS | beside IDLE SHORT"
              " | waves CONCURRENT TOTAL | day HOURS PER_HOUR | again FILE TIMES\n",
              stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
