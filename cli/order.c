/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "order.h"

#define BLOCK_COST 120 /* what one takes beside its text */

struct order {
    struct out *out;
    bool live;
    GTree *waiting; /* of the connection's number: its text */
    size_t bytes, max_bytes;
};

static gint compare(gconstpointer a, gconstpointer b, gpointer user)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    (void)user;
    return (x > y) - (x < y);
}

static void free_text(gpointer text)
{
    g_string_free(text, TRUE);
}

struct order *order_new(struct out *out, bool live, size_t max_bytes)
{
    struct order *order = g_new0(struct order, 1);

    order->out = out;
    order->live = live;
    order->max_bytes = max_bytes;
    order->waiting = g_tree_new_full(compare, NULL, g_free, free_text);
    return order;
}

static void print(struct order *order, const GString *text)
{
    out_bytes(order->out, text->str, text->len);
    out_line(order->out);
}

/* Prints the waiting ones below a number, in order. */
static void print_below(struct order *order, uint64_t first_open)
{
    GTreeNode *node;

    while ((node = g_tree_node_first(order->waiting))) {
        const uint64_t *number = g_tree_node_key(node);
        const GString *text = g_tree_node_value(node);

        if (*number >= first_open)
            break;
        print(order, text);
        order->bytes -= text->allocated_len + BLOCK_COST;
        g_tree_remove(order->waiting, number);
    }
}

void order_ready(struct order *order, uint64_t connection, GString *text, uint64_t first_open)
{
    GString *block;

    if (order->live || (connection < first_open && g_tree_nnodes(order->waiting) == 0)) {
        print(order, text);
        g_string_free(text, TRUE);
        return;
    }
    block = g_string_new_len(text->str, (gssize)text->len); /* no larger than it must be */
    g_string_free(text, TRUE);
    order->bytes += block->allocated_len + BLOCK_COST;
    g_tree_insert(order->waiting, g_memdup2(&connection, sizeof(connection)), block);
    print_below(order, order->bytes > order->max_bytes ? UINT64_MAX : first_open);
}

void order_free(struct order *order)
{
    print_below(order, UINT64_MAX);
    g_tree_destroy(order->waiting);
    g_free(order);
}
