/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See context.h for the theory of operation. */
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64 /* a power of two */
#define MAX_PROBES  64
#define MAX_LINKS   64 /* of a chain: more than WIRE_MAX_NESTING */

/* One link of a chain; all of it is the key, padding included: always built by make_key(). */
struct key {
    uint32_t parent, id;
    uint8_t kind, family; /* family 0: no addresses */
    uint8_t low[16], high[16];
};

struct entry {
    struct key key;
    char *text; /* NULL until asked for */
};

struct wire_contexts {
    struct entry *entries; /* context n is entries[n - 1] */
    uint32_t *slots;       /* open addressing: context numbers, 0 is free */
    uint32_t count, room, slot_count;
    uint32_t last; /* the context found last: packets come in runs */
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
    [WIRE_TZSP] = {"tzsp", false},       [WIRE_ISID] = {"i-sid", true},
    [WIRE_SRV6] = {"srv6", false},
};

struct wire_contexts *wire_contexts_new(void)
{
    struct wire_contexts *contexts = calloc(1, sizeof(*contexts));

    if (contexts == NULL)
        return NULL;
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
        free(contexts->entries[i].text);
    free(contexts->entries);
    free(contexts->slots);
    free(contexts);
}

static struct key make_key(uint32_t parent, enum wire_tunnel kind, uint32_t id,
                           const struct lifeline_address *a, const struct lifeline_address *b)
{
    struct key key;

    memset(&key, 0, sizeof(key));
    key.parent = parent;
    key.id = id;
    key.kind = (uint8_t)kind;
    if (a != NULL && b != NULL) {
        bool swap = memcmp(a->bytes, b->bytes, sizeof(a->bytes)) > 0;

        key.family = a->family;
        memcpy(key.low, (swap ? b : a)->bytes, sizeof(key.low));
        memcpy(key.high, (swap ? a : b)->bytes, sizeof(key.high));
    }
    return key;
}

static uint32_t hash_key(const struct key *key)
{
    uint64_t words[(sizeof(*key) + 7) / 8] = {0};
    uint64_t hash = 0x9e3779b97f4a7c15u;

    memcpy(words, key, sizeof(*key));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        hash = (hash ^ words[i]) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
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
        if (memcmp(&contexts->entries[context - 1].key, key, sizeof(*key)) == 0)
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
        const struct key *key = &contexts->entries[i].key;

        find(contexts, key, hash_key(key), &slot);
        if (slot < slot_count)
            slots[slot] = i + 1;
    }
    return true;
}

static bool grow_entries(struct wire_contexts *contexts)
{
    uint32_t room = contexts->room ? contexts->room * 2 : FIRST_SLOTS / 2;
    struct entry *entries = realloc(contexts->entries, room * sizeof(*entries));

    if (entries == NULL)
        return false;
    contexts->entries = entries;
    contexts->room = room;
    return true;
}

static uint32_t intern(struct wire_contexts *contexts, const struct key *key)
{
    uint32_t hash = hash_key(key);
    uint32_t slot;
    uint32_t context = find(contexts, key, hash, &slot);

    if (context != 0)
        return context;
    if (contexts->count < WIRE_MAX_CONTEXTS &&
        (contexts->count < contexts->room || grow_entries(contexts))) {
        if ((contexts->count + 1) * 2 > contexts->slot_count && grow_slots(contexts))
            find(contexts, key, hash, &slot);
        if (slot < contexts->slot_count) {
            contexts->entries[contexts->count] = (struct entry){*key, NULL};
            contexts->slots[slot] = ++contexts->count;
            return contexts->count;
        }
    }
    return WIRE_MAX_CONTEXTS + 1 + hash % WIRE_MAX_CONTEXTS;
}

uint32_t wire_context_inside(struct wire_contexts *contexts, uint32_t parent, enum wire_tunnel kind,
                             uint32_t id, const struct lifeline_address *a,
                             const struct lifeline_address *b)
{
    struct key key = make_key(parent, kind, id, a, b);

    if (contexts->last != 0 &&
        memcmp(&contexts->entries[contexts->last - 1].key, &key, sizeof(key)) == 0)
        return contexts->last;

    uint32_t context = intern(contexts, &key);

    if (context <= contexts->count)
        contexts->last = context;
    return context;
}

static size_t append_link(const struct key *key, char *out, size_t size)
{
    struct lifeline_address address = {.family = key->family};
    size_t length = (size_t)snprintf(out, size, "%s", tunnels[key->kind].name);

    if (tunnels[key->kind].has_id)
        length += (size_t)snprintf(out + length, size - length, " %u", (unsigned)key->id);
    if (key->family != 0) {
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
        chain[count] = &contexts->entries[context - 1].key;
        context = chain[count]->parent;
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
    entry = &contexts->entries[context - 1];
    if (entry->text == NULL) {
        entry->text = make_text(contexts, context);
        if (entry->text == NULL)
            return "";
        contexts->text_bytes += strlen(entry->text) + 1;
    }
    return entry->text;
}

uint64_t wire_contexts_bytes(const struct wire_contexts *contexts)
{
    return sizeof(*contexts) + (uint64_t)contexts->room * sizeof(struct entry) +
           (uint64_t)contexts->slot_count * sizeof(uint32_t) + contexts->text_bytes;
}
