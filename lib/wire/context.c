/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See context.h for the theory of operation. */
#include "context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/hash.h"

#define FIRST_SLOTS 64 /* a power of two */
#define MAX_PROBES  64
#define MAX_LINKS   64 /* of a chain: more than WIRE_MAX_NESTING */
#define RECENT_BITS 6
#define CHUNK       256
#define CHUNKS      ((WIRE_MAX_CONTEXTS + CHUNK - 1) / CHUNK)

/* One link of a chain. Whole words, written and compared as such: smaller fields would be joined
 * in a load that waits for both stores. */
struct key {
    uint64_t place; /* parent << 32 | id */
    uint64_t kind;  /* enum wire_tunnel << 8 | address family, 0 for none */
    uint64_t low[2], high[2];
};

struct entry {
    struct key key;
    char *text; /* NULL until asked for */
};

/* Entries stay where they are, and what is below count doesn't change but for its text: so texts
 * can be made by another thread than the decoder's, of contexts that it was told about. */
struct wire_contexts {
    struct entry *chunks[CHUNKS]; /* context n is entry n - 1 */
    _Atomic uint32_t count;
    uint32_t *slots; /* open addressing: context numbers, 0 is free */
    uint32_t max, room, slot_count;
    struct hash_key hash_key;
    uint32_t
        recent[1 << RECENT_BITS]; /* found lately, by a hash that is cheaper than the table's */
    uint64_t text_bytes;
};

static const struct {
    const char *name;
    bool has_id;
} tunnels[WIRE_TUNNEL_COUNT] = {
    [WIRE_VLAN] = {"vlan", true},        [WIRE_IPIP] = {"ipip", false},
    [WIRE_6IN4] = {"6in4", false},       [WIRE_6TO4] = {"6to4", false},
    [WIRE_GRE] = {"gre", false},         [WIRE_ERSPAN] = {"erspan", false},
    [WIRE_ETHERIP] = {"etherip", false}, [WIRE_VXLAN] = {"vxlan", true},
    [WIRE_GENEVE] = {"geneve", true},    [WIRE_GTP] = {"gtp", false},
    [WIRE_TEREDO] = {"teredo", false},   [WIRE_L2TP] = {"l2tp", false},
    [WIRE_MPLS_IN_IP] = {"mpls", false}, [WIRE_GUE] = {"gue", false},
    [WIRE_LISP] = {"lisp", false},       [WIRE_AYIYA] = {"ayiya", false},
    [WIRE_TZSP] = {"tzsp", false},       [WIRE_CAPWAP] = {"capwap", false},
    [WIRE_ISID] = {"i-sid", true},       [WIRE_SRV6] = {"srv6", false},
};

static struct entry *entry_at(const struct wire_contexts *contexts, uint32_t context)
{
    return &contexts->chunks[(context - 1) / CHUNK][(context - 1) % CHUNK];
}

struct wire_contexts *wire_contexts_new(uint32_t max, uint64_t max_bytes)
{
    struct wire_contexts *contexts = calloc(1, sizeof(*contexts));
    /* At most four slots for each: half are taken before they are doubled. */
    uint64_t affordable = max_bytes / (sizeof(struct entry) + 4 * sizeof(*contexts->slots));

    if (contexts == NULL)
        return NULL;
    contexts->max = max > 0 && max < WIRE_MAX_CONTEXTS ? max : WIRE_MAX_CONTEXTS;
    if (affordable < contexts->max)
        contexts->max = (uint32_t)affordable;
    contexts->hash_key = hash_random_key();
    contexts->slot_count = FIRST_SLOTS;
    contexts->slots = calloc(contexts->slot_count, sizeof(*contexts->slots));
    if (contexts->slots == NULL) {
        free(contexts);
        return NULL;
    }
    return contexts;
}

void wire_contexts_free(struct wire_contexts *contexts)
{
    if (contexts == NULL)
        return;
    for (uint32_t i = 0; i < contexts->count; i++)
        free(entry_at(contexts, i + 1)->text);
    for (uint32_t i = 0; i < contexts->room / CHUNK; i++)
        free(contexts->chunks[i]);
    free(contexts->slots);
    free(contexts);
}

static void make_key(struct key *key, uint32_t parent, enum wire_tunnel kind, uint32_t id,
                     const struct lifeline_address *a, const struct lifeline_address *b)
{
    *key = (struct key){.place = (uint64_t)parent << 32 | id, .kind = (uint64_t)kind << 8};
    if (a == NULL || b == NULL)
        return;
    if (memcmp(a->bytes, b->bytes, sizeof(a->bytes)) > 0) {
        const struct lifeline_address *swap = a;

        a = b;
        b = swap;
    }
    key->kind |= a->family;
    memcpy(key->low, a->bytes, sizeof(key->low));
    memcpy(key->high, b->bytes, sizeof(key->high));
}

static bool same_key(const struct key *a, const struct key *b)
{
    return a->place == b->place && a->kind == b->kind && a->low[0] == b->low[0] &&
           a->low[1] == b->low[1] && a->high[0] == b->high[0] && a->high[1] == b->high[1];
}

static uint64_t hash_with(const struct hash_key *secret, const struct key *key)
{
    const uint64_t words[] = {key->place,  key->kind,    key->low[0],
                              key->low[1], key->high[0], key->high[1]};

    return hash_words(secret, words, sizeof(words) / sizeof(words[0]));
}

static uint32_t hash_key(const struct wire_contexts *contexts, const struct key *key)
{
    return (uint32_t)hash_with(&contexts->hash_key, key);
}

/* The number of a chain without an entry: above theirs, the same in all processes. */
static uint32_t unnamed(const struct key *key)
{
    static const struct hash_key open = {UINT64_C(0x6c6966656c696e65),
                                         UINT64_C(0x636f6e7465787473)};
    uint64_t hash = hash_with(&open, key);

    return WIRE_MAX_CONTEXTS + 1 + (uint32_t)(hash % (WIRE_LAST_CONTEXT - WIRE_MAX_CONTEXTS));
}

bool wire_context_unnamed(const struct wire_contexts *contexts, uint32_t context)
{
    return context > contexts->count;
}

static uint32_t hash_cheaply(const struct key *key)
{
    uint64_t hash = key->place ^ key->place >> 29 ^ key->low[0] ^ key->low[1] * 3 ^
                    key->high[0] * 5 ^ key->high[1] * 7;

    return hash * 0x9e3779b97f4a7c15u >> (64 - RECENT_BITS);
}

/* Looks for key; *slot is where it is or may be put, or slot_count when the probes are used up. */
static uint32_t find(const struct wire_contexts *contexts, const struct key *key, uint32_t hash,
                     uint32_t *slot)
{
    uint32_t mask = contexts->slot_count - 1;

    for (uint32_t probe = 0; probe < MAX_PROBES; probe++) {
        uint32_t context;

        *slot = (hash + probe) & mask;
        context = contexts->slots[*slot];
        if (context == 0)
            return 0;
        if (same_key(&entry_at(contexts, context)->key, key))
            return context;
    }
    *slot = contexts->slot_count;
    return 0;
}

/* Doubles the slots, so that at most half are taken. Entries that find no place by MAX_PROBES keep
 * their number for those who have it, and are found no more. */
static bool grow_slots(struct wire_contexts *contexts)
{
    uint32_t slot_count = contexts->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof(*slots));
    uint32_t slot;

    if (slots == NULL)
        return false;
    free(contexts->slots);
    contexts->slots = slots;
    contexts->slot_count = slot_count;
    for (uint32_t i = 0; i < contexts->count; i++) {
        const struct key *key = &entry_at(contexts, i + 1)->key;

        find(contexts, key, hash_key(contexts, key), &slot);
        if (slot < slot_count)
            slots[slot] = i + 1;
    }
    return true;
}

static bool grow_entries(struct wire_contexts *contexts)
{
    struct entry *chunk = malloc(CHUNK * sizeof(*chunk));

    if (chunk == NULL)
        return false;
    contexts->chunks[contexts->room / CHUNK] = chunk;
    contexts->room += CHUNK;
    return true;
}

static uint32_t intern(struct wire_contexts *contexts, const struct key *key)
{
    uint32_t hash = hash_key(contexts, key);
    uint32_t slot;
    uint32_t context = find(contexts, key, hash, &slot);

    if (context != 0)
        return context;
    if (contexts->count < contexts->max &&
        (contexts->count < contexts->room || grow_entries(contexts))) {
        if ((contexts->count + 1) * 2 > contexts->slot_count && grow_slots(contexts))
            find(contexts, key, hash, &slot);
        if (slot < contexts->slot_count) {
            context = contexts->count + 1;
            *entry_at(contexts, context) = (struct entry){*key, NULL};
            contexts->slots[slot] = context;
            contexts->count = context;
            return context;
        }
    }
    return unnamed(key);
}

uint32_t wire_context_inside(struct wire_contexts *contexts, uint32_t parent, enum wire_tunnel kind,
                             uint32_t id, const struct lifeline_address *a,
                             const struct lifeline_address *b)
{
    struct key key;
    uint32_t *recent, context;

    make_key(&key, parent, kind, id, a, b);
    recent = &contexts->recent[hash_cheaply(&key)];
    context = *recent;
    if (context != 0 && same_key(&entry_at(contexts, context)->key, &key))
        return context;
    context = intern(contexts, &key);
    if (context <= contexts->count)
        *recent = context;
    return context;
}

static size_t append_link(const struct key *key, char *out, size_t size)
{
    struct lifeline_address address = {.family = (uint8_t)key->kind};
    uint32_t tunnel = (uint32_t)(key->kind >> 8), id = (uint32_t)key->place;
    size_t length = (size_t)snprintf(out, size, "%s", tunnels[tunnel].name);

    if (tunnels[tunnel].has_id)
        length += (size_t)snprintf(out + length, size - length, " %" PRIu32, id);
    if (address.family != 0) {
        out[length++] = ' ';
        memcpy(address.bytes, key->low, sizeof(key->low));
        length += lifeline_address_text(&address, out + length, size - length);
        out[length++] = '-';
        memcpy(address.bytes, key->high, sizeof(key->high));
        length += lifeline_address_text(&address, out + length, size - length);
    }
    return length;
}

static char *make_text(const struct wire_contexts *contexts, uint32_t context)
{
    const struct key *chain[MAX_LINKS];
    char text[MAX_LINKS * 32 + 128];
    size_t count = 0, length = 0;

    for (; context != 0 && context <= contexts->count && count < MAX_LINKS; count++) {
        chain[count] = &entry_at(contexts, context)->key;
        context = (uint32_t)(chain[count]->place >> 32);
    }
    while (count > 0) {
        if (sizeof(text) - length < 128)
            break;
        if (length > 0)
            length += (size_t)snprintf(text + length, sizeof(text) - length, ", ");
        length += append_link(chain[--count], text + length, sizeof(text) - length);
    }
    text[length] = '\0';
    return strdup(text);
}

const char *wire_contexts_text(struct wire_contexts *contexts, uint32_t context)
{
    struct entry *entry;

    if (context == 0 || context > contexts->count)
        return "";
    entry = entry_at(contexts, context);
    if (entry->text == NULL) {
        entry->text = make_text(contexts, context);
        if (entry->text == NULL)
            return "";
        contexts->text_bytes += strlen(entry->text) + 1;
    }
    return entry->text;
}

uint64_t wire_contexts_text_bytes(const struct wire_contexts *contexts)
{
    return contexts->text_bytes;
}

uint64_t wire_contexts_bytes(const struct wire_contexts *contexts)
{
    return sizeof(*contexts) + (uint64_t)contexts->room * sizeof(struct entry) +
           (uint64_t)contexts->slot_count * sizeof(uint32_t) + contexts->text_bytes;
}
